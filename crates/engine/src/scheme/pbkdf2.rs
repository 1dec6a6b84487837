//! PBKDF2 (RFC 8018 section 5.2): PHC strings, passlib's, and Django's.

use std::num::NonZeroU32;

use aws_lc_rs::pbkdf2::{self, PBKDF2_HMAC_SHA1, PBKDF2_HMAC_SHA256, PBKDF2_HMAC_SHA512};

use super::Unusable;
use super::notation::{number, octets, parameters, parts};

/// Iterations times blocks of the key: about two seconds of one core. Django asks for a million.
const WORK_MAX: u64 = 4_000_000;

/// | Form | Salt |
/// |---|---|
/// | `$pbkdf2-sha256$i=<iterations>$<salt>$<key>`, also with `,l=<length>` | base64 |
/// | `$pbkdf2-sha256$<iterations>$<salt>$<key>`; `$pbkdf2$` is SHA-1 (passlib) | base64 |
/// | `pbkdf2_sha256$<iterations>$<salt>$<key>` (Django) | its characters |
pub(super) struct Pbkdf2 {
    algorithm: pbkdf2::Algorithm,
    iterations: NonZeroU32,
    salt: Vec<u8>,
    key: Vec<u8>,
}

impl Pbkdf2 {
    pub(super) fn parse(text: &str) -> Result<Self, Unusable> {
        let (name, iterations, salt, key) = if let Some(phc) = text.strip_prefix('$') {
            let [name, costs, salt, key] = parts(phc)?;
            (name, iterations(costs)?, octets(salt)?, octets(key)?)
        } else {
            let [name, iterations, salt, key] = parts(text)?;
            (name, number(iterations)?, salt.as_bytes().to_vec(), octets(key)?)
        };
        let (algorithm, block) = match name {
            "pbkdf2" | "pbkdf2-sha1" | "pbkdf2_sha1" => (PBKDF2_HMAC_SHA1, 20),
            "pbkdf2-sha256" | "pbkdf2_sha256" => (PBKDF2_HMAC_SHA256, 32),
            "pbkdf2-sha512" | "pbkdf2_sha512" => (PBKDF2_HMAC_SHA512, 64),
            _ => return Err(Unusable::Malformed),
        };
        let iterations = NonZeroU32::new(iterations).ok_or(Unusable::Malformed)?;
        // A key of a few bytes would be found by chance.
        if key.len() < 16 {
            return Err(Unusable::Malformed);
        }
        let blocks = key.len().div_ceil(block) as u64;
        if u64::from(iterations.get()) * blocks > WORK_MAX {
            return Err(Unusable::TooCostly);
        }
        Ok(Self { algorithm, iterations, salt, key })
    }

    /// In constant time.
    pub(super) fn matches(&self, password: &[u8]) -> bool {
        pbkdf2::verify(self.algorithm, self.iterations, &self.salt, password, &self.key).is_ok()
    }
}

fn iterations(costs: &str) -> Result<u32, Unusable> {
    match parameters(costs, ["i", "l"]).map(|[iterations, _]| iterations) {
        Ok(iterations) => number(iterations),
        Err(_) => number(costs.strip_prefix("i=").unwrap_or(costs)),
    }
}
