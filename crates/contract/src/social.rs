//! Signing in at an identity provider, and linking an account there (docs/wire.md 8).

use schemars::JsonSchema;
use serde::Serialize;
use serde_json::{Map, Value, json};

use crate::{
    Answers, Anyone, Endpoint, Field, Input, Issues, Method, Never, Request, SignedIn, error::errors, request::request,
    user::User,
};

/// `POST /sign-in/social`.
#[derive(Debug)]
pub struct SignIn;

impl Endpoint for SignIn {
    const METHOD: Method = Method::Post;
    const PATH: &'static str = "/sign-in/social";
    const SUMMARY: &'static str = "The address of an identity provider at which somebody signs in.";
    type Auth = Anyone;
    type Request = SignInRequest;
    type Reply = SignInReply;
    type Error = SignInError;
}

request! {
    /// What `POST /sign-in/social` takes.
    pub struct SignInRequest { body;
        /// Where it leads in the end.
        "callbackURL" => callback_url: Option<String>,
        /// Where it leads a user who is new.
        "newUserCallbackURL" => new_user_callback_url: Option<String>,
        /// Where it leads where it fails.
        "errorCallbackURL" => error_callback_url: Option<String>,
        /// The provider.
        "provider" => provider: Provider,
        /// Whether the client stays where it is.
        "disableRedirect" => disable_redirect: Option<bool>,
        /// What the provider says of the user, signed, where the frontend has been there already.
        "idToken" => id_token: Option<SignInIdToken>,
        /// What the user shall let us do there, besides.
        "scopes" => scopes: Option<Strings>,
        /// Whether a user who is new is what is asked for.
        "requestSignUp" => request_sign_up: Option<bool>,
        /// Whom the provider shall expect.
        "loginHint" => login_hint: Option<String>,
        /// What else goes to the provider.
        "additionalParams" => additional_params: Option<Params>,
        /// What the frontend keeps beside it.
        "additionalData" => additional_data: Option<Data>,
    }
}

/// `POST /link-social`.
#[derive(Debug)]
pub struct Link;

impl Endpoint for Link {
    const METHOD: Method = Method::Post;
    const PATH: &'static str = "/link-social";
    const SUMMARY: &'static str = "The address of an identity provider at which the caller links an account.";
    type Auth = SignedIn;
    type Request = LinkRequest;
    type Reply = LinkReply;
    type Error = LinkError;
}

request! {
    /// What `POST /link-social` takes.
    pub struct LinkRequest { body;
        /// Where it leads in the end.
        "callbackURL" => callback_url: Option<String>,
        /// The provider.
        "provider" => provider: Provider,
        /// What the provider says of the user, signed, where the frontend has been there already.
        "idToken" => id_token: Option<IdToken>,
        /// Whether a user who is new is what is asked for; of no effect here.
        "requestSignUp" => request_sign_up: Option<bool>,
        /// What the user shall let us do there, besides.
        "scopes" => scopes: Option<Strings>,
        /// Where it leads where it fails.
        "errorCallbackURL" => error_callback_url: Option<String>,
        /// Whether the client stays where it is.
        "disableRedirect" => disable_redirect: Option<bool>,
        /// Whom the provider shall expect.
        "loginHint" => login_hint: Option<String>,
        /// What else goes to the provider.
        "additionalParams" => additional_params: Option<Params>,
        /// What the frontend keeps beside it.
        "additionalData" => additional_data: Option<Data>,
    }
}

/// Where to go; or, for an ID token, the session.
#[derive(Clone, Serialize, JsonSchema)]
pub struct SignInReply {
    /// The address at the provider.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub url: Option<String>,
    /// Whether the client should go there.
    pub redirect: bool,
    /// An access token.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub token: Option<String>,
    /// The user.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub user: Option<User>,
}

errors! {
    /// Why nobody is sent to a provider, or signed in by its ID token.
    pub enum SignInError {
        ProviderNotFound = 404 "PROVIDER_NOT_FOUND" "Provider not found",
        IdTokenNotSupported = 404 "ID_TOKEN_NOT_SUPPORTED" "id_token not supported",
        InvalidToken = 401 "INVALID_TOKEN" "Invalid token",
        NoUser = 401 "FAILED_TO_GET_USER_INFO" "Failed to get user info",
        NoEmail = 401 "USER_EMAIL_NOT_FOUND" "User email not found",
        OauthLinkError = 401 "OAUTH_LINK_ERROR" "account not linked",
        EmailNotVerified = 403 "EMAIL_NOT_VERIFIED" "Email not verified",
        BannedUser = 403 "BANNED_USER" "You have been banned from this application. Please contact support if you believe this is an error.",
    }
}

