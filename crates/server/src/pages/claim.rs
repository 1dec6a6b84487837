//! What an access token says, member by member.

use countersign_engine::db::Timestamp;
use countersign_token::decode_unverified;
use serde_json::{Map, Value};

use super::page::Site;
use super::when::When;

/// One member of a token's header or payload.
#[derive(Clone, Debug)]
pub(crate) struct Claim {
    pub(crate) name: String,
    pub(crate) value: String,
    /// What it means; empty where nobody knows.
    pub(crate) meaning: String,
    /// The instant it stands for.
    pub(crate) when: Option<When>,
}

/// The members of a token we minted: header and payload.
pub(crate) fn claims(site: &Site, token: &str) -> (Vec<Claim>, Vec<Claim>) {
    let decoded = decode_unverified(token).ok();
    let members = |part: Option<&Value>| part.and_then(Value::as_object).map(|it| read(site, it)).unwrap_or_default();
    (members(decoded.as_ref().map(|token| &token.header)), members(decoded.as_ref().map(|token| &token.payload)))
}

fn read(site: &Site, members: &Map<String, Value>) -> Vec<Claim> {
    members.iter().map(|(name, value)| claim(site, name, value)).collect()
}

fn claim(site: &Site, name: &str, value: &Value) -> Claim {
    let is_date = matches!(name, "iat" | "exp" | "nbf");
    let at = value.as_i64().filter(|_| is_date).map(Timestamp::from_seconds);
    let value = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
    let meaning = meaning(site, name).to_owned();
    Claim { name: name.to_owned(), value, meaning, when: at.map(|at| When::of(site, at)) }
}

/// RFC 7515 section 4.1, RFC 7519 section 4.1, RFC 9068 section 2.1.
fn meaning<'a>(site: &'a Site, name: &str) -> &'a str {
    let claims = &site.claims;
    match name {
        "alg" => claims.alg(),
        "typ" => claims.typ(),
        "kid" => claims.kid(),
        "sub" => claims.sub(),
        "email" => claims.email(),
        "iat" => claims.iat(),
        "nbf" => claims.nbf(),
        "exp" => claims.exp(),
        "jti" => claims.jti(),
        "sid" => claims.sid(),
        "iss" => claims.iss(),
        "aud" => claims.aud(),
        _ => "",
    }
}
