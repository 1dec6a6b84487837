//! What Better Auth's `session_data` cookie remembers of a session, in its three forms (docs/wire.md 5.6). Each form is a
//! kind of its own: a value of one is none of another.
//!
//! What is signed is the text as JavaScript writes it, because a reader in JavaScript parses it and writes it again before it
//! compares.

mod compact;
mod javascript;
mod jwe;
mod jwt;

use serde::Serialize;
use serde_json::{Map, Value};

pub use self::{compact::SessionDataCompact, jwe::SessionDataJwe, jwt::SessionDataJwt};
use crate::{
    CannotSign,
    json::{self, Members, Object, Text},
};

/// The longest value taken for one, in bytes: no head of a request has room for more.
pub const MAX_SESSION_DATA_BYTES: usize = 65_536;

/// What is to be remembered, as JSON text in the order of its members.
#[derive(Clone)]
pub struct SessionDataDraft(String);

impl SessionDataDraft {
    /// A session and its user as answers show them. `updated_at`: now, in milliseconds since 1970.
    ///
    /// # Errors
    /// [`CannotSign::Library`] when one of them is no JSON value.
    pub fn new(
        session: &impl Serialize,
        user: &impl Serialize,
        updated_at: i64,
        version: &str,
    ) -> Result<Self, CannotSign> {
        #[derive(Serialize)]
        #[serde(rename_all = "camelCase")]
        struct Members<'a, S, U> {
            session: &'a S,
            user: &'a U,
            updated_at: i64,
            version: &'a str,
        }
        javascript::stringify(&Members { session, user, updated_at, version }).map(Self).ok_or(CannotSign::Library)
    }

    /// The text with further members at its end.
    fn with(&self, members: &str) -> String {
        let open = self.0.strip_suffix('}').unwrap_or(&self.0);
        format!("{open},{members}}}")
    }
}

/// What a genuine value remembers. Whether its time has passed, and whose session it is, is not for it to say.
#[derive(Clone, PartialEq)]
pub struct SessionData {
    /// The session, with Better Auth's names.
    pub session: Map<String, Value>,
    /// Its user.
    pub user: Map<String, Value>,
    /// When it was written, in milliseconds since 1970.
    pub updated_at: i64,
    /// The version of its content.
    pub version: String,
    /// When it ends, in milliseconds since 1970.
    pub expires_at: i64,
}

impl std::fmt::Debug for SessionData {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("SessionData").field("updated_at", &self.updated_at).finish_non_exhaustive()
    }
}

impl SessionData {
    /// Reads what a signature was found to hold for. `end`: when it ends, if that stands beside and not in it.
    fn read(text: &str, end: Option<i64>) -> Option<Self> {
        let AnyMembers(mut members) = json::read_object(text.as_bytes()).ok()?;
        let mut object = |name: &str| match members.remove(name) {
            Some(Value::Object(object)) => Some(object),
            _ => None,
        };
        let (session, user) = (object("session")?, object("user")?);
        let version = match members.get("version") {
            None => FIRST_VERSION,
            Some(version) => version.as_str()?,
        };
        let expires_at = match end {
            Some(end) => end,
            None => members.get("exp")?.as_i64()?.checked_mul(1000)?,
        };
        Some(Self {
            session,
            user,
            updated_at: members.get("updatedAt")?.as_i64()?,
            version: version.to_owned(),
            expires_at,
        })
    }
}

/// The version of what names none.
const FIRST_VERSION: &str = "1";

#[derive(Default)]
struct AnyMembers(Map<String, Value>);

impl<'de> Object<'de> for AnyMembers {
    fn member<A: serde::de::MapAccess<'de>>(
        &mut self,
        name: Text<'de>,
        from: &mut Members<'_, A>,
    ) -> Result<bool, A::Error> {
        from.keep(name, &mut self.0)
    }
}