/// Where to go; or, for an ID token, that it is done.
#[derive(Clone, Serialize, JsonSchema)]
pub struct LinkReply {
    /// The address at the provider; empty where it is done.
    pub url: String,
    /// True where it is done.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub status: Option<bool>,
    /// Whether the client should go there.
    pub redirect: bool,
}

errors! {
    /// Why nobody is sent to a provider, or no account linked by its ID token.
    pub enum LinkError {
        ProviderNotFound = 404 "PROVIDER_NOT_FOUND" "Provider not found",
        IdTokenNotSupported = 404 "ID_TOKEN_NOT_SUPPORTED" "id_token not supported",
        InvalidToken = 401 "INVALID_TOKEN" "Invalid token",
        NoUser = 401 "FAILED_TO_GET_USER_INFO" "Failed to get user info",
        NoEmail = 401 "USER_EMAIL_NOT_FOUND" "User email not found",
        AlreadyLinked = 409 "SOCIAL_ACCOUNT_ALREADY_LINKED" "Social account already linked",
        NotAllowed = 401 "LINKING_NOT_ALLOWED" "Account not linked - linking not allowed",
        DifferentEmails = 401 "LINKING_DIFFERENT_EMAILS_NOT_ALLOWED" "Account not linked - different emails not allowed",
        Failed = 417 "LINKING_FAILED" "Account not linked - unable to create account",
    }
}

/// `GET` and `POST /callback/{id}`: where a provider sends back to.
#[derive(Debug)]
pub struct Callback;

impl Endpoint for Callback {
    const METHOD: Method = Method::GetAndPost;
    const PATH: &'static str = "/callback/{id}";
    const SUMMARY: &'static str = "Where an identity provider sends back to: signs in or links, and sends on to callbackURL, with error in its query where it fails.";
    const TAKES_FORMS: bool = true;
    const ANSWERS: Answers = Answers::Redirect;
    type Auth = Anyone;
    type Request = CallbackRequest;
    type Reply = ();
    type Error = Never;
}

/// What a provider sends back.
#[derive(Default)]
pub struct CallbackRequest {
    /// The provider.
    pub provider: String,
    /// What the tokens are had for.
    pub code: Option<String>,
    /// What went wrong there.
    pub error: Option<String>,
    /// The device, at some providers.
    pub device_id: Option<String>,
    /// What went wrong there, in words.
    pub error_description: Option<String>,
    /// What went there with the user.
    pub state: Option<String>,
    /// The user, at some providers.
    pub user: Option<String>,
    /// The provider's own name for itself (RFC 9207).
    pub iss: Option<String>,
}

impl CallbackRequest {
    const NAMES: [&'static str; 7] = ["code", "error", "device_id", "error_description", "state", "user", "iss"];

    /// All of it as parameters of a query, in Better Auth's order.
    pub fn parameters(&self) -> impl Iterator<Item = (&'static str, &str)> {
        let Self { provider: _, code, error, device_id, error_description, state, user, iss } = self;
        let values = [code, error, device_id, error_description, state, user, iss];
        Self::NAMES.into_iter().zip(values).filter_map(|(name, value)| Some((name, value.as_deref()?)))
    }
}

impl Request for CallbackRequest {
    /// What stands in the query counts more than what stands in the body.
    fn decode(input: Input<'_>) -> Result<Self, Issues> {
        let mut issues = Issues::default();
        let mut text = |name: &str| {
            let body = input.body.and_then(|body| body.get(name));
            let in_body = Option::<String>::decode(body, &format!("body.{name}"), &mut issues).flatten();
            input.query.text(name, &mut issues).map(str::to_owned).or(in_body)
        };
        let [code, error, device_id, error_description, state, user, iss] = Self::NAMES.map(&mut text);
        issues.or(Self { provider: input.path.to_owned(), code, error, device_id, error_description, state, user, iss })
    }
    fn body_schema() -> Option<Value> {
        None
    }
    fn query_names() -> &'static [&'static str] {
        &Self::NAMES
    }
}

/// The id of a provider.
#[derive(Clone, Debug)]
pub struct Provider(pub String);

impl Field for Provider {
    fn decode(value: Option<&Value>, path: &str, issues: &mut Issues) -> Option<Self> {
        match value {
            Some(Value::String(text)) => Some(Self(text.clone())),
            _ => {
                issues.note(path, "Invalid input");
                None
            }
        }
    }
    fn schema() -> Value {
        String::schema()
    }
}

/// A list of texts.
#[derive(Clone, Debug, Default)]
pub struct Strings(pub Vec<String>);

