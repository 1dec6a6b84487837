//! The credential of a service that follows the refusals where no secret is shared with it: a JWT under the key that signs
//! access tokens, of a type and for an audience of its own (RFC 8725 sections 3.9 and 3.11).
//!
//! ```text
//! {"alg":"EdDSA","typ":"countersign-service+jwt","kid":..}
//! {"sub":"billing","iat":..,"exp":..,"jti":..,"iss":"https://auth.example","aud":"countersign-feed"}
//! ```

use crate::{CannotSign, Claims, Policy, Refused, SigningKey, Verifier, sign::sign_as};

/// The `typ` of its header.
pub(crate) const TYPE: &str = "countersign-service+jwt";
const AUDIENCE: &str = "countersign-feed";

/// The longest life of a service token, in seconds: a year.
pub const MAX_SERVICE_LIFETIME: u32 = 366 * 86_400;

/// What a service token says. It opens the stream of refusals and nothing else, and is no access token.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ServiceToken {
    /// The service, by a name that says something to whoever reads the log.
    pub service: String,
    /// The token's own id.
    pub id: String,
    /// Who issued it.
    pub issuer: String,
    /// When it was issued, in seconds since 1970.
    pub iat: i64,
    /// From when on it is worth nothing.
    pub exp: i64,
}

impl ServiceToken {
    /// Signs it.
    ///
    /// # Errors
    /// [`CannotSign`] when it is too long, or the library cannot sign.
    pub fn sign(&self, key: &SigningKey) -> Result<String, CannotSign> {
        let mut claims = Claims::new(&*self.service, self.iat, self.exp);
        claims.jti = Some(self.id.clone());
        claims.iss = Some(self.issuer.clone());
        claims.aud = vec![AUDIENCE.to_owned()];
        sign_as(key, &key.header_of(TYPE), &claims)
    }

    /// Reads a token of this kind under the keys of a verifier of access tokens.
    ///
    /// # Errors
    /// [`Refused`], as for an access token; [`Refused::WrongType`] for any other kind of token.
    pub fn verify(token: &str, keys: &Verifier, issuer: &str, now: i64) -> Result<Self, Refused> {
        let policy = Policy::default().issuer(issuer).audience(AUDIENCE).max_lifetime(MAX_SERVICE_LIFETIME);
        let claims = keys.verify_service_token(token, &policy, now)?;
        let id = claims.jti.ok_or(Refused::InvalidClaim)?;
        Ok(Self { service: claims.sub, id, issuer: issuer.to_owned(), iat: claims.iat, exp: claims.exp })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Algorithm, KeySet, sign};

    const NOW: i64 = 1_790_000_000;
    const ISSUER: &str = "https://auth.example";

    fn key(byte: u8) -> SigningKey {
        SigningKey::from_entropy(Algorithm::EdDsa, &[byte; 32], Some("k".to_owned())).unwrap()
    }

    fn access() -> Verifier {
        let policy = Policy::default().issuer(ISSUER).audience(AUDIENCE);
        Verifier::new(KeySet::single(key(1).verifying_key()), policy)
    }

    fn token() -> ServiceToken {
        ServiceToken {
            service: "billing".to_owned(),
            id: "7".to_owned(),
            issuer: ISSUER.to_owned(),
            iat: NOW,
            exp: NOW + 60,
        }
    }

    fn verify(token: &str, now: i64) -> Result<ServiceToken, Refused> {
        ServiceToken::verify(token, &access(), ISSUER, now)
    }

    #[test]
    fn what_was_signed_is_read_again_until_it_expires() {
        let text = token().sign(&key(1)).unwrap();
        assert_eq!(verify(&text, NOW), Ok(token()));
        assert_eq!(verify(&text, NOW + 60), Err(Refused::Expired));
        assert_eq!(ServiceToken::verify(&text, &access(), "https://other.example", NOW), Err(Refused::WrongIssuer));
        assert_eq!(verify(&token().sign(&key(2)).unwrap(), NOW), Err(Refused::InvalidSignature));
        let long = ServiceToken { exp: NOW + i64::from(MAX_SERVICE_LIFETIME) + 1, ..token() };
        assert_eq!(verify(&long.sign(&key(1)).unwrap(), NOW), Err(Refused::LivesTooLong));
    }

    #[test]
    fn a_service_token_is_no_access_token_and_the_other_way_round() {
        // Issuer and audience are what each demands, so that the type alone tells them apart.
        let service = token().sign(&key(1)).unwrap();
        assert_eq!(access().verify_owned(&service, NOW).map(drop), Err(Refused::WrongType));
        let mut claims = Claims::new("billing", NOW, NOW + 60);
        claims.jti = Some("7".to_owned());
        claims.iss = Some(ISSUER.to_owned());
        claims.aud = vec![AUDIENCE.to_owned()];
        let minted = sign(&key(1), &claims).unwrap();
        assert!(access().verify_owned(&minted, NOW).is_ok());
        assert_eq!(verify(&minted, NOW), Err(Refused::WrongType));
        let unnamed = sign_as(&key(1), &crate::base64::encode(br#"{"alg":"EdDSA","kid":"k"}"#), &claims).unwrap();
        assert_eq!(verify(&unnamed, NOW), Err(Refused::WrongType));
    }
}
