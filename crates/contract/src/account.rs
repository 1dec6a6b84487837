//! The accounts of a user: the ways in which one can prove to be that user.

use schemars::JsonSchema;
use serde::Serialize;
use serde_json::{Map, Value, json};

use crate::session::StatusReply;
use crate::{
    Endpoint, FreshlySignedIn, Input, Issues, Method, PerhapsSignedIn, Request, SignedInOrCached, error::Never,
    error::errors, request::request,
};

/// An account, as every reply shows one. Members are in Better Auth's order (docs/wire.md 7.1); tokens and hashes are never
/// shown.
#[derive(Clone, Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Account {
    /// What the provider calls the user; for a password, the user's own id.
    pub account_id: String,
    /// Who vouches: `credential` for a password.
    pub provider_id: String,
    /// Whose it is.
    pub user_id: String,
    /// When it was linked: ISO 8601, UTC, milliseconds.
    pub created_at: String,
    /// When it last changed.
    pub updated_at: String,
    /// The account's id, by which it is unlinked.
    pub id: String,
    /// What the user let us do at the provider.
    pub scopes: Vec<String>,
}

/// `GET /list-accounts`.
#[derive(Debug)]
pub struct List;

impl Endpoint for List {
    const METHOD: Method = Method::Get;
    const PATH: &'static str = "/list-accounts";
    const SUMMARY: &'static str = "The caller's accounts: the ways in which the caller can sign in.";
    type Auth = SignedInOrCached;
    type Request = ();
    type Reply = Vec<Account>;
    type Error = Never;
}

/// `POST /unlink-account`.
#[derive(Debug)]
pub struct Unlink;

impl Endpoint for Unlink {
    const METHOD: Method = Method::Post;
    const PATH: &'static str = "/unlink-account";
    const SUMMARY: &'static str = "Remove one of the caller's accounts, unless it is the last.";
    type Auth = FreshlySignedIn;
    type Request = UnlinkRequest;
    type Reply = StatusReply;
    type Error = UnlinkError;
}

request! {
    /// What `POST /unlink-account` takes.
    pub struct UnlinkRequest { body;
        /// The id of the account, as the list shows it.
        "accountId" => account_id: String,
    }
}

errors! {
    /// Why an account is not removed.
    pub enum UnlinkError {
        Last = 400 "FAILED_TO_UNLINK_LAST_ACCOUNT" "You can't unlink your last account",
        NotFound = 400 "ACCOUNT_NOT_FOUND" "Account not found",
    }
}

/// `POST /get-access-token`.
#[derive(Debug)]
pub struct GetAccessToken;

impl Endpoint for GetAccessToken {
    const METHOD: Method = Method::Post;
    const PATH: &'static str = "/get-access-token";
    const SUMMARY: &'static str = "What opens the API of an identity provider for the caller, renewed where it is due.";
    type Auth = PerhapsSignedIn;
    type Request = SelectionRequest;
    type Reply = AccessTokenReply;
    type Error = AccessTokenError;
}

/// What `POST /get-access-token` answers.
#[derive(Clone, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct AccessTokenReply {
    /// The provider's access token.
    pub access_token: String,
    /// When it ends, if that is known: ISO 8601, UTC, milliseconds.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub access_token_expires_at: Option<String>,
    /// What the user let us do there.
    pub scopes: Vec<String>,
    /// What the provider said of the user, signed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub id_token: Option<String>,
}

errors! {
    /// Why there is no access token of a provider.
    pub enum AccessTokenError {
        Unauthorized = 401 none "",
        NotFound = 400 "ACCOUNT_NOT_FOUND" "Account not found",
        ProviderNotSupported = 400 "PROVIDER_NOT_SUPPORTED" "Provider is not supported.",
        Failed = 400 "FAILED_TO_GET_ACCESS_TOKEN" "Failed to get a valid access token",
    }
}

/// `POST /refresh-token`.
#[derive(Debug)]
pub struct RefreshToken;

impl Endpoint for RefreshToken {
    const METHOD: Method = Method::Post;
    const PATH: &'static str = "/refresh-token";
    const SUMMARY: &'static str = "Renew what opens the API of an identity provider for the caller.";
    type Auth = PerhapsSignedIn;
    type Request = SelectionRequest;
    type Reply = RefreshTokenReply;
    type Error = RefreshTokenError;
}

/// What `POST /refresh-token` answers.
#[derive(Clone, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct RefreshTokenReply {
    /// The provider's access token.
    pub access_token: String,
    /// What the next one is had for.
    pub refresh_token: String,
    /// When the access token ends, if that is known: ISO 8601, UTC, milliseconds.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub access_token_expires_at: Option<String>,
    /// When the refresh token ends, if that is known.
    pub refresh_token_expires_at: Option<String>,
    /// What the user let us do there, joined by commas.
    pub scope: Option<String>,
    /// What the provider said of the user, signed.
    pub id_token: Option<String>,
    /// The provider.
    pub provider_id: String,
    /// The account's id.
    pub account_id: String,
}

errors! {
    /// Why nothing is renewed.
    pub enum RefreshTokenError {
        Unauthorized = 401 none "",
        NotFound = 400 "ACCOUNT_NOT_FOUND" "Account not found",
        ProviderNotSupported = 400 "PROVIDER_NOT_SUPPORTED" "Provider is not supported.",
        NoRefreshToken = 400 "REFRESH_TOKEN_NOT_FOUND" "Refresh token not found",
        Failed = 400 "FAILED_TO_REFRESH_ACCESS_TOKEN" "Failed to refresh access token",
    }
}

/// `GET /account-info`.
#[derive(Debug)]
pub struct Info;

