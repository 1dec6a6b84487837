//! The header of a token, read strictly (RFC 7515 section 4).

use serde::de::MapAccess;
use serde_json::{Map, Value};

use crate::{
    Refused,
    json::{Member, Members, Object, Present, Text, Unreadable, read_object},
    keys::Algorithm,
};

/// What of a header is used. `jwk`, `jku`, `x5u` and `x5c` are read past: no key ever comes from a token.
pub(crate) struct Header<'a> {
    pub(crate) algorithm: Algorithm,
    pub(crate) kid: Option<Text<'a>>,
    pub(crate) typ: Option<Text<'a>>,
}

impl<'a> Header<'a> {
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

    /// An access token (RFC 9068 section 2.1), a plain JWT, or unnamed; `application/` may stand before it and case does
    /// not matter (RFC 7515 section 4.1.9). Any other name is another kind of token.
    pub(crate) fn demand_access_token(&self) -> Result<(), Refused> {
        let Some(typ) = self.typ.as_deref() else {
            return Ok(());
        };
        let typ = typ.to_ascii_lowercase();
        match typ.strip_prefix("application/").unwrap_or(&typ) {
            "at+jwt" | "jwt" => Ok(()),
            _ => Err(Refused::WrongType),
        }
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
