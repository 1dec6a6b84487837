//! The header of a token, read strictly (RFC 7515 section 4).

use std::str::FromStr;

use serde::de::MapAccess;
use serde_json::{Map, Value};

use crate::{
    Refused,
    json::{Member, Members, Object, Present, Text, Unreadable, read_object},
    keys::Algorithm,
    service_token,
};

/// What of a header is used. `jwk`, `jku`, `x5u` and `x5c` are read past: no key ever comes from a token.
pub(crate) struct Header<'a, A = Algorithm> {
    pub(crate) algorithm: A,
    pub(crate) kid: Option<Text<'a>>,
    pub(crate) typ: Option<Text<'a>>,
}

impl<'a, A: FromStr> Header<'a, A> {
    pub(crate) fn read(bytes: &'a [u8]) -> Result<Self, Refused> {
        let raw: Raw<'a> = read_object(bytes).map_err(|unreadable| match unreadable {
            Unreadable::NotAnObject => Refused::InvalidHeader,
            Unreadable::DuplicateMember => Refused::DuplicateMember,
        })?;
        if !matches!((raw.crit, raw.b64), (Member::Absent, Member::Absent)) {
            return Err(Refused::UnsupportedExtension);
        }
        let algorithm = raw.alg.required(Refused::UnsupportedAlgorithm, Refused::UnsupportedAlgorithm)?;
        Ok(Self {
            algorithm: algorithm.parse().map_err(|_| Refused::UnsupportedAlgorithm)?,
            kid: raw.kid.optional(Refused::InvalidHeaderMember)?,
            typ: raw.typ.optional(Refused::InvalidHeaderMember)?,
        })
    }

    /// A plain JWT, or unnamed (OpenID Connect Core says nothing of it).
    pub(crate) fn demand_id_token(&self) -> Result<(), Refused> {
        match self.type_name().as_deref() {
            None | Some("jwt") => Ok(()),
            Some(_) => Err(Refused::WrongType),
        }
    }

    /// An access token (RFC 9068 section 2.1), a plain JWT, or unnamed; `application/` may stand before it and case does
    /// not matter (RFC 7515 section 4.1.9). Any other name is another kind of token.
    pub(crate) fn demand_access_token(&self) -> Result<(), Refused> {
        match self.type_name().as_deref() {
            None | Some("at+jwt" | "jwt") => Ok(()),
            Some(_) => Err(Refused::WrongType),
        }
    }

    /// A service token, and said to be one.
    pub(crate) fn demand_service_token(&self) -> Result<(), Refused> {
        if self.type_name().as_deref() == Some(service_token::TYPE) { Ok(()) } else { Err(Refused::WrongType) }
    }

    fn type_name(&self) -> Option<String> {
        let typ = self.typ.as_deref()?.to_ascii_lowercase();
        Some(typ.strip_prefix("application/").map_or(typ.clone(), str::to_owned))
    }
}

#[derive(Default)]
struct Raw<'a> {
    alg: Member<Text<'a>>,
    kid: Member<Text<'a>>,
    typ: Member<Text<'a>>,
    crit: Member<Present>,
    b64: Member<Present>,
    others: Map<String, Value>,
}

impl<'de> Object<'de> for Raw<'de> {
    fn member<A: MapAccess<'de>>(&mut self, name: Text<'de>, from: &mut Members<'_, A>) -> Result<bool, A::Error> {
        match &*name {
            "alg" => from.fill(&mut self.alg),
            "kid" => from.fill(&mut self.kid),
            "typ" => from.fill(&mut self.typ),
            "crit" => from.fill(&mut self.crit),
            "b64" => from.fill(&mut self.b64),
            _ => from.keep(name, &mut self.others),
        }
    }
}
