//! The claims of an access token: owned, and borrowed from the decoded payload.

use serde::{Serialize, Serializer, de::MapAccess, ser::SerializeMap};
use serde_json::{Map, Value};

use crate::{
    Refused,
    json::{Member, Members, NumericDate, Object, Text, Texts, Unreadable, read_object},
};

/// Longest subject, in bytes.
const MAX_SUBJECT: usize = 255;

/// Names that have a field of their own and so may not stand among the custom claims.
pub const REGISTERED: [&str; 9] = ["sub", "email", "iat", "exp", "jti", "sid", "iss", "aud", "nbf"];

/// The claims of an access token, owned. Times are whole seconds since 1970.
#[derive(Clone, Debug, Default, PartialEq)]
#[non_exhaustive]
pub struct Claims {
    /// Who: the user's id (RFC 7519 section 4.1.2). Identity comes from here alone, never from `email`.
    pub sub: String,
    /// The address at the time of issue. Informative.
    pub email: Option<String>,
    /// When it was issued.
    pub iat: i64,
    /// From when on it is worth nothing.
    pub exp: i64,
    /// The token's own id.
    pub jti: Option<String>,
    /// The session it belongs to.
    pub sid: Option<String>,
    /// Who issued it.
    pub iss: Option<String>,
    /// For whom it is meant; empty when it says nothing.
    pub aud: Vec<String>,
    /// From when on it is valid.
    pub nbf: Option<i64>,
    /// All others.
    pub custom: Map<String, Value>,
}

impl Claims {
    /// The three claims every token has; the others are set on the fields.
    #[must_use]
    pub fn new(sub: impl Into<String>, iat: i64, exp: i64) -> Self {
        Self { sub: sub.into(), iat, exp, ..Self::default() }
    }
}

/// The members in the order of the fields; absent ones are left out, and a single audience is written as a string.
impl Serialize for Claims {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        let mut map = to.serialize_map(None)?;
        map.serialize_entry("sub", &self.sub)?;
        entry(&mut map, "email", self.email.as_ref())?;
        map.serialize_entry("iat", &self.iat)?;
        map.serialize_entry("exp", &self.exp)?;
        entry(&mut map, "jti", self.jti.as_ref())?;
        entry(&mut map, "sid", self.sid.as_ref())?;
        entry(&mut map, "iss", self.iss.as_ref())?;
        match self.aud.as_slice() {
            [] => {}
            [one] => map.serialize_entry("aud", one)?,
            several => map.serialize_entry("aud", several)?,
        }
        entry(&mut map, "nbf", self.nbf.as_ref())?;
        for (name, value) in &self.custom {
            map.serialize_entry(name, value)?;
        }
        map.end()
    }
}

fn entry<M: SerializeMap>(map: &mut M, name: &str, value: Option<&impl Serialize>) -> Result<(), M::Error> {
    value.map_or(Ok(()), |value| map.serialize_entry(name, value))
}

/// The same claims borrowed from the decoded payload; only text with escapes, audiences and custom claims allocate.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct ClaimsRef<'a> {
    /// See [`Claims::sub`].
    pub sub: Text<'a>,
    /// See [`Claims::email`].
    pub email: Option<Text<'a>>,
    /// See [`Claims::iat`]. A fraction is rounded up, so that it is never taken for earlier than it is.
    pub iat: i64,
    /// See [`Claims::exp`]. A fraction is rounded down, so that it is never taken for later than it is.
    pub exp: i64,
    /// See [`Claims::jti`].
    pub jti: Option<Text<'a>>,
    /// See [`Claims::sid`].
    pub sid: Option<Text<'a>>,
    /// See [`Claims::iss`].
    pub iss: Option<Text<'a>>,
    /// See [`Claims::aud`].
    pub aud: Vec<Text<'a>>,
    /// See [`Claims::nbf`]. A fraction is rounded up.
    pub nbf: Option<i64>,
    /// See [`Claims::custom`].
    pub custom: Map<String, Value>,
}

impl<'a> ClaimsRef<'a> {
    /// Reads and types the claims; says nothing about time.
    pub(crate) fn read(payload: &'a [u8]) -> Result<Self, Refused> {
        let raw: Raw<'a> = read_object(payload).map_err(|unreadable| match unreadable {
            Unreadable::NotAnObject => Refused::InvalidPayload,
            Unreadable::DuplicateMember => Refused::DuplicateMember,
        })?;
        Ok(Self {
            sub: subject(raw.sub.required(Refused::MissingSubject, Refused::InvalidSubject)?)?,
            exp: raw.exp.required(Refused::MissingExpiry, Refused::InvalidExpiry)?.floor,
            iat: raw.iat.required(Refused::MissingIssuedAt, Refused::InvalidIssuedAt)?.ceil,
            nbf: raw.nbf.optional(Refused::InvalidNotBefore)?.map(|nbf| nbf.ceil),
            email: raw.email.optional(Refused::InvalidClaim)?,
            jti: raw.jti.optional(Refused::InvalidClaim)?,
            sid: raw.sid.optional(Refused::InvalidClaim)?,
            iss: raw.iss.optional(Refused::InvalidClaim)?,
            aud: raw.aud.optional(Refused::InvalidClaim)?.map(|texts| texts.0).unwrap_or_default(),
            custom: raw.custom,
        })
    }

    /// The same, owned.
    #[must_use]
    pub fn into_owned(self) -> Claims {
        Claims {
            sub: self.sub.into_owned(),
            email: self.email.map(Text::into_owned),
            iat: self.iat,
            exp: self.exp,
            jti: self.jti.map(Text::into_owned),
            sid: self.sid.map(Text::into_owned),
            iss: self.iss.map(Text::into_owned),
            aud: self.aud.into_iter().map(Text::into_owned).collect(),
            nbf: self.nbf,
            custom: self.custom,
        }
    }
}

fn subject(sub: Text<'_>) -> Result<Text<'_>, Refused> {
    let fits = (1..=MAX_SUBJECT).contains(&sub.len()) && !sub.bytes().any(|byte| byte.is_ascii_control());
    if fits { Ok(sub) } else { Err(Refused::InvalidSubject) }
}

#[derive(Default)]
struct Raw<'a> {
    sub: Member<Text<'a>>,
    email: Member<Text<'a>>,
    iat: Member<NumericDate>,
    exp: Member<NumericDate>,
    jti: Member<Text<'a>>,
    sid: Member<Text<'a>>,
    iss: Member<Text<'a>>,
    aud: Member<Texts<'a>>,
    nbf: Member<NumericDate>,
    custom: Map<String, Value>,
}

impl<'de> Object<'de> for Raw<'de> {
    fn member<A: MapAccess<'de>>(&mut self, name: Text<'de>, from: &mut Members<'_, A>) -> Result<bool, A::Error> {
        match &*name {
            "sub" => from.fill(&mut self.sub),
            "email" => from.fill(&mut self.email),
            "iat" => from.fill(&mut self.iat),
            "exp" => from.fill(&mut self.exp),
            "jti" => from.fill(&mut self.jti),
            "sid" => from.fill(&mut self.sid),
            "iss" => from.fill(&mut self.iss),
            "aud" => from.fill(&mut self.aud),
            "nbf" => from.fill(&mut self.nbf),
            _ => from.keep(name, &mut self.custom),
        }
    }
}
