//! The user, and changing one's own.

use schemars::JsonSchema;
use serde::Serialize;
use serde_json::{Map, Value, json};

use crate::{Endpoint, Field, Input, Issues, Method, Request, SignedIn, Text, error::errors, session::StatusReply};

/// The longest name, in bytes.
pub const NAME_MAX: usize = 1024;
/// The longest address of a picture, in bytes; pictures may come as `data:` URLs.
pub const IMAGE_MAX: usize = 32_768;

/// A user, as every reply shows one. Members are in Better Auth's order (docs/wire.md 7.1).
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

impl UpdateRequest {
    /// The new name, if one is given.
    ///
    /// # Errors
    /// What is wrong with it.
    pub fn name(&self) -> Result<Option<String>, Issues> {
        self.member::<NAME_MAX>("name")
    }

    /// The new picture, if one is given; the inner `None` removes it.
    ///
    /// # Errors
    /// What is wrong with it.
    pub fn image(&self) -> Result<Option<Option<String>>, Issues> {
        match self.0.get("image") {
            Some(Value::Null) => Ok(Some(None)),
            _ => Ok(self.member::<IMAGE_MAX>("image")?.map(Some)),
        }
    }

    fn member<const MAX: usize>(&self, name: &str) -> Result<Option<String>, Issues> {
        let mut issues = Issues::default();
        let text = Option::<Text<MAX>>::decode(self.0.get(name), &format!("body.{name}"), &mut issues);
        text.map(|text| text.map(|text| text.0)).ok_or(issues)
    }
}

errors! {
    /// Why a change to a user is refused.
    pub enum UpdateError {
        EmailCanNotBeUpdated = 400 "EMAIL_CAN_NOT_BE_UPDATED" "Email can not be updated",
        FieldNotAllowed = 400 "FIELD_NOT_ALLOWED" "Field not allowed to be set",
        NoFields = 400 none "No fields to update",
        Invalid = 400 "VALIDATION_ERROR" "Validation Error",
    }
}
