//! The scrypt of Firebase: what scrypt yields is the key under which the project's signer key is encrypted.

use aws_lc_rs::cipher::{AES_256, EncryptingKey, EncryptionContext, UnboundCipherKey};
use aws_lc_rs::iv::FixedLength;
use scrypt::{Params, scrypt};
use subtle::ConstantTimeEq;
use zeroize::Zeroizing;

use super::Unusable;
use super::notation::{number, octets, parameters, parts};
use super::scrypt::affordable;

/// `$fbscrypt$v=1,n=<memory cost>,r=<rounds>,p=1,ss=<salt separator>,sk=<signer key>$<salt>$<key>`, as Supabase keeps them. The
/// signer key belongs to the Firebase project, not to the user; it is no secret of this server.
pub(super) struct Firebase {
    params: Params,
    /// Salt and separator.
    salt: Vec<u8>,
    signer_key: Vec<u8>,
    key: Vec<u8>,
}

impl Firebase {
    pub(super) fn parse(text: &str) -> Result<Self, Unusable> {
        let [_, _, given, salt, key] = parts(text)?;
        let [version, memory, rounds, lanes, separator, signer_key] =
            parameters(given, ["v", "n", "r", "p", "ss", "sk"])?;
        let params = affordable(number(memory)?, number(rounds)?, number(lanes)?)?;
        let (signer_key, key) = (octets(signer_key)?, octets(key)?);
        if version != "1" || key.is_empty() || key.len() != signer_key.len() {
            return Err(Unusable::Malformed);
        }
        let salt = [octets(salt)?, octets(separator)?].concat();
        Ok(Self { params, salt, signer_key, key })
    }

    pub(super) fn matches(&self, password: &[u8]) -> bool {
        self.derive(password).is_some_and(|key| key.as_slice().ct_eq(&self.key).into())
    }

    /// AES-256 in counter mode from zero, under the first half of what scrypt yields.
    fn derive(&self, password: &[u8]) -> Option<Zeroizing<Vec<u8>>> {
        let mut derived = Zeroizing::new([0; 64]);
        scrypt(password, &self.salt, &self.params, derived.as_mut_slice()).ok()?;
        let key = UnboundCipherKey::new(&AES_256, derived.first_chunk::<32>()?).ok()?;
        let mut signed = Zeroizing::new(self.signer_key.clone());
        let from_zero = EncryptionContext::Iv128(FixedLength::from([0; 16]));
        EncryptingKey::ctr(key).ok()?.less_safe_encrypt(&mut signed, from_zero).ok()?;
        Some(signed)
    }
}
