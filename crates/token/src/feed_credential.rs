//! The credential of a service that follows the refusals.
//!
//! ```text
//! csf_ base64url( HKDF-SHA256(secret, "countersign/feed/v1") )
//! ```
//!
//! Nothing is stored. It opens the stream of refusals and nothing else, and says nothing of the secret. Where no secret is
//! shared, a service token ([`ServiceToken`](crate::ServiceToken)) stands in for it.

use std::fmt;

use subtle::{Choice, ConstantTimeEq};
use zeroize::Zeroizing;

use crate::{Purpose, Secret, SecretUse, Secrets, base64, decode_unverified, service_token};

const PREFIX: &str = "csf_";

/// What a follower of the refusals shows. Zeroised when dropped, redacted in `Debug`.
#[derive(Clone)]
pub struct FeedCredential(Zeroizing<String>);

/// A text that is no credential of this kind.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "a feed credential is `csf_` and 43 characters, or a service token; `countersign token feed` or `service` prints it"
)]
pub struct InvalidFeedCredential;

impl FeedCredential {
    /// The credential that belongs to a secret: `token.secret` where that is set, else the server's own.
    #[must_use]
    pub fn of(secret: &Secret) -> Self {
        let mut text = Zeroizing::new(String::with_capacity(PREFIX.len() + 43));
        text.push_str(PREFIX);
        base64::encode_append(&*secret.derive(Purpose::Feed), &mut text);
        Self(text)
    }

    /// Takes a text somebody configured.
    ///
    /// # Errors
    /// [`InvalidFeedCredential`] when it has not the form of one.
    pub fn parse(text: &str) -> Result<Self, InvalidFeedCredential> {
        let key = text.strip_prefix(PREFIX).map(base64::decode_exact::<32>);
        match key {
            Some(Ok(Some(_))) => Ok(Self(Zeroizing::new(text.to_owned()))),
            None if is_service_token(text) => Ok(Self(Zeroizing::new(text.to_owned()))),
            _ => Err(InvalidFeedCredential),
        }
    }

    /// Whether `text` is the credential of one of the secrets. Takes the same time wherever they differ, and whichever
    /// of them it is.
    #[must_use]
    pub fn verify(text: &str, secrets: &Secrets) -> bool {
        let equal = |(_, secret): (_, &Secret)| text.as_bytes().ct_eq(Self::of(secret).0.as_bytes());
        let newest = equal((None, secrets.current()));
        let older = secrets.iter().skip(1).map(equal).fold(Choice::from(0), |any, one| any | one);
        if older.into() {
            secrets.old_uses.add(SecretUse::FeedCredential);
        }
        (newest | older).into()
    }

    /// The text itself. Never log it.
    #[must_use]
    pub fn expose(&self) -> &str {
        &self.0
    }
}

/// Whether it says so itself: who configures another token by mistake is told at once.
fn is_service_token(text: &str) -> bool {
    decode_unverified(text)
        .is_ok_and(|said| said.header.get("typ").and_then(|typ| typ.as_str()) == Some(service_token::TYPE))
}

impl fmt::Debug for FeedCredential {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("FeedCredential(redacted)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Algorithm, Claims, ServiceToken, SigningKey, sign};

    fn secret(byte: u8) -> Secret {
        Secret::from_entropy([byte; 32])
    }

    #[test]
    fn belongs_to_each_secret_of_a_rotation_and_to_no_other() {
        let secrets = Secrets::single(secret(2)).with_unversioned(secret(1));
        for byte in [1, 2] {
            let credential = FeedCredential::of(&secret(byte));
            assert!(FeedCredential::verify(credential.expose(), &secrets));
            assert_eq!(FeedCredential::parse(credential.expose()).unwrap().expose(), credential.expose());
        }
        let other = FeedCredential::of(&secret(3));
        for text in ["", "csf_", secret(2).expose(), other.expose()] {
            assert!(!FeedCredential::verify(text, &secrets), "{text}");
        }
    }

    #[test]
    fn only_its_own_form_is_taken_and_never_shown() {
        for text in ["", "csf_", "csr_AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA", secret(1).expose(), "csf_AAAA"] {
            assert!(FeedCredential::parse(text).is_err(), "{text}");
        }
        let key = SigningKey::from_entropy(Algorithm::EdDsa, &[1; 32], None).unwrap();
        assert!(FeedCredential::parse(&sign(&key, &Claims::new("ada", 0, 1)).unwrap()).is_err());
        let (service, id, issuer) = ("billing".to_owned(), "1".to_owned(), "https://auth.example".to_owned());
        let token = ServiceToken { service, id, issuer, iat: 0, exp: 1 }.sign(&key).unwrap();
        assert_eq!(FeedCredential::parse(&token).unwrap().expose(), token);
        let credential = FeedCredential::of(&secret(1));
        assert_eq!(format!("{credential:?}"), "FeedCredential(redacted)");
    }
}
