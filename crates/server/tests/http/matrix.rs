//! Every endpoint is tried as nobody, with a wrong request and with a right one. An endpoint without a line here fails.

use std::collections::BTreeSet;

use countersign_contract::{
    Answers, Endpoint, Method, account, all, email, jwks, ok, password, refresh, session, sign_in, sign_out, sign_up,
    social, token, user,
};
use countersign_engine::config::{Algorithm, FieldType};
use countersign_engine::db::args;
use countersign_server::config::SocialProvider;
use countersign_testkit::{Answer, NOW, PASSWORD, SECRET, Sent, TestApp, both_databases};
use countersign_token::{EmailAsks, EmailToken, RefreshToken, Secret};
use http::Method as Verb;
use serde_json::{Value, json};

use crate::account::link_account;
use crate::fields::field;
use crate::provider::Provider;

/// How an endpoint is tried.
struct Trial {
    path: &'static str,
    method: Method,
    /// The status of an answer that is no refusal.
    success: u16,
    /// What is right to send, for the holder of this session.
    right: fn(&Value) -> Sent,
    /// What anyone gets who sends it without a credential.
    nobody: Expected,
    /// What is wrong to send, and what that gets whoever sends it.
    wrong: (fn() -> Sent, Expected),
    /// What the right caller gets.
    answer: fn(&Value) -> bool,
}

/// What stands in a path where the endpoint's has braces, and in a mail that only the right caller was sent.
const SECRET_OF_A_LINK: &str = "aSecretOfALink0123456789";

/// The id of an account that the right caller has beside the password.
const SECOND_ACCOUNT: &str = "account-of-another-provider";

/// That of one at a provider that answers.
const THIRD_ACCOUNT: &str = "account-of-a-provider-here";