impl Field for Strings {
    fn decode(value: Option<&Value>, path: &str, issues: &mut Issues) -> Option<Self> {
        let Some(Value::Array(values)) = value else {
            issues.note_type("array", value, path);
            return None;
        };
        let texts = values.iter().enumerate();
        let texts: Vec<_> =
            texts.map(|(at, value)| String::decode(Some(value), &format!("{path}.{at}"), issues)).collect();
        texts.into_iter().collect::<Option<_>>().map(Self)
    }
    fn schema() -> Value {
        json!({ "type": "array", "items": { "type": "string" } })
    }
}

/// Parameters for the provider beside those that are ours.
#[derive(Clone, Debug, Default)]
pub struct Params(pub Vec<(String, String)>);

/// The parameters that are ours (docs/wire.md 8.1).
const RESERVED: [&str; 8] = [
    "state",
    "client_id",
    "redirect_uri",
    "response_type",
    "code_challenge",
    "code_challenge_method",
    "nonce",
    "scope",
];

impl Field for Params {
    fn decode(value: Option<&Value>, path: &str, issues: &mut Issues) -> Option<Self> {
        let members = record(value, path, issues)?;
        let pairs = members.iter();
        let pairs: Vec<_> = pairs
            .map(|(name, value)| {
                let value = String::decode(Some(value), &format!("{path}.{name}"), issues)?;
                Some((name.clone(), value))
            })
            .collect();
        let pairs: Vec<_> = pairs.into_iter().collect::<Option<_>>()?;
        if pairs.iter().any(|(name, _)| RESERVED.contains(&name.as_str())) {
            let names = RESERVED.join(", ");
            issues.note(path, &format!("additionalParams cannot include reserved OAuth parameters: {names}"));
            return None;
        }
        Some(Self(pairs))
    }
    fn schema() -> Value {
        json!({ "type": "object", "additionalProperties": { "type": "string" } })
    }
}

/// Members of any kind.
#[derive(Clone, Debug, Default)]
pub struct Data(pub Map<String, Value>);

impl Field for Data {
    fn decode(value: Option<&Value>, path: &str, issues: &mut Issues) -> Option<Self> {
        record(value, path, issues).cloned().map(Self)
    }
    fn schema() -> Value {
        json!({ "type": "object", "additionalProperties": true })
    }
}

fn record<'a>(value: Option<&'a Value>, path: &str, issues: &mut Issues) -> Option<&'a Map<String, Value>> {
    let members = value.and_then(Value::as_object);
    if members.is_none() {
        issues.note_type("record", value, path);
    }
    members
}

/// What a provider says of a user, signed, to link an account; and what it handed out beside. No `Debug`: secrets.
#[derive(Clone)]
pub struct IdToken {
    /// The ID token.
    pub token: String,
    /// What it must say again.
    pub nonce: Option<String>,
    /// The provider's access token.
    pub access_token: Option<String>,
    /// The provider's refresh token.
    pub refresh_token: Option<String>,
}

/// The same to sign in, where more may stand beside it.
#[derive(Clone)]
pub struct SignInIdToken(pub IdToken);

impl Field for IdToken {
    fn decode(value: Option<&Value>, path: &str, issues: &mut Issues) -> Option<Self> {
        let members = members(value, path, issues)?;
        let token = String::decode(members.get("token"), &format!("{path}.token"), issues);
        let [nonce, access_token, refresh_token] = ["nonce", "accessToken", "refreshToken"]
            .map(|name| Option::<String>::decode(members.get(name), &format!("{path}.{name}"), issues));
        Some(Self { token: token?, nonce: nonce?, access_token: access_token?, refresh_token: refresh_token? })
    }
    fn schema() -> Value {
        let text = String::schema();
        let members = json!({ "token": text, "nonce": text, "accessToken": text, "refreshToken": text });
        json!({ "type": "object", "properties": members, "required": ["token"] })
    }
}

impl Field for SignInIdToken {
    fn decode(value: Option<&Value>, path: &str, issues: &mut Issues) -> Option<Self> {
        let token = IdToken::decode(value, path, issues);
        let members = value.and_then(Value::as_object)?;
        let fine =
            [is_fine::<Number>(members, "expiresAt", path, issues), is_fine::<Person>(members, "user", path, issues)];
        token.filter(|_| fine.iter().all(|fine| *fine)).map(Self)
    }
    fn schema() -> Value {
        IdToken::schema()
    }
}

/// A number, of which nothing is wanted but that it is one.
struct Number;

impl Field for Number {
    fn decode(value: Option<&Value>, path: &str, issues: &mut Issues) -> Option<Self> {
        if matches!(value, Some(Value::Number(_))) {
            return Some(Self);
        }
        issues.note_type("number", value, path);
        None
    }
    fn schema() -> Value {
        json!({ "type": "number" })
    }
}

