//! ID tokens of identity providers (OpenID Connect Core section 2): what a provider says of somebody to us, signed with keys
//! it publishes. They are another kind of token than ours, under other keys, and admit nobody to an API.

use std::{fmt, ops::Deref, str::FromStr};

use aws_lc_rs::signature::{RSA_PKCS1_2048_8192_SHA256, RsaPublicKeyComponents};
use serde_json::{Map, Value};

use crate::{
    Algorithm, Claims, ClaimsRef, InvalidKey, Policy, Refused, UnknownAlgorithm, VerifyingKey, base64, header::Header,
    jwk, verify::Parts,
};

/// Seconds by which the provider's clock may differ from ours, either way.
const LEEWAY: u32 = 30;
/// The most seconds an ID token lives: providers give them an hour, and some a day.
const MAX_LIFETIME: u32 = 30 * 86_400;

/// The keys a provider publishes. Those that anyone can sign with who can verify are none of them.
#[derive(Clone, Debug, Default)]
pub struct ProviderKeys(Vec<ProviderKey>);

#[derive(Clone)]
enum ProviderKey {
    /// RSASSA-PKCS1-v1_5 with SHA-256 (RFC 7518 section 3.3), of 2048 to 8192 bits.
    Rs256 { kid: Option<String>, n: Vec<u8>, e: Vec<u8> },
    /// Ed25519 or P-256.
    Other(VerifyingKey),
}

/// What must hold of an ID token beside its signature and its times.
#[derive(Clone, Copy, Debug)]
pub struct IdTokenDemands<'a> {
    /// The provider, by one of its names for itself.
    pub issuers: &'a [String],
    /// Who we are there.
    pub audience: &'a str,
    /// What was given to the provider to be said again, if anything was.
    pub nonce: Option<&'a str>,
    /// Seconds after its issue in which it is taken; none for as long as it lives.
    pub max_age: Option<u32>,
}

/// Claims whose ID token held. Only [`ProviderKeys::verify`] makes them.
#[derive(Clone, Debug, PartialEq)]
pub struct IdTokenClaims(Claims);

impl Deref for IdTokenClaims {
    type Target = Claims;

    fn deref(&self) -> &Claims {
        &self.0
    }
}

/// The algorithms a provider may sign with.
#[derive(Clone, Copy, PartialEq, Eq)]
enum IdTokenAlgorithm {
    Rs256,
    Other(Algorithm),
}

impl FromStr for IdTokenAlgorithm {
    type Err = UnknownAlgorithm;

    fn from_str(name: &str) -> Result<Self, UnknownAlgorithm> {
        match name {
            "RS256" => Ok(Self::Rs256),
            name => match name.parse()? {
                Algorithm::Hs256 => Err(UnknownAlgorithm),
                other => Ok(Self::Other(other)),
            },
        }
    }
}

impl ProviderKeys {
    /// The keys of a JWKS document (RFC 7517 section 5). Those we cannot use are passed over.
    ///
    /// # Errors
    /// [`InvalidKey`] when it is no such document or no key in it is of use.
    pub fn from_jwks(json: &str) -> Result<Self, InvalidKey> {
        let keys: Vec<ProviderKey> =
            jwk::members_of_set(json)?.iter().filter_map(|text| ProviderKey::read(text)).collect();
        if keys.is_empty() { Err(InvalidKey::NoKeys) } else { Ok(Self(keys)) }
    }

    /// Verifies an ID token at `now` (seconds since 1970).
    ///
    /// # Errors
    /// [`Refused`], the first reason met. [`Refused::UnknownKey`] may mean that the provider has other keys by now. A nonce that is
    /// not the one demanded is a [`Refused::InvalidClaim`].
    pub fn verify(&self, token: &str, demands: &IdTokenDemands<'_>, now: i64) -> Result<IdTokenClaims, Refused> {
        let payload = self.authenticate(token, true)?;
        let claims = ClaimsRef::read(&payload)?;
        let policy = Policy::default().audience(demands.audience).max_lifetime(MAX_LIFETIME);
        let policy = policy.leeway(LEEWAY).and_then(|policy| policy.expiry_leeway(LEEWAY));
        policy.map_err(|_| Refused::Expired)?.check(&claims, now)?;
        if !claims.iss.as_deref().is_some_and(|iss| demands.issuers.iter().any(|known| known == iss)) {
            return Err(Refused::WrongIssuer);
        }
        let latest = demands.max_age.map(|age| claims.iat.saturating_add((age + LEEWAY).into()));
        if latest.is_some_and(|latest| latest <= now) {
            return Err(Refused::Expired);
        }
        if demands.nonce.is_some() && claims.custom.get("nonce").and_then(Value::as_str) != demands.nonce {
            return Err(Refused::InvalidClaim);
        }
        Ok(IdTokenClaims(claims.into_owned()))
    }

