//! The refresh token: a session, the generation of its counter, and a MAC.
//!
//! ```text
//! csr_ base64url( generation: 4 bytes, big endian | session id: UTF-8 ) . base64url( HMAC-SHA256 )
//! ```
//!
//! The MAC is taken over everything before the dot, under a key derived for this purpose alone, so a token of another kind
//! is never taken for this one. Nothing about a token need be stored, and its successor can be computed again.

use zeroize::Zeroizing;

use crate::{CannotSign, Purpose, Secret, SecretUse, Secrets, base64, mac::MacKey};

/// The longest text taken for a refresh token, in bytes: room for a session id of some 700.
pub const MAX_REFRESH_TOKEN_BYTES: usize = 1024;

const PREFIX: &str = "csr_";

/// A genuine refresh token: only [`RefreshToken::verify`] makes one. Whether its session lives, and whether it has been
/// spent, is not for it to say.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RefreshToken {
    session_id: String,
    generation: u32,
}

impl RefreshToken {
    /// Mints the token of one generation of a session. It is the same whenever it is minted under the same secret.
    ///
    /// # Errors
    /// [`CannotSign::SessionId`] when the session's id is empty or too long for any verifier to take.
    pub fn mint(session_id: &str, generation: u32, secret: &Secret) -> Result<String, CannotSign> {
        let mut payload = generation.to_be_bytes().to_vec();
        payload.extend_from_slice(session_id.as_bytes());
        let mut token = PREFIX.to_owned();
        base64::encode_append(&payload, &mut token);
        let mac = key(secret).mac(token.as_bytes());
        token.push('.');
        base64::encode_append(&mac, &mut token);
        let usable = !session_id.is_empty() && token.len() <= MAX_REFRESH_TOKEN_BYTES;
        if usable { Ok(token) } else { Err(CannotSign::SessionId) }
    }

    /// Takes a text apart whose MAC holds under one of the secrets; all of them are tried, so that a new secret signs nobody
    /// out. One token has one spelling, and MACs are compared in constant time.
    #[must_use]
    pub fn verify(text: &str, secrets: &Secrets) -> Option<Self> {
        if text.len() > MAX_REFRESH_TOKEN_BYTES {
            return None;
        }
        let (signed, mac) = text.split_once('.')?;
        let payload = signed.strip_prefix(PREFIX)?;
        let mac = base64::decode_exact::<32>(mac).ok()??;
        secrets.find(SecretUse::RefreshToken, |_, secret| key(secret).verify(signed.as_bytes(), &mac).then_some(()))?;
        let payload = base64::decode(payload).ok()?;
        let (generation, session_id) = payload.split_first_chunk()?;
        let session_id = String::from_utf8(session_id.to_vec()).ok().filter(|id| !id.is_empty())?;
        Some(Self { session_id, generation: u32::from_be_bytes(*generation) })
    }

    /// The session it renews.
    #[must_use]
    pub fn session_id(&self) -> &str {
        &self.session_id
    }

    /// What the session's counter said when it was minted.
    #[must_use]
    pub fn generation(&self) -> u32 {
        self.generation
    }
}

fn key(secret: &Secret) -> MacKey {
    let key: Zeroizing<[u8; 32]> = secret.derive(Purpose::Refresh);
    MacKey::new(&*key)
}

#[cfg(test)]
mod tests {
    use super::*;

    const ID: &str = "0197f3c2-6f0a-7c55-9d2e-2f1f8a7b6c5d";

    fn secret(byte: u8) -> Secret {
        Secret::from_entropy([byte; 32])
    }

    #[test]
    fn says_its_session_and_generation_and_looks_the_same_each_time() {
        let token = RefreshToken::mint(ID, 7, &secret(1)).unwrap();
        assert!(token.starts_with("csr_") && token.len() == 4 + 54 + 1 + 43, "{token}");
        assert_eq!(RefreshToken::mint(ID, 7, &secret(1)).unwrap(), token);
        let genuine = RefreshToken::verify(&token, &Secrets::single(secret(1))).unwrap();
        assert_eq!((genuine.session_id(), genuine.generation()), (ID, 7));
    }

    #[test]
    fn the_signing_input_is_mac_under_the_key_of_its_purpose_and_no_other() {
        let token = RefreshToken::mint(ID, 7, &secret(1)).unwrap();
        let (signed, _) = token.split_once('.').unwrap();
        for key in [&secret(1).derive(Purpose::Feed)[..], secret(1).expose().as_bytes()] {
            let forged = format!("{signed}.{}", base64::encode(MacKey::new(key).mac(signed.as_bytes())));
            assert_eq!(RefreshToken::verify(&forged, &Secrets::single(secret(1))), None);
        }
    }

    #[test]
    fn a_genuine_mac_over_what_is_no_token_opens_nothing() {
        for payload in [&b""[..], b"\0\0\0", b"\0\0\0\x07", b"\0\0\0\x07\xff"] {
            let signed = format!("csr_{}", base64::encode(payload));
            let mac = base64::encode(key(&secret(1)).mac(signed.as_bytes()));
            assert_eq!(
                RefreshToken::verify(&format!("{signed}.{mac}"), &Secrets::single(secret(1))),
                None,
                "{payload:?}"
            );
        }
    }

    #[test]
    fn ids_that_no_verifier_could_take_are_not_minted() {
        assert_eq!(RefreshToken::mint("", 0, &secret(1)), Err(CannotSign::SessionId));
        let longest = (1..1024).rev().find(|length| RefreshToken::mint(&"x".repeat(*length), 0, &secret(1)).is_ok());
        let longest = "x".repeat(longest.unwrap());
        let token = RefreshToken::mint(&longest, 0, &secret(1)).unwrap();
        assert!(RefreshToken::verify(&token, &Secrets::single(secret(1))).is_some_and(|t| t.session_id() == longest));
        assert!((700..=1024).contains(&longest.len()), "{}", longest.len());
    }
}
