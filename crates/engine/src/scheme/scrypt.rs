//! scrypt (RFC 7914): PHC strings and Django's. Better Auth's is a scheme of its own.

use scrypt::{Params, scrypt};
use subtle::ConstantTimeEq;
use zeroize::Zeroizing;

use super::notation::{number, octets, parameters, parts};
use super::{MEMORY_MAX, Unusable};

/// N times r times p: about a second of one core.
const WORK_MAX: u64 = 1 << 22;

/// `$scrypt$ln=<log2 N>,r=<r>,p=<p>$<salt>$<key>` or `scrypt$<N>$<salt>$<r>$<p>$<key>` (Django, whose salt is its characters).
pub(super) struct Scrypt {
    params: Params,
    salt: Vec<u8>,
    key: Vec<u8>,
}

impl Scrypt {
    pub(super) fn parse(text: &str) -> Result<Self, Unusable> {
        let (params, salt, key) = if let Some(phc) = text.strip_prefix('$') {
            let [_, costs, salt, key] = parts(phc)?;
            let [log_n, r, p] = parameters(costs, ["ln", "r", "p"])?;
            (affordable(number(log_n)?, number(r)?, number(p)?)?, octets(salt)?, octets(key)?)
        } else {
            let [_, n, salt, r, p, key] = parts(text)?;
            let n = number(n)?;
            if !n.is_power_of_two() {
                return Err(Unusable::Malformed);
            }
            (affordable(n.trailing_zeros(), number(r)?, number(p)?)?, salt.as_bytes().to_vec(), octets(key)?)
        };
        // A key of a few bytes would be found by chance.
        if key.len() < 16 {
            return Err(Unusable::Malformed);
        }
        Ok(Self { params, salt, key })
    }

    pub(super) fn matches(&self, password: &[u8]) -> bool {
        let mut key = Zeroizing::new(vec![0; self.key.len()]);
        scrypt(password, &self.salt, &self.params, &mut key).is_ok() && key.as_slice().ct_eq(&self.key).into()
    }
}

/// The costs, if a row may demand them: 128 r (N + p) bytes, N r p steps.
pub(super) fn affordable(log_n: u32, r: u32, p: u32) -> Result<Params, Unusable> {
    if log_n == 0 || r == 0 || p == 0 {
        return Err(Unusable::Malformed);
    }
    let n = 1_u64.checked_shl(log_n).filter(|n| *n < 1 << 32).ok_or(Unusable::TooCostly)?;
    let (r, p) = (u64::from(r), u64::from(p));
    let memory = (n + p).saturating_mul(r).saturating_mul(128);
    if memory > MEMORY_MAX || n.saturating_mul(r).saturating_mul(p) > WORK_MAX {
        return Err(Unusable::TooCostly);
    }
    let log_n = u8::try_from(log_n).map_err(|_| Unusable::TooCostly)?;
    let [r, p] = [r, p].map(u32::try_from);
    match (r, p) {
        (Ok(r), Ok(p)) => Params::new(log_n, r, p).map_err(|_| Unusable::Malformed),
        _ => Err(Unusable::TooCostly),
    }
}
