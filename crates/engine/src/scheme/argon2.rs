//! Argon2 (RFC 9106) in PHC strings.

use argon2::{Algorithm, Params, Version};
use subtle::ConstantTimeEq;
use zeroize::Zeroizing;

use super::notation::{base64, number, octets, parameters, parts};
use super::{MEMORY_MAX, Unusable};

/// KiB times passes: about two seconds of one core.
const WORK_MAX: u64 = 1 << 22;
/// What OWASP recommends for Argon2id (Password Storage Cheat Sheet): 19 MiB, two passes, one lane.
const MEMORY: u32 = 19_456;
const PASSES: u32 = 2;

/// `$argon2id$v=19$m=19456,t=2,p=1$<salt>$<key>`; without `v=` it is version 16.
pub(super) struct Argon2 {
    function: argon2::Argon2<'static>,
    algorithm: Algorithm,
    salt: Vec<u8>,
    key: Vec<u8>,
}

impl Argon2 {
    pub(super) fn hash(password: &[u8], salt: &[u8; 16]) -> String {
        let own = Self { salt: salt.to_vec(), ..Self::nobody() };
        let key = own.derive(password).unwrap_or_default();
        format!("$argon2id$v=19$m={MEMORY},t={PASSES},p=1${}${}", base64(salt), base64(&key))
    }

    pub(super) fn parse(text: &str) -> Result<Self, Unusable> {
        let version_said = text.contains("$v=");
        let [algorithm, version, costs, salt, key] = if version_said {
            let [_, algorithm, version, costs, salt, key] = parts(text)?;
            [algorithm, version, costs, salt, key]
        } else {
            let [_, algorithm, costs, salt, key] = parts(text)?;
            [algorithm, "v=16", costs, salt, key]
        };
        let algorithm = Algorithm::new(algorithm).map_err(|_| Unusable::Malformed)?;
        let version = match version {
            "v=19" => Version::V0x13,
            "v=16" => Version::V0x10,
            _ => return Err(Unusable::Malformed),
        };
        let [memory, passes, lanes] = parameters(costs, ["m", "t", "p"])?;
        let [memory, passes, lanes] = [number(memory)?, number(passes)?, number(lanes)?];
        let (salt, key) = (octets(salt)?, octets(key)?);
        if u64::from(memory) * 1024 > MEMORY_MAX || u64::from(memory) * u64::from(passes) > WORK_MAX {
            return Err(Unusable::TooCostly);
        }
        // A lane needs eight KiB; said here too, because the product could overflow below.
        if lanes > memory / 8 || salt.len() < argon2::MIN_SALT_LEN {
            return Err(Unusable::Malformed);
        }
        let params = Params::new(memory, passes, lanes, Some(key.len())).map_err(|_| Unusable::Malformed)?;
        Ok(Self { function: argon2::Argon2::new(algorithm, version, params), algorithm, salt, key })
    }

    #[expect(clippy::expect_used, reason = "constant parameters, within the bounds of the function")]
    pub(super) fn nobody() -> Self {
        let params = Params::new(MEMORY, PASSES, 1, Some(32)).expect("valid parameters");
        let function = argon2::Argon2::new(Algorithm::Argon2id, Version::V0x13, params);
        Self { function, algorithm: Algorithm::Argon2id, salt: vec![0; 16], key: vec![0; 32] }
    }

    pub(super) const fn name(&self) -> &'static str {
        self.algorithm.as_str()
    }

    pub(super) fn matches(&self, password: &[u8]) -> bool {
        self.derive(password).is_some_and(|key| key.as_slice().ct_eq(&self.key).into())
    }

    /// Whether it is no weaker than what is made here.
    pub(super) fn is_strong(&self) -> bool {
        let params = self.function.params();
        let work = u64::from(params.m_cost()) * u64::from(params.t_cost());
        self.algorithm == Algorithm::Argon2id
            && params.m_cost() >= MEMORY
            && work >= u64::from(MEMORY) * u64::from(PASSES)
            && self.salt.len() >= 16
            && self.key.len() >= 32
    }

    /// Fails only where the memory cannot be had.
    fn derive(&self, password: &[u8]) -> Option<Zeroizing<Vec<u8>>> {
        let mut key = Zeroizing::new(vec![0; self.key.len()]);
        self.function.hash_password_into(password, &self.salt, &mut key).ok().map(|()| key)
    }
}
