//! The user, and changing one's own.

use schemars::JsonSchema;
use serde::Serialize;
use serde_json::{Map, Value, json};

use crate::{Endpoint, Input, Issues, Method, Request, SignedIn, error::errors, session::StatusReply};

/// A user, as every reply shows one. Members are in Better Auth's order (wire contract 7.1).
#[derive(Clone, Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct User {
    /// The display name.
    pub name: String,
    /// The e-mail address, in lower case.
    pub email: String,
    /// Whether the address was proven.
    pub email_verified: bool,
    /// The address of a picture.
    pub image: Option<String>,
    /// When the user was created: ISO 8601, UTC, milliseconds.
    pub created_at: String,
    /// When the user last changed.
    pub updated_at: String,
    /// The roles, joined by commas.
    pub role: Option<String>,
    /// Whether the user is suspended.
    pub banned: Option<bool>,
    /// Why.
    pub ban_reason: Option<String>,
    /// Until when; none means for good.
    pub ban_expires: Option<String>,
    /// The user's id.
    pub id: String,
}

/// `POST /update-user`.
#[derive(Debug)]
pub struct Update;

impl Endpoint for Update {
    const METHOD: Method = Method::Post;
    const PATH: &'static str = "/update-user";
    const SUMMARY: &'static str = "Change the caller's name or picture.";
    type Auth = SignedIn;
    type Request = UpdateRequest;
    type Reply = StatusReply;
    type Error = UpdateError;
}

/// What `POST /update-user` takes: a free record, of which `name` and `image` are taken.
#[derive(Debug)]
pub struct UpdateRequest(pub Map<String, Value>);

impl Request for UpdateRequest {
    fn decode(input: Input<'_>) -> Result<Self, Issues> {
        match input.body {
            Some(Value::Object(members)) => Ok(Self(members.clone())),
            other => {
                let mut issues = Issues::default();
                issues.note_type("record", other, "body");
                Err(issues)
            }
        }
    }
    fn body_schema() -> Option<Value> {
        Some(json!({
            "type": "object",
            "properties": { "name": { "type": "string" }, "image": { "type": ["string", "null"] } },
        }))
    }
}

errors! {
    /// Why a change to a user is refused.
    pub enum UpdateError {
        EmailCanNotBeUpdated = 400 "EMAIL_CAN_NOT_BE_UPDATED" "Email can not be updated",
        FieldNotAllowed = 400 "FIELD_NOT_ALLOWED" "Field not allowed to be set",
        NoFields = 400 none "No fields to update",
        InvalidName = 400 "VALIDATION_ERROR" "Validation Error",
    }
}