    /// Checks header and signature alone, for foreign test vectors; it tells nobody who somebody is.
    ///
    /// # Errors
    /// [`Refused`] for form, header, key and signature.
    pub fn verify_signature_only(&self, token: &str) -> Result<(), Refused> {
        self.authenticate(token, false).map(drop)
    }

    /// The payload, once the signature over it held.
    fn authenticate(&self, token: &str, must_be_id_token: bool) -> Result<Vec<u8>, Refused> {
        let parts = Parts::split(token)?;
        let header = base64::decode(parts.header)?;
        let header: Header<'_, IdTokenAlgorithm> = Header::read(&header)?;
        if must_be_id_token {
            header.demand_id_token()?;
        }
        self.check_signature(&header, &parts)?;
        base64::decode(parts.payload)
    }

    /// A `kid` names the key; without one every key of the algorithm is tried.
    fn check_signature(&self, header: &Header<'_, IdTokenAlgorithm>, parts: &Parts<'_>) -> Result<(), Refused> {
        let named: Vec<&ProviderKey> =
            self.0.iter().filter(|key| header.kid.is_none() || key.kid() == header.kid.as_deref()).collect();
        if named.is_empty() {
            return Err(Refused::UnknownKey);
        }
        let fitting: Vec<&ProviderKey> = named.into_iter().filter(|key| key.algorithm() == header.algorithm).collect();
        if fitting.is_empty() {
            return Err(Refused::AlgorithmMismatch);
        }
        for key in fitting {
            if key.verify(parts.signed, parts.signature)? {
                return Ok(());
            }
        }
        Err(Refused::InvalidSignature)
    }
}

impl ProviderKey {
    fn read(json: &str) -> Option<Self> {
        let members: Map<String, Value> = serde_json::from_str(json).ok()?;
        let text = |name: &str| members.get(name).and_then(Value::as_str);
        if text("kty") != Some("RSA") {
            return VerifyingKey::from_jwk(json)
                .ok()
                .filter(|key| key.algorithm() != Algorithm::Hs256)
                .map(Self::Other);
        }
        jwk::demand_purpose(&members, "verify").ok()?;
        let fits = members.get("alg").is_none_or(|alg| alg == "RS256");
        let (n, e) = (base64::decode(text("n")?).ok()?, base64::decode(text("e")?).ok()?);
        // 2048 to 8192 bits, as the algorithm takes them.
        let fits = fits && (256..=1024).contains(&n.len()) && n.first() != Some(&0) && !e.is_empty();
        fits.then(|| Self::Rs256 { kid: text("kid").map(str::to_owned), n, e })
    }

    fn kid(&self) -> Option<&str> {
        match self {
            Self::Rs256 { kid, .. } => kid.as_deref(),
            Self::Other(key) => key.kid(),
        }
    }

    fn algorithm(&self) -> IdTokenAlgorithm {
        match self {
            Self::Rs256 { .. } => IdTokenAlgorithm::Rs256,
            Self::Other(key) => IdTokenAlgorithm::Other(key.algorithm()),
        }
    }

    fn verify(&self, message: &[u8], signature: &str) -> Result<bool, Refused> {
        match self {
            Self::Rs256 { n, e, .. } => {
                let signature = base64::decode(signature)?;
                let key = RsaPublicKeyComponents { n, e };
                Ok(key.verify(&RSA_PKCS1_2048_8192_SHA256, message, &signature).is_ok())
            }
            Self::Other(key) => key.verify(message, signature),
        }
    }
}

