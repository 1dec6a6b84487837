//! An identity provider on this machine.

use std::net::SocketAddr;
use std::sync::{Arc, Mutex};

use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, KeyPair as _};
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use axum::{Form, Json, Router};
use base64_simd::URL_SAFE_NO_PAD;
use countersign_server::config::{Config, SocialProvider};
use countersign_testkit::TestApp;
use http::{HeaderMap, StatusCode};
use serde_json::{Value, json};
use tokio::net::TcpListener;

/// A provider on this machine, which ends with the test's runtime. It says of everybody what it was told last.
pub(crate) struct Provider {
    pub(crate) address: SocketAddr,
    told: Told,
    key: EcdsaKeyPair,
}

type Told = Arc<Mutex<Script>>;

/// What the provider answers, and what it was sent last.
struct Script {
    jwks: Value,
    jwks_asked: usize,
    person: Value,
    tokens: Value,
    refuses: bool,
    asked: usize,
    form: Vec<(String, String)>,
}

impl Provider {
    pub(crate) async fn start() -> Self {
        let key = new_key();
        let told = Arc::new(Mutex::new(Script {
            jwks: json!({ "keys": [jwk(&key, "first")] }),
            jwks_asked: 0,
            person: json!({ "sub": "of ada", "email": "Ada@example.com", "email_verified": true, "name": "Ada", "picture": "https://id.example/ada.png" }),
            tokens: json!({ "access_token": "first", "refresh_token": "spend me", "expires_in": 3600, "scope": "openid email" }),
            refuses: false,
            asked: 0,
            form: Vec::new(),
        }));
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let router =
            Router::new().route("/token", post(token)).route("/userinfo", get(user_info)).route("/jwks", get(jwks));
        let router = router.with_state(Arc::clone(&told));
        drop(tokio::spawn(async move { axum::serve(listener, router).await }));
        Self { address, told, key }
    }

    /// Names it `mock`.
    pub(crate) fn configure(&self, config: &mut Config) {
        let at = |path: &str| Some(format!("http://{}{path}", self.address));
        let provider = SocialProvider {
            client_id: "us".to_owned(),
            client_secret: Some("the secret".to_owned().into()),
            authorization_url: at("/authorize?tenant=1"),
            token_url: at("/token"),
            user_info_url: at("/userinfo"),
            jwks_url: at("/jwks"),
            issuer: Some("https://id.example".to_owned()),
            scopes: vec!["openid".to_owned(), "email".to_owned()],
            ..SocialProvider::default()
        };
        config.social_providers.insert("mock".to_owned(), provider);
    }

    pub(crate) fn tells(&self, person: Value) {
        self.told.lock().unwrap().person = person;
    }

    pub(crate) fn gives(&self, tokens: Value) {
        self.told.lock().unwrap().tokens = tokens;
    }

    pub(crate) fn refuses(&self, refuses: bool) {
        self.told.lock().unwrap().refuses = refuses;
    }

    /// An ID token of now for `us`, with these claims in the place of others; of nothing, a claim is left out.
    pub(crate) fn id_token(&self, app: &TestApp, more: &Value) -> String {
        signed(&self.key, "first", app, more)
    }

    /// What it publishes from now on in the place of its keys.
    pub(crate) fn publishes(&self, jwks: Value) {
        self.told.lock().unwrap().jwks = jwks;
    }

    /// How often keys were asked for.
    pub(crate) fn jwks_asked(&self) -> usize {
        self.told.lock().unwrap().jwks_asked
    }

    /// How often tokens were asked for.
    pub(crate) fn asked(&self) -> usize {
        self.told.lock().unwrap().asked
    }

    pub(crate) fn was_sent(&self, name: &str) -> Option<String> {
        let form = self.told.lock().unwrap().form.clone();
        form.into_iter().find(|(known, _)| known == name).map(|(_, value)| value)
    }
}

pub(crate) fn new_key() -> EcdsaKeyPair {
    EcdsaKeyPair::generate(&ECDSA_P256_SHA256_FIXED_SIGNING).unwrap()
}

pub(crate) fn jwk(key: &EcdsaKeyPair, kid: &str) -> Value {
    let point = key.public_key().as_ref();
    let (x, y) = (URL_SAFE_NO_PAD.encode_to_string(&point[1..33]), URL_SAFE_NO_PAD.encode_to_string(&point[33..]));
    json!({ "kty": "EC", "crv": "P-256", "use": "sig", "alg": "ES256", "kid": kid, "x": x, "y": y })
}

pub(crate) fn signed(key: &EcdsaKeyPair, kid: &str, app: &TestApp, more: &Value) -> String {
    let now = app.engine().clock().now().seconds();
    let mut claims = json!({
        "iss": "https://id.example", "aud": "us", "sub": "of ada", "email": "ada@example.com", "email_verified": true,
        "name": "Ada", "iat": now, "exp": now + 3600,
    });
    for (name, value) in more.as_object().unwrap() {
        if value.is_null() { drop(claims.as_object_mut().unwrap().remove(name)) } else { claims[name] = value.clone() }
    }
    let header = json!({ "alg": "ES256", "typ": "JWT", "kid": kid });
    let part = |value: &Value| URL_SAFE_NO_PAD.encode_to_string(value.to_string());
    let message = format!("{}.{}", part(&header), part(&claims));
    let signature = key.sign(&SystemRandom::new(), message.as_bytes()).unwrap();
    format!("{message}.{}", URL_SAFE_NO_PAD.encode_to_string(signature.as_ref()))
}

async fn jwks(State(told): State<Told>) -> Response {
    let mut told = told.lock().unwrap();
    told.jwks_asked += 1;
    Json(told.jwks.clone()).into_response()
}

async fn token(State(told): State<Told>, Form(form): Form<Vec<(String, String)>>) -> Response {
    let mut told = told.lock().unwrap();
    told.form = form;
    told.asked += 1;
    if told.refuses {
        return (StatusCode::BAD_REQUEST, Json(json!({ "error": "invalid_grant" }))).into_response();
    }
    Json(told.tokens.clone()).into_response()
}

async fn user_info(State(told): State<Told>, headers: HeaderMap) -> Response {
    let told = told.lock().unwrap();
    let token = format!("Bearer {}", told.tokens["access_token"].as_str().unwrap_or_default());
    if headers.get("authorization").is_none_or(|sent| sent != token.as_str()) {
        return StatusCode::UNAUTHORIZED.into_response();
    }
    Json(told.person.clone()).into_response()
}
