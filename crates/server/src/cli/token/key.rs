//! The keys a token is signed or verified with: a deployment's, or one named on the command line.

use std::fs;
use std::path::{Path, PathBuf};

use base64_simd::URL_SAFE_NO_PAD;
use clap::Args;
use countersign_engine::Engine;
use countersign_engine::config::Algorithm;
use countersign_engine::keys::Keys;
use countersign_token::{CannotSign, Claims, InvalidKey, KeySet, Secret, Verifier, VerifyingKey};
use serde_json::Value;
use zeroize::Zeroizing;

use super::super::console::{Failure, strip_newline};
use super::super::deployment;
use crate::config::Config;

/// A key of one's own. Then no configuration is read and no database opened.
#[derive(Args)]
#[group(id = "key", multiple = false)]
pub(super) struct KeyOption {
    /// An HS256 key of any length, in hexadecimal. Everyone on the machine sees it: for test vectors.
    #[arg(long, value_name = "HEX")]
    secret_hex: Option<String>,
    /// A file whose bytes, without one newline at the end, are the HS256 key.
    #[arg(long, value_name = "FILE")]
    secret_file: Option<PathBuf>,
    /// A file with a JSON Web Key or a set of them.
    #[arg(long, value_name = "FILE")]
    jwk: Option<PathBuf>,
}

impl KeyOption {
    /// The keys these options name; `None` where they name none.
    pub(super) fn read(&self) -> Result<Option<KeySet>, Failure> {
        let key = |bytes: &[u8]| KeySet::single(VerifyingKey::hs256_of_any_length(bytes, None));
        if let Some(hex) = &self.secret_hex {
            let bytes =
                from_hex(hex).ok_or_else(|| Failure::misuse("--secret-hex takes pairs of hexadecimal digits"))?;
            return Ok(Some(key(&bytes)));
        }
        if let Some(file) = &self.secret_file {
            let mut bytes = read_file(file)?;
            strip_newline(&mut bytes);
            return Ok(Some(key(&bytes)));
        }
        let Some(file) = &self.jwk else { return Ok(None) };
        let bytes = read_file(file)?;
        let unusable = |why: InvalidKey| Failure::Misuse(format!("{}: {why}", file.display()));
        let json = std::str::from_utf8(&bytes).map_err(|_| unusable(InvalidKey::Malformed))?;
        key_set(json).map(Some).map_err(unusable)
    }
}

fn read_file(file: &Path) -> Result<Zeroizing<Vec<u8>>, Failure> {
    let bytes =
        fs::read(file).map_err(|error| Failure::Misuse(format!("{} cannot be read: {error}", file.display())))?;
    Ok(Zeroizing::new(bytes))
}

fn from_hex(hex: &str) -> Option<Zeroizing<Vec<u8>>> {
    let digits: Option<Vec<u8>> = hex.chars().map(|c| c.to_digit(16).and_then(|digit| digit.try_into().ok())).collect();
    let digits = Zeroizing::new(digits?);
    let pairs = digits.chunks_exact(2);
    if !pairs.remainder().is_empty() {
        return None;
    }
    Some(Zeroizing::new(pairs.map(|pair| pair.iter().fold(0, |byte, digit| byte << 4 | digit)).collect()))
}

/// A key or a set of keys. In a set, keys of other kinds and for other uses are passed over (RFC 7517 section 5).
fn key_set(json: &str) -> Result<KeySet, InvalidKey> {
    let value: Value = serde_json::from_str(json).map_err(|_| InvalidKey::Malformed)?;
    let Some(members) = value.get("keys").and_then(Value::as_array) else {
        return verifying_key(json).map(KeySet::single);
    };
    let mut keys = Vec::new();
    for member in members {
        match verifying_key(&Zeroizing::new(member.to_string())) {
            Ok(key) => keys.push(key),
            Err(InvalidKey::Unsupported | InvalidKey::NotForSignatures) => {}
            Err(invalid) => return Err(invalid),
        }
    }
    if keys.is_empty() { Err(InvalidKey::NoKeys) } else { Ok(KeySet::new(keys)) }
}

/// A key from a JWK; one for HS256 may have any length.
fn verifying_key(json: &str) -> Result<VerifyingKey, InvalidKey> {
    let Err(InvalidKey::TooShort) = VerifyingKey::from_jwk(json) else { return VerifyingKey::from_jwk(json) };
    let jwk: Value = serde_json::from_str(json).map_err(|_| InvalidKey::Malformed)?;
    let text = |name: &str| jwk.get(name).and_then(Value::as_str);
    let key = URL_SAFE_NO_PAD.decode_to_vec(text("k").unwrap_or_default()).map_err(|_| InvalidKey::Malformed)?;
    Ok(VerifyingKey::hs256_of_any_length(&Zeroizing::new(key), text("kid").map(str::to_owned)))
}

/// The keys of a deployment. Where they are derived from the secret, its database is left alone.
pub(super) enum DeploymentKeys {
    Symmetric(Box<Keys>),
    Stored(Engine),
}

impl DeploymentKeys {
    pub(super) fn open(config: &Config) -> Result<Self, Failure> {
        if config.engine.token.algorithm != Algorithm::HS256 {
            return Ok(Self::Stored(deployment::wait_for(deployment::engine(config))?));
        }
        let found = config.secrets()?;
        let own = config.engine.token.secret.as_ref().map(|secret| Secret::parse(secret.expose())).transpose();
        let own = own.map_err(|weak| Failure::Misuse(format!("token.secret: {weak}")))?;
        Ok(Self::Symmetric(Box::new(Keys::symmetric(found.secrets, own.as_ref(), &config.engine))))
    }

    pub(super) fn sign(&self, claims: &Claims) -> Result<String, CannotSign> {
        self.keys().sign(claims)
    }

    pub(super) fn verifier(&self) -> &Verifier {
        self.keys().verifier()
    }

    pub(super) fn keys(&self) -> &Keys {
        match self {
            Self::Symmetric(keys) => keys,
            Self::Stored(engine) => engine.keys(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hexadecimal_is_pairs_of_digits() {
        assert_eq!(from_hex("00fFa0").as_deref(), Some(&vec![0x00, 0xff, 0xa0]));
        assert_eq!(from_hex("").as_deref(), Some(&vec![]));
        for text in ["0", "0g", " 00", "0x00", "00é"] {
            assert_eq!(from_hex(text), None, "{text}");
        }
    }

    #[test]
    fn a_key_for_vectors_may_be_short_but_not_of_another_kind() {
        assert!(key_set(r#"{"kty":"oct","k":"AyM1"}"#).is_ok());
        assert!(key_set(r#"{"keys":[{"kty":"RSA","n":"AQAB","e":"AQAB"},{"kty":"oct","k":""}]}"#).is_ok());
        let refusal = |json: &str| key_set(json).map(drop).unwrap_err();
        assert_eq!(refusal(r#"{"kty":"oct","k":"AyM1","alg":"HS512"}"#), InvalidKey::WrongAlgorithm);
        assert_eq!(refusal(r#"{"kty":"oct","k":"AyM1","use":"enc"}"#), InvalidKey::NotForSignatures);
        assert_eq!(refusal(r#"{"keys":[]}"#), InvalidKey::NoKeys);
        assert_eq!(refusal("[]"), InvalidKey::Malformed);
    }
}
