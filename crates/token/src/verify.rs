//! Verifying a token: the signature first, the claims only after it held.

use std::ops::Deref;

use serde_json::Value;

use crate::{
    Claims, ClaimsRef, KeySet, Policy, Refused, VerifyingKey, base64,
    header::Header,
    json::{Members, Object, Text, Unreadable, read_object},
};

/// A longer token is refused before any decoding.
pub const MAX_TOKEN_BYTES: usize = 8192;

/// Keys and a policy: all that is needed to judge a token. Share one, behind an `Arc` where tasks need it.
#[derive(Clone, Debug)]
pub struct Verifier {
    keys: KeySet,
    policy: Policy,
}

impl Verifier {
    /// A verifier with these keys and this policy.
    #[must_use]
    pub fn new(keys: KeySet, policy: Policy) -> Self {
        Self { keys, policy }
    }

    /// Puts other keys in the place of these, in all clones of this verifier at once.
    pub fn replace_keys(&self, keys: impl IntoIterator<Item = VerifyingKey>) {
        self.keys.replace(keys);
    }

    /// How often a key other than the first was needed since the start, by this verifier and its clones. When that stands
    /// still, no live token depends on the others.
    #[must_use]
    pub fn old_key_uses(&self) -> u64 {
        self.keys.old_uses()
    }

    /// Verifies a token at `now` (seconds since 1970). The claims borrow from `scratch`, which is reused between calls.
    ///
    /// # Errors
    /// [`Refused`], the first reason met: form, header, key, signature, then types of claims, times, issuer, audience.
    pub fn verify<'s>(
        &self,
        token: &str,
        now: i64,
        scratch: &'s mut Scratch,
    ) -> Result<Verified<ClaimsRef<'s>>, Refused> {
        let payload = self.authenticate(token, Kind::Access)?;
        base64::decode_into(payload, &mut scratch.payload)?;
        let claims = ClaimsRef::read(&scratch.payload)?;
        self.policy.check(&claims, now)?;
        Ok(Verified(claims))
    }

    /// The same with owned claims.
    ///
    /// # Errors
    /// As [`Verifier::verify`].
    pub fn verify_owned(&self, token: &str, now: i64) -> Result<Verified<Claims>, Refused> {
        let mut scratch = Scratch::new();
        self.verify(token, now, &mut scratch).map(|verified| Verified(verified.0.into_owned()))
    }

    /// Checks header and signature alone and gives the payload's bytes, which need not be claims (RFC 7515 section 5.2).
    /// For foreign test vectors and tools; it admits nobody.
    ///
    /// # Errors
    /// [`Refused`] for form, header, key and signature.
    pub fn verify_signature_only(&self, token: &str) -> Result<Vec<u8>, Refused> {
        base64::decode(self.authenticate(token, Kind::Any)?)
    }

    /// The claims of a service token, under the same keys and a policy of its own.
    pub(crate) fn verify_service_token(&self, token: &str, policy: &Policy, now: i64) -> Result<Claims, Refused> {
        let payload = base64::decode(self.authenticate(token, Kind::Service)?)?;
        let claims = ClaimsRef::read(&payload)?;
        policy.check(&claims, now)?;
        Ok(claims.into_owned())
    }

    /// The part that holds the payload, once the signature over it held.
    fn authenticate<'t>(&self, token: &'t str, kind: Kind) -> Result<&'t str, Refused> {
        let parts = Parts::split(token)?;
        let keys = self.keys.now();
        if let Some(key) = keys.minted(parts.header).filter(|_| kind != Kind::Service) {
            // One of our own headers, byte for byte: nothing in it is left to read.
            keys.verify(key.algorithm(), key.kid(), parts.signed, parts.signature)?;
        } else {
            let bytes = base64::decode(parts.header)?;
            let header: Header<'_> = Header::read(&bytes)?;
            match kind {
                Kind::Access => header.demand_access_token()?,
                Kind::Service => header.demand_service_token()?,
                Kind::Any => {}
            }
            keys.verify(header.algorithm, header.kid.as_deref(), parts.signed, parts.signature)?;
        }
        Ok(parts.payload)
    }
}

/// What kind of token is asked for.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    Access,
    Service,
    /// Whatever it is: nobody is admitted by it.
    Any,
}

/// Memory for one decoded payload, to be reused.
#[derive(Clone, Default)]
pub struct Scratch {
    payload: Vec<u8>,
}

impl Scratch {
    /// Empty; it grows to the longest payload met, at most 6 KiB.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }
}

impl std::fmt::Debug for Scratch {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Scratch")
    }
}

/// Proof that the claims come from a token whose signature held and whose claims satisfied the policy. Only a
/// [`Verifier`] makes one.
#[derive(Clone, Debug, PartialEq)]
pub struct Verified<T>(T);

impl<T> Verified<T> {
    /// The claims, no longer proven.
    #[must_use]
    pub fn into_inner(self) -> T {
        self.0
    }
}

impl<T> Deref for Verified<T> {
    type Target = T;

    fn deref(&self) -> &T {
        &self.0
    }
}

/// What a token says of itself. Anyone can have written it.
#[derive(Clone, Debug, PartialEq)]
pub struct Unverified {
    /// The header.
    pub header: Value,
    /// The payload.
    pub payload: Value,
}

/// Decodes a token for display **without verifying anything**. Never decide on what this returns.
///
/// # Errors
/// [`Refused`] when the token is too long, not three parts, not strict base64url, or not two JSON objects.
pub fn decode_unverified(token: &str) -> Result<Unverified, Refused> {
    let parts = Parts::split(token)?;
    Ok(Unverified {
        header: object(parts.header, Refused::InvalidHeader)?,
        payload: object(parts.payload, Refused::InvalidPayload)?,
    })
}

fn object(part: &str, refused: Refused) -> Result<Value, Refused> {
    match read_object::<AnyObject>(&base64::decode(part)?) {
        Ok(AnyObject(members)) => Ok(Value::Object(members)),
        Err(Unreadable::NotAnObject) => Err(refused),
        Err(Unreadable::DuplicateMember) => Err(Refused::DuplicateMember),
    }
}

#[derive(Default)]
struct AnyObject(serde_json::Map<String, Value>);

impl<'de> Object<'de> for AnyObject {
    fn member<A: serde::de::MapAccess<'de>>(
        &mut self,
        name: Text<'de>,
        from: &mut Members<'_, A>,
    ) -> Result<bool, A::Error> {
        from.keep(name, &mut self.0)
    }
}

/// The three parts of a token, still encoded.
pub(crate) struct Parts<'t> {
    pub(crate) header: &'t str,
    pub(crate) payload: &'t str,
    pub(crate) signature: &'t str,
    /// Header, dot and payload: what the signature is over.
    pub(crate) signed: &'t [u8],
}

impl<'t> Parts<'t> {
    pub(crate) fn split(token: &'t str) -> Result<Self, Refused> {
        if token.len() > MAX_TOKEN_BYTES {
            return Err(Refused::TooLong);
        }
        let (signed, signature) = token.rsplit_once('.').ok_or(Refused::NotThreeParts)?;
        let (header, payload) = signed.split_once('.').ok_or(Refused::NotThreeParts)?;
        if payload.contains('.') {
            return Err(Refused::NotThreeParts);
        }
        Ok(Self { header, payload, signature, signed: signed.as_bytes() })
    }
}