/// A status and the code of a refusal.
type Expected = (u16, Option<&'static str>);

const UNAUTHORIZED: Expected = (401, Some("UNAUTHORIZED"));
const INVALID: Expected = (400, Some("VALIDATION_ERROR"));
const FINE: Expected = (200, None);
const FOUND: Expected = (302, None);
const NOT_FOUND: Expected = (404, None);

fn trials() -> Vec<Trial> {
    vec![
        trial::<sign_up::Email>(
            |_| json!({ "name": "Bob", "email": "bob@example.com", "password": PASSWORD }).into(),
            FINE,
            (|| json!({ "name": "Bob" }).into(), INVALID),
            |reply| reply["token"].is_string() && reply["user"]["name"] == "Bob",
        ),
        trial::<sign_in::Email>(
            |_| json!({ "email": "ada@example.com", "password": PASSWORD }).into(),
            FINE,
            (|| json!({ "email": 5, "password": true }).into(), INVALID),
            |reply| reply["token"].is_string() && reply["redirect"] == false,
        ),
        trial::<social::SignIn>(
            |_| json!({ "provider": "mock", "scopes": ["openid"] }).into(),
            FINE,
            (|| json!({ "provider": "mock", "additionalParams": { "state": "mine" } }).into(), INVALID),
            |reply| reply["redirect"] == true && reply["url"].as_str().is_some_and(|url| url.contains("/authorize?")),
        ),
        trial::<social::Callback>(
            |_| Sent::from(()).query("code=c&state=unknown"),
            FOUND,
            (|| Sent::from(()).query("code=c&state=a&state=b"), INVALID),
            Value::is_null,
        ),
        trial::<sign_out::SignOut>(
            |_| ().into(),
            FINE,
            (|| json!({ "state": 5 }).into(), INVALID),
            |reply| *reply == json!({ "success": true }),
        ),
        trial::<session::Get>(
            |_| ().into(),
            FINE,
            (|| Sent::from(()).by(Verb::POST), (405, Some("METHOD_NOT_ALLOWED_DEFER_SESSION_REQUIRED"))),
            |reply| reply["user"]["email"] == "ada@example.com",
        ),
        trial::<session::List>(
            |_| ().into(),
            UNAUTHORIZED,
            (|| Sent::from(()).by(Verb::POST), NOT_FOUND),
            |reply| reply.as_array().is_some_and(|list| !list.is_empty()),
        ),
        trial::<session::Update>(
            |_| json!({ "theme": "dark" }).into(),
            UNAUTHORIZED,
            (|| json!(["theme"]).into(), INVALID),
            |reply| reply["session"]["theme"] == "dark" && reply["session"]["token"].is_string(),
        ),
        trial::<session::Revoke>(
            |session| json!({ "token": session["token"] }).into(),
            UNAUTHORIZED,
            (|| json!({ "token": ["x"] }).into(), INVALID),
            done,
        ),
        trial::<session::RevokeAll>(|_| ().into(), UNAUTHORIZED, (text, UNSUPPORTED), done),
        trial::<session::RevokeOthers>(|_| ().into(), UNAUTHORIZED, (malformed, MALFORMED), done),
        trial::<refresh::Start>(
            |_| ().into(),
            UNAUTHORIZED,
            (malformed, MALFORMED),
            |reply| reply["refreshToken"].as_str().is_some_and(|token| token.starts_with("csr_")),
        ),
        trial::<refresh::Refresh>(
            first_refresh_token,
            (401, Some("INVALID_REFRESH_TOKEN")),
            (|| json!({ "refreshToken": null }).into(), INVALID),
            |reply| reply["token"].is_string() && reply["user"]["email"] == "ada@example.com",
        ),
        trial::<token::Get>(
            |_| ().into(),
            UNAUTHORIZED,
            (|| Sent::from(()).by(Verb::PUT), NOT_FOUND),
            |reply| reply["token"].as_str().is_some_and(|token| token.matches('.').count() == 2),
        ),
        trial::<jwks::Get>(
            |_| ().into(),
            FINE,
            (|| Sent::from(()).by(Verb::POST), NOT_FOUND),
            |reply| reply["keys"][0]["kid"].is_string(),
        ),
        trial::<user::Update>(
            |_| json!({ "name": "Ada Lovelace" }).into(),
            UNAUTHORIZED,
            (|| json!(["name"]).into(), INVALID),
            done,
        ),
        trial::<password::Change>(
            |_| json!({ "currentPassword": PASSWORD, "newPassword": PASSWORD }).into(),
            UNAUTHORIZED,
            (|| json!({ "newPassword": PASSWORD }).into(), INVALID),
            |reply| reply["token"].is_null() && reply["user"]["email"] == "ada@example.com",
        ),
        trial::<password::Verify>(
            |_| json!({ "password": PASSWORD }).into(),
            UNAUTHORIZED,
            (|| json!({ "password": 5 }).into(), INVALID),
            done,
        ),
        trial::<password::RequestReset>(
            |_| json!({ "email": "ada@example.com" }).into(),
            FINE,
            (|| json!({ "email": "nobody" }).into(), INVALID),
            |reply| reply["status"] == true && reply["message"].is_string(),
        ),
        trial::<password::ResetLink>(
            |_| Sent::from(()).query("callbackURL=/reset"),
            FOUND,
            (|| ().into(), INVALID),
            Value::is_null,
        ),
        trial::<password::Reset>(
            |_| json!({ "newPassword": PASSWORD, "token": SECRET_OF_A_LINK }).into(),
            (400, Some("INVALID_TOKEN")),
            (|| json!({ "token": SECRET_OF_A_LINK }).into(), INVALID),
            done,
        ),
        trial::<account::List>(
            |_| ().into(),
            UNAUTHORIZED,
            (|| Sent::from(()).by(Verb::POST), NOT_FOUND),
            |reply| {
                reply.as_array().is_some_and(|list| list.iter().any(|account| account["providerId"] == "credential"))
            },
        ),
        trial::<account::Unlink>(
            |_| json!({ "accountId": SECOND_ACCOUNT }).into(),
            UNAUTHORIZED,
            (|| json!({ "accountId": 5 }).into(), INVALID),
            done,
        ),
        trial::<social::Link>(
            |_| json!({ "provider": "mock" }).into(),
            UNAUTHORIZED,
            (|| json!({ "provider": 5 }).into(), INVALID),
            |reply| reply["redirect"] == true && reply["url"].is_string(),
        ),
        trial::<account::GetAccessToken>(
            |_| json!({ "accountId": SECOND_ACCOUNT }).into(),
            (401, None),
            (|| json!({ "providerId": "mock" }).into(), INVALID),
            |reply| *reply == json!({ "accessToken": "never shown", "scopes": ["repo", "user:email"] }),
        ),
        trial::<account::RefreshToken>(
            |_| json!({ "accountId": THIRD_ACCOUNT }).into(),
            (401, None),
            (|| json!({}).into(), INVALID),
            |reply| reply["accessToken"] == "first" && reply["accountId"] == THIRD_ACCOUNT,
        ),
        trial::<account::Info>(
            |_| Sent::from(()).query(&format!("accountId={THIRD_ACCOUNT}")),
            (401, None),
            (|| Sent::from(()).query("useAccountCookie=true"), INVALID),
            |reply| reply["data"]["sub"] == "of ada" && reply["account"]["id"] == THIRD_ACCOUNT,
        ),
        trial::<email::SendVerification>(
            |_| json!({ "email": "ada@example.com" }).into(),
            FINE,
            (|| json!({ "email": "nobody" }).into(), INVALID),
            done,
        ),
        trial::<email::Verify>(
            mailed_link,
            (401, Some("INVALID_TOKEN")),
            (|| Sent::from(()).query("callbackURL=/"), INVALID),
            |reply| *reply == json!({ "status": true, "user": null }),
        ),
        trial::<email::Change>(
            |_| json!({ "newEmail": "countess@example.com" }).into(),
            UNAUTHORIZED,
            (|| json!({ "newEmail": "nobody" }).into(), INVALID),
            done,
        ),
        trial::<ok::Get>(
            |_| ().into(),
            FINE,
            (|| Sent::from(()).by(Verb::DELETE), NOT_FOUND),
            |reply| *reply == json!({ "ok": true }),
        ),
        trial::<user::Delete>(
            |_| json!({}).into(),
            UNAUTHORIZED,
            (|| json!({ "password": 5 }).into(), INVALID),
            |reply| *reply == json!({ "success": true, "message": "Verification email sent" }),
        ),
        // The last: the caller is gone after it.
        trial::<user::DeleteCallback>(
            |_| Sent::from(()).query(&format!("token={SECRET_OF_A_LINK}")),
            (404, Some("FAILED_TO_GET_USER_INFO")),
            (|| Sent::from(()).query("callbackURL=/"), INVALID),
            |reply| *reply == json!({ "success": true, "message": "User deleted" }),
        ),
    ]
}

const UNSUPPORTED: Expected = (415, Some("UNSUPPORTED_MEDIA_TYPE"));
const MALFORMED: Expected = (400, Some("BAD_REQUEST"));

fn trial<E: Endpoint>(
    right: fn(&Value) -> Sent,
    nobody: Expected,
    wrong: (fn() -> Sent, Expected),
    answer: fn(&Value) -> bool,
) -> Trial {
    let success = if E::ANSWERS == Answers::Redirect { 302 } else { 200 };
    Trial { path: E::PATH, method: E::METHOD, success, right, nobody, wrong, answer }
}

impl Trial {
    fn uri(&self) -> String {
        self.path.replace("{token}", SECRET_OF_A_LINK).replace("{id}", "mock")
    }
}

fn done(reply: &Value) -> bool {
    *reply == json!({ "status": true })
}

fn first_refresh_token(session: &Value) -> Sent {
    let token = RefreshToken::mint(session["id"].as_str().unwrap(), 0, &Secret::parse(SECRET).unwrap()).unwrap();
    json!({ "refreshToken": token }).into()
}

/// The link that shows the address to be the session's user's.
fn mailed_link(session: &Value) -> Sent {
    let token = EmailToken {
        email: "ada@example.com".to_owned(),
        user_id: Some(session["userId"].as_str().unwrap_or("nobody").to_owned()),
        asks: EmailAsks::Verify,
        iat: NOW.seconds(),
        exp: NOW.seconds() + 60,
    };
    Sent::from(()).query(&format!("token={}", token.sign(&Secret::parse(SECRET).unwrap()).unwrap()))
}

fn text() -> Sent {
    Sent::raw("text/plain", "hello")
}

fn malformed() -> Sent {
    Sent::raw("application/json", "{\"a\":")
}

#[test]
fn every_endpoint_of_the_contract_is_tried_and_no_other() {
    struct Paths(BTreeSet<&'static str>);
    impl all::Visitor for Paths {
        fn visit<E: Endpoint>(&mut self) {
            self.0.insert(E::PATH);
        }
    }
    let mut paths = Paths(BTreeSet::new());
    all::each(&mut paths);
    assert_eq!(trials().iter().map(|trial| trial.path).collect::<BTreeSet<_>>(), paths.0);
}

both_databases! {
    async fn as_nobody(place: &Place) {
        let provider = Provider::start().await;
        let app = start(place, &provider).await;
        app.sign_up("ada").await;
        for trial in trials() {
            let answer = app.program().call_path(trial.method, &trial.uri(), (trial.right)(&json!({ "id": "unknown", "token": "unknown" }))).await;
            assert_refused(trial.path, &answer, trial.nobody);
        }
    }

    async fn with_a_wrong_request(place: &Place) {
        let provider = Provider::start().await;
        let app = start(place, &provider).await;
        let ada = app.sign_up("ada").await;
        for trial in trials() {
            let (sent, expected) = (trial.wrong.0, trial.wrong.1);
            // What is sent is judged before who sends it: nobody and somebody hear the same.
            for mut caller in [app.program(), ada.clone()] {
                let answer = caller.call_path(trial.method, &trial.uri(), sent()).await;
                assert_refused(trial.path, &answer, expected);
                assert!(answer.set_cookies().is_empty(), "{}: {answer:?}", trial.path);
            }
        }
    }

    async fn with_a_right_request(place: &Place) {
        let provider = Provider::start().await;
        let app = start(place, &provider).await;
        app.sign_up("ada").await;
        for trial in trials() {
            let mut ada = app.sign_in("ada").await;
            let session = ada.call::<session::Get>(()).await.json();
            mail_links(&app, session["user"]["id"].as_str().unwrap()).await;
            link_account(&app, SECOND_ACCOUNT, session["user"]["id"].as_str().unwrap()).await;
            have_account_here(&app, session["user"]["id"].as_str().unwrap()).await;
            let answer = ada.call_path(trial.method, &trial.uri(), (trial.right)(&session["session"])).await;
            assert_eq!(answer.status, trial.success, "{}: {answer:?}", trial.path);
            assert_eq!(answer.header("content-type"), Some("application/json"), "{}", trial.path);
            assert_eq!(answer.header("cache-control"), Some("no-store"), "{}", trial.path);
            assert_eq!(answer.header("x-content-type-options"), Some("nosniff"), "{}", trial.path);
            let reply = if trial.success == 302 { Value::Null } else { answer.json() };
            assert!((trial.answer)(&reply), "{}: {answer:?}", trial.path);
        }
    }
}

/// Leaves behind what links with the secret above need, as if they had been mailed to this user.
async fn mail_links(app: &TestApp, user: &str) {
    for purpose in ["reset-password:", "delete-account-"] {
        app.run(
            "INSERT INTO {verification} ({verification.id}, {verification.identifier}, {verification.value}, \
             {verification.expiresAt}, {verification.createdAt}, {verification.updatedAt}) VALUES ($1, $1, $2, $3, $4, $4) \
             ON CONFLICT DO NOTHING",
            args![format!("{purpose}{SECRET_OF_A_LINK}"), user, NOW.plus_seconds(60), NOW],
        )
        .await;
    }
}

/// An account at the provider that answers, as a sign-in there would leave it.
async fn have_account_here(app: &TestApp, user: &str) {
    app.run(
        "INSERT INTO {account} ({account.id}, {account.accountId}, {account.providerId}, {account.userId}, \
         {account.accessToken}, {account.refreshToken}, {account.createdAt}, {account.updatedAt}) \
         VALUES ($1, 'of ada', 'mock', $2, 'first', 'spend me', $3, $3) ON CONFLICT DO NOTHING",
        args![THIRD_ACCOUNT, user, NOW.plus_seconds(60)],
    )
    .await;
}

async fn start(place: &countersign_testkit::Place, provider: &Provider) -> TestApp {
    TestApp::start_with(place, |config| {
        provider.configure(config);
        config
            .social_providers
            .insert("github".to_owned(), SocialProvider { client_id: "us".to_owned(), ..SocialProvider::default() });
        config.engine.token.algorithm = Algorithm::EdDSA;
        config.engine.session.additional_fields = [field("theme", FieldType::String)].into_iter().collect();
        config.engine.user.change_email.enabled = true;
        config.engine.user.delete_user.enabled = true;
    })
    .await
}

fn assert_refused(path: &str, answer: &Answer, (status, code): Expected) {
    assert_eq!(answer.refusal(), (status, code.map(str::to_owned)), "{path}: {answer:?}");
}
