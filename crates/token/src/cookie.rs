//! Better Auth's signed cookie value: the value, a dot, and its MAC under the secret itself.

use base64_simd::{Out, STANDARD};

use crate::{
    SecretUse,
    mac::MacKey,
    secret::{Secret, Secrets},
};

/// Signs and verifies cookie values as Better Auth does.
///
/// `value + "." + base64(HMAC-SHA256(secret, value))`, standard alphabet with padding: 44 characters ending in `=`.
/// Both functions deal with the value after percent-decoding.
#[derive(Clone, Copy, Debug)]
pub struct SignedCookie;

/// 32 bytes in padded base64.
const SIGNATURE_CHARS: usize = 44;

impl SignedCookie {
    /// The signed value, not percent-encoded.
    #[must_use]
    pub fn sign(value: &str, secret: &Secret) -> String {
        let mac = MacKey::new(secret.expose().as_bytes()).mac(value.as_bytes());
        let mut signed = String::with_capacity(value.len() + 1 + SIGNATURE_CHARS);
        signed.push_str(value);
        signed.push('.');
        STANDARD.encode_append(mac, &mut signed);
        signed
    }

    /// The value, if its signature holds under one of the secrets; all of them are tried, so that a new secret signs
    /// nobody out. One signature has one spelling.
    #[must_use]
    pub fn verify<'a>(raw: &'a str, secrets: &Secrets) -> Option<&'a str> {
        let (value, signature) = raw.rsplit_once('.')?;
        let mac = decode_signature(signature)?;
        secrets.find(SecretUse::Cookie, |_, secret| {
            MacKey::new(secret.expose().as_bytes()).verify(value.as_bytes(), &mac).then_some(value)
        })
    }
}

fn decode_signature(text: &str) -> Option<[u8; 32]> {
    if text.len() != SIGNATURE_CHARS || !text.ends_with('=') {
        return None;
    }
    // One byte more than needed: 44 characters are up to 33 bytes until the padding is seen.
    let mut bytes = [0; 33];
    let decoded = STANDARD.decode(text.as_bytes(), Out::from_slice(&mut bytes)).ok()?;
    (&*decoded).try_into().ok()
}
