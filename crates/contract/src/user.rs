//! The user, and changing one's own.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

use crate::request::{Additional, Record};
use crate::{
    Answers, Endpoint, Field, Input, Issues, Method, PerhapsSignedIn, Request, SignedIn, SignedInOrCached, Text,
    email::LinkRequest, error::errors, request::request, session::StatusReply,
};

/// The longest name, in bytes.
pub const NAME_MAX: usize = 1024;
/// The longest address of a picture, in bytes; pictures may come as `data:` URLs.
pub const IMAGE_MAX: usize = 32_768;

/// A user, as every reply shows one. Members are in Better Auth's order (docs/wire.md 7.1).
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
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
    /// The additional fields.
    #[serde(flatten)]
    pub additional: Additional,
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
    type Auth = SignedInOrCached;
    type Request = UpdateRequest;
    type Reply = StatusReply;
    type Error = UpdateError;
}

/// What `POST /update-user` takes: a free record, of which `name`, `image` and additional fields are taken.
#[derive(Debug)]
pub struct UpdateRequest(pub Map<String, Value>);

impl Request for UpdateRequest {
    fn decode(input: Input<'_>) -> Result<Self, Issues> {
        Record::decode(input).map(|Record(members)| Self(members))
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

/// `POST /delete-user`.
#[derive(Debug)]
pub struct Delete;

impl Endpoint for Delete {
    const METHOD: Method = Method::Post;
    const PATH: &'static str = "/delete-user";
    const SUMMARY: &'static str = "Delete the caller, or mail them a link that does.";
    type Auth = SignedIn;
    type Request = DeleteRequest;
    type Reply = DeleteReply;
    type Error = DeleteError;
}

request! {
    /// What `POST /delete-user` takes.
    pub struct DeleteRequest { body;
        /// Where the link leads in the end.
        "callbackURL" => callback_url: Option<String>,
        /// The password; without it, and without a link, the session must be fresh.
        "password" => password: Option<String>,
        /// The secret of a link that was mailed.
        "token" => token: Option<String>,
    }
}

/// What deleting oneself answers.
#[derive(Clone, Serialize, JsonSchema)]
pub struct DeleteReply {
    /// Always true.
    pub success: bool,
    /// What was done, in words: deleted, or written to.
    pub message: &'static str,
}

errors! {
    /// Why the caller is not deleted.
    pub enum DeleteError {
        Disabled = 404 none "",
        PasswordTooLong = 400 "PASSWORD_TOO_LONG" "Password too long",
        CredentialAccountNotFound = 400 "CREDENTIAL_ACCOUNT_NOT_FOUND" "Credential account not found",
        InvalidPassword = 400 "INVALID_PASSWORD" "Invalid password",
        InvalidToken = 404 "INVALID_TOKEN" "Invalid token",
        SessionExpired = 400 "SESSION_EXPIRED" "Session expired. Re-authenticate to perform this action.",
    }
}

/// `GET /delete-user/callback`: the link in the mail.
#[derive(Debug)]
pub struct DeleteCallback;

impl Endpoint for DeleteCallback {
    const METHOD: Method = Method::Get;
    const PATH: &'static str = "/delete-user/callback";
    const SUMMARY: &'static str = "The link of a mail: deletes the caller, and sends on to callbackURL.";
    const LEADS_ELSEWHERE: bool = true;
    const ANSWERS: Answers = Answers::ReplyOrRedirect;
    type Auth = PerhapsSignedIn;
    type Request = LinkRequest;
    type Reply = DeleteReply;
    type Error = DeleteCallbackError;
}

errors! {
    /// Why the link deletes nobody.
    pub enum DeleteCallbackError {
        Disabled = 404 "NOT_FOUND" "Not found",
        FailedToGetUserInfo = 404 "FAILED_TO_GET_USER_INFO" "Failed to get user info",
        InvalidToken = 404 "INVALID_TOKEN" "Invalid token",
    }
}