/// What some providers give a frontend beside the token.
struct Person;

impl Field for Person {
    fn decode(value: Option<&Value>, path: &str, issues: &mut Issues) -> Option<Self> {
        let person = members(value, path, issues)?;
        let fine = [is_fine::<Name>(person, "name", path, issues), is_fine::<String>(person, "email", path, issues)];
        fine.iter().all(|fine| *fine).then_some(Self)
    }
    fn schema() -> Value {
        json!({ "type": "object" })
    }
}

struct Name;

impl Field for Name {
    fn decode(value: Option<&Value>, path: &str, issues: &mut Issues) -> Option<Self> {
        let name = members(value, path, issues)?;
        let fine = ["firstName", "lastName"].map(|part| is_fine::<String>(name, part, path, issues));
        fine.iter().all(|fine| *fine).then_some(Self)
    }
    fn schema() -> Value {
        json!({ "type": "object" })
    }
}

fn members<'a>(value: Option<&'a Value>, path: &str, issues: &mut Issues) -> Option<&'a Map<String, Value>> {
    let members = value.and_then(Value::as_object);
    if members.is_none() {
        issues.note_type("object", value, path);
    }
    members
}

/// Whether a member is not there, or as it should be.
fn is_fine<F: Field>(members: &Map<String, Value>, name: &str, path: &str, issues: &mut Issues) -> bool {
    Option::<F>::decode(members.get(name), &format!("{path}.{name}"), issues).is_some()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn issues<F: Field>(value: Value) -> String {
        let mut issues = Issues::default();
        let decoded = F::decode(Some(&value), "body.x", &mut issues);
        assert_eq!(decoded.is_some(), issues.sentence().is_empty(), "{value}");
        issues.sentence()
    }

    #[test]
    fn every_member_says_what_is_wrong_with_it() {
        assert_eq!(issues::<Strings>(json!(["a", "b"])), "");
        assert_eq!(issues::<Strings>(json!("a")), "[body.x] Invalid input: expected array, received string");
        assert_eq!(issues::<Strings>(json!(["a", 1])), "[body.x.1] Invalid input: expected string, received number");
        assert_eq!(issues::<Params>(json!({ "hd": "a" })), "");
        assert_eq!(issues::<Params>(json!([])), "[body.x] Invalid input: expected record, received array");
        assert_eq!(issues::<Params>(json!({ "hd": 1 })), "[body.x.hd] Invalid input: expected string, received number");
        for name in RESERVED {
            assert!(issues::<Params>(json!({ name: "a" })).contains("cannot include reserved"), "{name}");
        }
        assert_eq!(issues::<Data>(json!({ "a": [1] })), "");
        assert_eq!(issues::<Data>(json!(1)), "[body.x] Invalid input: expected record, received number");
        assert_eq!(issues::<IdToken>(json!({ "token": "t", "nonce": "n" })), "");
        assert_eq!(issues::<IdToken>(json!({})), "[body.x.token] Invalid input: expected string, received undefined");
        assert_eq!(
            issues::<IdToken>(json!({ "token": "t", "nonce": 1 })),
            "[body.x.nonce] Invalid input: expected string, received number"
        );
        assert_eq!(
            issues::<SignInIdToken>(json!({ "token": 1, "expiresAt": "x", "user": { "name": { "lastName": 1 } } })),
            "[body.x.token] Invalid input: expected string, received number; \
             [body.x.expiresAt] Invalid input: expected number, received string; \
             [body.x.user.name.lastName] Invalid input: expected string, received number"
        );
        assert_eq!(issues::<SignInIdToken>(json!({ "token": "t", "expiresAt": 1, "user": { "email": "e" } })), "");
        assert_eq!(issues::<SignInIdToken>(json!("t")), "[body.x] Invalid input: expected object, received string");
        assert_eq!(issues::<Provider>(json!("google")), "");
        assert_eq!(issues::<Provider>(json!(7)), "[body.x] Invalid input");
    }

    #[test]
    fn what_stands_in_the_query_counts_more_than_the_body() {
        let body = json!({ "code": "of the body", "state": "s", "extra": 1 });
        let query = crate::Query(vec![("code".to_owned(), "of the query".to_owned())]);
        let request = CallbackRequest::decode(Input { body: Some(&body), query: &query, path: "mock" });
        let request = request.map_err(|issues| issues.sentence()).unwrap();
        assert_eq!(request.provider, "mock");
        assert_eq!(request.parameters().collect::<Vec<_>>(), [("code", "of the query"), ("state", "s")]);
        let wrong = json!({ "code": 1 });
        assert!(CallbackRequest::decode(Input::body(&wrong)).is_err());
    }
}