impl fmt::Debug for ProviderKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ProviderKey").field("kid", &self.kid()).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use aws_lc_rs::rand::SystemRandom;
    use aws_lc_rs::rsa::{KeyPair, KeySize};
    use aws_lc_rs::signature::{KeyPair as _, RSA_PKCS1_SHA256};
    use serde_json::json;

    use super::*;
    use crate::{SigningKey, jwk};

    const NOW: i64 = 1_790_000_000;

    struct Provider {
        rsa: KeyPair,
        p256: SigningKey,
    }

    impl Provider {
        fn new() -> Self {
            let rsa = KeyPair::generate(KeySize::Rsa2048).unwrap();
            Self { rsa, p256: SigningKey::es256_from_scalar(&[7; 32], Some("ec".to_owned())).unwrap() }
        }

        fn rsa_jwk(&self) -> Value {
            let public = self.rsa.public_key();
            let n = public.modulus().big_endian_without_leading_zero().to_vec();
            let e = public.exponent().big_endian_without_leading_zero().to_vec();
            json!({ "kty": "RSA", "kid": "rsa", "use": "sig", "alg": "RS256", "n": base64::encode(n), "e": base64::encode(e) })
        }

        fn keys(&self) -> ProviderKeys {
            let secret = json!({ "kty": "oct", "kid": "oct", "k": base64::encode([7; 32]) });
            let set = json!({ "keys": [self.rsa_jwk(), self.p256.public_jwk().unwrap(), secret, { "kty": "other" }] });
            ProviderKeys::from_jwks(&set.to_string()).unwrap()
        }

        fn signed(&self, header: &Value, claims: &Value) -> String {
            let message = format!("{}.{}", base64::encode(header.to_string()), base64::encode(claims.to_string()));
            let signature = match header["alg"].as_str() {
                Some("ES256") => self.p256.sign(message.as_bytes()).unwrap().as_ref().to_vec(),
                Some("HS256") => {
                    let key = SigningKey::hs256_bytes(&[7; 32], None).unwrap();
                    key.sign(message.as_bytes()).unwrap().as_ref().to_vec()
                }
                _ => {
                    let mut signature = vec![0; self.rsa.public_modulus_len()];
                    self.rsa.sign(&RSA_PKCS1_SHA256, &SystemRandom::new(), message.as_bytes(), &mut signature).unwrap();
                    signature
                }
            };
            format!("{message}.{}", base64::encode(signature))
        }
    }

    fn claims() -> Value {
        json!({
            "iss": "https://id.example", "aud": "us", "sub": "of ada", "email": "ada@example.com", "email_verified": true,
            "iat": NOW, "exp": NOW + 3600, "nonce": "n",
        })
    }

    fn with(name: &str, value: Value) -> Value {
        let mut claims = claims();
        claims[name] = value;
        claims
    }

    fn without(name: &str) -> Value {
        let mut claims = claims();
        claims.as_object_mut().unwrap().remove(name);
        claims
    }

    fn verify(keys: &ProviderKeys, token: &str, nonce: Option<&str>) -> Result<IdTokenClaims, Refused> {
        let issuers = ["https://id.example".to_owned(), "id.example".to_owned()];
        keys.verify(token, &IdTokenDemands { issuers: &issuers, audience: "us", nonce, max_age: Some(3_600) }, NOW)
    }

    #[test]
    fn what_the_provider_signed_holds_under_each_of_its_keys() {
        let provider = Provider::new();
        let keys = provider.keys();
        for header in [
            json!({ "alg": "RS256", "kid": "rsa", "typ": "JWT" }),
            json!({ "alg": "RS256" }),
            json!({ "alg": "ES256", "kid": "ec" }),
        ] {
            let held = verify(&keys, &provider.signed(&header, &claims()), Some("n")).unwrap();
            assert_eq!((held.sub.as_str(), held.email.as_deref()), ("of ada", Some("ada@example.com")), "{header}");
            assert_eq!(held.custom["email_verified"], true);
        }
        let header = json!({ "alg": "RS256", "kid": "rsa" });
        for fine in [with("iss", json!("id.example")), with("aud", json!(["them", "us"])), with("iat", json!(NOW + 30))]
        {
            assert!(verify(&keys, &provider.signed(&header, &fine), None).is_ok(), "{fine}");
        }
    }

    #[test]
    fn a_key_is_pinned_to_its_algorithm_and_no_secret_is_one() {
        let (provider, other) = (Provider::new(), Provider::new());
        let keys = provider.keys();
        let refused = |header: Value| verify(&keys, &provider.signed(&header, &claims()), None).unwrap_err();
        assert_eq!(refused(json!({ "alg": "ES256", "kid": "rsa" })), Refused::AlgorithmMismatch);
        assert_eq!(refused(json!({ "alg": "RS256", "kid": "ec" })), Refused::AlgorithmMismatch);
        assert_eq!(refused(json!({ "alg": "RS256", "kid": "gone" })), Refused::UnknownKey);
        for alg in ["HS256", "none", "RS512", "PS256", "rs256"] {
            assert_eq!(refused(json!({ "alg": alg, "kid": "oct" })), Refused::UnsupportedAlgorithm, "{alg}");
        }
        assert_eq!(refused(json!({ "alg": "RS256", "kid": "rsa", "typ": "at+jwt" })), Refused::WrongType);
        assert_eq!(refused(json!({ "alg": "RS256", "kid": "rsa", "crit": [] })), Refused::UnsupportedExtension);
        let foreign = other.signed(&json!({ "alg": "RS256", "kid": "rsa" }), &claims());
        assert_eq!(verify(&keys, &foreign, None), Err(Refused::InvalidSignature));
        assert!(
            ProviderKeys::from_jwks(r#"{"keys":[{"kty":"oct","k":"BwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwc"}]}"#)
                .is_err()
        );
        let short = json!({ "keys": [{ "kty": "RSA", "n": base64::encode([9; 128]), "e": "AQAB" }] });
        assert!(ProviderKeys::from_jwks(&short.to_string()).is_err());
        let for_encryption = json!({ "keys": [{ "use": "enc", "kty": "RSA", "n": "AQ", "e": "AQAB" }] });
        assert!(ProviderKeys::from_jwks(&for_encryption.to_string()).is_err());
    }

    #[test]
    fn what_is_said_is_meant_for_us_and_now() {
        let provider = Provider::new();
        let keys = provider.keys();
        let header = json!({ "alg": "RS256", "kid": "rsa" });
        let refused = |claims: Value| verify(&keys, &provider.signed(&header, &claims), Some("n")).unwrap_err();
        assert_eq!(refused(with("iss", json!("https://evil.example"))), Refused::WrongIssuer);
        assert_eq!(refused(without("iss")), Refused::WrongIssuer);
        assert_eq!(refused(with("aud", json!("them"))), Refused::WrongAudience);
        assert_eq!(refused(without("aud")), Refused::WrongAudience);
        assert_eq!(refused(with("exp", json!(NOW - 30))), Refused::ExpiresBeforeIssued);
        let mut old = with("iat", json!(NOW - 3600));
        old["exp"] = json!(NOW - 30);
        assert_eq!(refused(old), Refused::Expired);
        assert_eq!(refused(with("iat", json!(NOW - 3_630))), Refused::Expired, "it lives on, and is too old");
        assert_eq!(refused(with("iat", json!(NOW + 31))), Refused::IssuedInTheFuture);
        assert_eq!(refused(with("exp", json!(NOW + 31 * 86_400))), Refused::LivesTooLong);
        assert_eq!(refused(with("nonce", json!("other"))), Refused::InvalidClaim);
        assert_eq!(refused(without("nonce")), Refused::InvalidClaim);
        assert_eq!(refused(without("sub")), Refused::MissingSubject);
        assert_eq!(refused(without("exp")), Refused::MissingExpiry);
        assert_eq!(refused(without("iat")), Refused::MissingIssuedAt);
        assert_eq!(verify(&keys, "a.b", None), Err(Refused::NotThreeParts));
        assert!(jwk::members_of_set("{}").is_err());
    }
}
