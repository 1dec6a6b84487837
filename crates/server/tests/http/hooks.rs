//! What an embedding program refuses, on the wire.

use std::sync::Arc;

use axum::body::Body;
use countersign_engine::{Engine, Hooks, NewUser, Refusal, World};
use countersign_server::App;
use countersign_server::config::Config;
use countersign_testkit::{PASSWORD, SECRET, both_databases};
use countersign_token::{Secret, Secrets};
use http::Request;
use http_body_util::BodyExt as _;
use serde_json::{Value, json};
use tower::ServiceExt as _;

struct Staff;

impl Hooks for Staff {
    fn before_sign_up(&self, new: &NewUser) -> Result<(), Refusal> {
        if new.email.to_lowercase().ends_with("@example.com") {
            return Ok(());
        }
        Err(Refusal { code: "STAFF_ONLY", message: "Only addresses of example.com can sign up" })
    }
}

both_databases! {
    async fn a_refusal_is_a_403_with_its_code_and_sentence(place: &Place) {
        let config = Config::default();
        let secrets = Secrets::single(Secret::parse(SECRET).unwrap());
        let world = World { hooks: Arc::new(Staff), ..World::default() };
        let engine = Engine::open(place.migrated().await, secrets, config.engine.clone(), world).await.unwrap();
        let app = App::new(engine, config).router();
        for (email, status, code) in
            [("eve@example.net", 403, Some("STAFF_ONLY")), ("Ada@Example.com", 200, None)]
        {
            let body = json!({ "name": "N", "email": email, "password": PASSWORD }).to_string();
            let request = Request::post("/api/auth/sign-up/email").header("content-type", "application/json");
            let response = app.clone().oneshot(request.body(Body::from(body)).unwrap()).await.unwrap();
            assert_eq!(response.status(), status, "{email}");
            let body = response.into_body().collect().await.unwrap().to_bytes();
            let body: Value = serde_json::from_slice(&body).unwrap();
            assert_eq!(body["code"].as_str(), code, "{body}");
        }
    }
}