impl Endpoint for Info {
    const METHOD: Method = Method::Get;
    const PATH: &'static str = "/account-info";
    const SUMMARY: &'static str = "What an identity provider says of the caller now.";
    type Auth = PerhapsSignedIn;
    type Request = SelectionQuery;
    type Reply = InfoReply;
    type Error = InfoError;
}

/// What `GET /account-info` answers.
#[derive(Clone, Serialize, JsonSchema)]
pub struct InfoReply {
    /// What we take from it.
    pub user: ProviderUser,
    /// All of it.
    pub data: Map<String, Value>,
    /// The account.
    pub account: InfoAccount,
}

/// A user, as a provider knows them.
#[derive(Clone, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct ProviderUser {
    /// The e-mail address.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub email: Option<String>,
    /// Whether the provider has seen that it is theirs.
    pub email_verified: bool,
    /// The address of a picture.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub image: Option<String>,
    /// The name.
    pub name: String,
}

/// Which account it is.
#[derive(Clone, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct InfoAccount {
    /// The account's id.
    pub id: String,
    /// The provider.
    pub provider_id: String,
    /// What the provider calls the user.
    pub account_id: String,
}

errors! {
    /// Why a provider says nothing.
    pub enum InfoError {
        Unauthorized = 401 none "",
        NotFound = 400 "ACCOUNT_NOT_FOUND" "Account not found",
        ProviderNotConfigured = 400 "PROVIDER_NOT_CONFIGURED" "Account is not associated with a configured social provider.",
        Failed = 400 "FAILED_TO_GET_ACCESS_TOKEN" "Failed to get a valid access token",
        NoAccessToken = 400 "ACCESS_TOKEN_NOT_FOUND" "Access token not found",
        NoUser = 401 "FAILED_TO_GET_USER_INFO" "Failed to get user info",
    }
}

/// Which account is meant, in a body: its id. The account of a cookie, which Better Auth can keep, is none here.
pub struct SelectionRequest(pub Selection);

/// The same, in a query.
pub struct SelectionQuery(pub Selection);

/// An account.
pub enum Selection {
    /// The one with this id.
    Id(String),
    /// The one a cookie holds.
    Cookie,
}

impl Selection {
    /// Exactly one of two shapes, as Better Auth asks.
    fn of(members: Option<&Map<String, Value>>, place: &str) -> Result<Self, Issues> {
        let issue = |text: &str| {
            let mut issues = Issues::default();
            issues.note(place, text);
            issues
        };
        let invalid = || issue("Invalid input");
        let members = members.ok_or_else(invalid)?;
        let selection = match (members.get("accountId"), members.get("useAccountCookie")) {
            (Some(Value::String(id)), None) => Self::Id(id.clone()),
            (None, Some(Value::Bool(true))) => Self::Cookie,
            _ => return Err(invalid()),
        };
        if !matches!(members.get("userId"), None | Some(Value::String(_))) {
            return Err(invalid());
        }
        let known = ["accountId", "useAccountCookie", "userId"];
        let unknown = members.keys().filter(|name| !known.contains(&name.as_str()));
        let unknown: Vec<String> = unknown.map(|name| format!("\"{name}\"")).collect();
        match unknown.as_slice() {
            [] => Ok(selection),
            [one] => Err(issue(&format!("Unrecognized key: {one}"))),
            more => Err(issue(&format!("Unrecognized keys: {}", more.join(", ")))),
        }
    }
}

impl Request for SelectionRequest {
    fn decode(input: Input<'_>) -> Result<Self, Issues> {
        Selection::of(input.body.and_then(Value::as_object), "body").map(Self)
    }
    fn body_schema() -> Option<Value> {
        let text = json!({ "type": "string" });
        Some(json!({
            "type": "object",
            "properties": { "accountId": text, "userId": text },
            "required": ["accountId"],
            "additionalProperties": false,
        }))
    }
}

impl Request for SelectionQuery {
    fn decode(input: Input<'_>) -> Result<Self, Issues> {
        let mut members = Map::new();
        for (name, value) in &input.query.0 {
            if members.insert(name.clone(), value.clone().into()).is_some() {
                return Selection::of(None, "query").map(Self);
            }
        }
        Selection::of(Some(&members), "query").map(Self)
    }
    fn body_schema() -> Option<Value> {
        None
    }
    fn query_names() -> &'static [&'static str] {
        &["accountId", "userId"]
    }
    fn required_query_names() -> &'static [&'static str] {
        &["accountId"]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_account_is_selected_in_exactly_one_way() {
        let selected = |body: Value| match SelectionRequest::decode(Input::body(&body)) {
            Ok(SelectionRequest(Selection::Id(id))) => id,
            Ok(SelectionRequest(Selection::Cookie)) => "the cookie's".to_owned(),
            Err(issues) => issues.sentence(),
        };
        assert_eq!(selected(json!({ "accountId": "a" })), "a");
        assert_eq!(selected(json!({ "accountId": "a", "userId": "u" })), "a");
        assert_eq!(selected(json!({ "useAccountCookie": true })), "the cookie's");
        for wrong in [
            json!({}),
            json!([]),
            json!({ "accountId": 1 }),
            json!({ "accountId": "a", "userId": 1 }),
            json!({ "accountId": "a", "useAccountCookie": true }),
            json!({ "useAccountCookie": false }),
            json!({ "providerId": "mock" }),
        ] {
            assert_eq!(selected(wrong.clone()), "[body] Invalid input", "{wrong}");
        }
        assert_eq!(selected(json!({ "accountId": "a", "more": 1 })), "[body] Unrecognized key: \"more\"");
    }
}
