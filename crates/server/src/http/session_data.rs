//! The cache cookie `session_data` in the words of the wire (docs/wire.md 5.6).

use std::sync::Arc;

use countersign_contract::{session as wire, user};
use countersign_engine::db::Timestamp;
use countersign_engine::{Caller, Error, Remembered};
use serde_json::{Map, Value};

use super::{session, user as users};
use crate::app::App;

/// What the cookie is to say of a session and its user: what answers say of them.
pub(crate) fn of(app: &App, caller: &Caller, dont_remember: bool) -> Result<String, Error> {
    app.engine.session_data(&session::wire(&caller.session), &users::wire(&caller.user), dont_remember)
}

/// What a cookie says, if it is genuine and about the session with this token.
pub(crate) fn read(app: &App, raw: &str, token: &str) -> Option<Remembered> {
    let data = app.engine.read_session_data(raw)?;
    let (session, user): (wire::Session, user::User) = (object(data.session)?, object(data.user)?);
    let caller = Caller { session: Arc::new(session::row(app, session)?), user: Arc::new(users::row(app, user)?) };
    (caller.session.token == token).then(|| Remembered {
        caller,
        written_at: Timestamp::from_millis(data.updated_at),
        ends_at: Timestamp::from_millis(data.expires_at),
    })
}

fn object<T: serde::de::DeserializeOwned>(members: Map<String, Value>) -> Option<T> {
    serde_json::from_value(Value::Object(members)).ok()
}
