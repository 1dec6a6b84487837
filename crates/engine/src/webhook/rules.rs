//! What a message says.

use serde_json::{Map, Value, json};

use super::Kind;
use crate::{Session, User};

/// A message as it is sent (Standard Webhooks, "Payload structure"): what happened, when, and to whom.
pub(crate) fn payload(kind: Kind, at: &str, data: Value) -> String {
    json!({ "type": kind.name(), "timestamp": at, "data": data }).to_string()
}

/// A user under the names the wire has, without what is never shown.
pub(crate) fn user(user: &User) -> Value {
    let mut data = Map::new();
    let mut put = |name: &str, value: Value| data.insert(name.to_owned(), value);
    put("id", user.id.as_str().into());
    put("name", user.name.as_str().into());
    put("email", user.email.as_str().into());
    put("emailVerified", user.email_verified.into());
    put("image", user.image.as_deref().into());
    put("createdAt", user.created_at.to_iso().into());
    put("updatedAt", user.updated_at.to_iso().into());
    put("role", user.role.as_deref().into());
    put("banned", user.banned.into());
    put("banReason", user.ban_reason.as_deref().into());
    put("banExpires", user.ban_expires.map(|at| at.to_iso()).into());
    for (name, value) in user.additional.shown() {
        put(name, value.to_json());
    }
    Value::Object(data)
}

/// A user who is no more.
pub(crate) fn former_user(id: &str) -> Value {
    json!({ "id": id })
}

/// A new session, without its token.
pub(crate) fn session(session: &Session) -> Value {
    json!({
        "id": session.id,
        "userId": session.user_id,
        "createdAt": session.created_at.to_iso(),
        "expiresAt": session.expires_at.to_iso(),
        "ipAddress": session.ip_address,
        "userAgent": session.user_agent,
    })
}

/// Sessions that ended together.
pub(crate) fn ended(user_id: &str, ids: &[&str]) -> Value {
    json!({ "userId": user_id, "sessionIds": ids })
}
