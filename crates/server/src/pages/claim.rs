//! What an access token says, member by member.

use countersign_engine::db::Timestamp;
use countersign_token::decode_unverified;
use serde_json::{Map, Value};

use super::when::When;

/// One member of a token's header or payload.
#[derive(Clone, Debug)]
pub(crate) struct Claim {
    pub(crate) name: String,
    pub(crate) value: String,
    /// What it means; empty where nobody knows.
    pub(crate) meaning: &'static str,
    /// The instant it stands for.
    pub(crate) when: Option<When>,
}

/// The members of a token we minted: header and payload.
pub(crate) fn claims(token: &str) -> (Vec<Claim>, Vec<Claim>) {
    let decoded = decode_unverified(token).ok();
    let members = |part: Option<&Value>| part.and_then(Value::as_object).map(read).unwrap_or_default();
    (members(decoded.as_ref().map(|token| &token.header)), members(decoded.as_ref().map(|token| &token.payload)))
}

fn read(members: &Map<String, Value>) -> Vec<Claim> {
    members.iter().map(|(name, value)| claim(name, value)).collect()
}

fn claim(name: &str, value: &Value) -> Claim {
    let is_date = matches!(name, "iat" | "exp" | "nbf");
    let when = value.as_i64().filter(|_| is_date).map(|seconds| When::of(Timestamp::from_seconds(seconds)));
    let value = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
    Claim { name: name.to_owned(), value, meaning: meaning(name), when }
}

/// RFC 7515 section 4.1, RFC 7519 section 4.1, RFC 9068 section 2.1.
fn meaning(name: &str) -> &'static str {
    match name {
        "alg" => "how it is signed",
        "typ" => "what it is",
        "kid" => "which key signed it",
        "sub" => "whose it is: your id",
        "email" => "your e-mail address",
        "iat" => "issued",
        "nbf" => "not valid before",
        "exp" => "valid until",
        "jti" => "this very token",
        "sid" => "the session it belongs to",
        "iss" => "who issued it",
        "aud" => "whom it is meant for",
        _ => "",
    }
}
