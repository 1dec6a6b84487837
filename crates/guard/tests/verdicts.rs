//! The layer gives every token the verdict that the token crate gives it: one table, two programs.

#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test that cannot go on should stop")]

use axum::{Router, body::Body, routing::get};
use countersign_guard::{Claims, Directory, Guard, Identity, Standing, Unavailable};
use countersign_token::Refused;
use http::{HeaderValue, Request, StatusCode, header};
use http_body_util::BodyExt as _;
use serde_json::Value;
use tower::ServiceExt as _;

#[path = "../../token/tests/fixtures/refusals.rs"]
mod fixture;

struct Fixture;

impl Directory for Fixture {
    async fn standing(&self, claims: &Claims) -> Result<Standing, Unavailable> {
        fixture::standing(&claims.sub, claims.sid.as_deref())
    }
}

#[tokio::test]
async fn every_token_gets_the_verdict_of_the_token_crate_through_extractor_and_layer() {
    let guard = Guard::new(fixture::verifier(), Fixture).clock(|| fixture::NOW);
    let routes = Router::new()
        .route("/demanded", get(async |identity: Identity| identity.id().to_owned()))
        .route("/optional", get(async |identity: Option<Identity>| identity.unwrap().id().to_owned()));
    let by_extractor = routes.layer(guard.clone());
    let by_layer = Router::new().route("/any", get(async || fixture::ACTIVE)).layer(guard.required());
    for row in fixture::rows() {
        for (app, path) in [(&by_extractor, "/demanded"), (&by_extractor, "/optional"), (&by_layer, "/any")] {
            let value = HeaderValue::from_bytes(format!("Bearer {}", row.token).as_bytes()).unwrap();
            let request = Request::get(path).header(header::AUTHORIZATION, value).body(Body::empty()).unwrap();
            let response = app.clone().oneshot(request).await.unwrap();
            let (parts, body) = response.into_parts();
            let body = body.collect().await.unwrap().to_bytes();
            let Some(refused) = row.refused else {
                assert_eq!((parts.status, &*body), (StatusCode::OK, fixture::ACTIVE.as_bytes()), "{}", row.name);
                continue;
            };
            let expected = match refused {
                Refused::Unavailable => StatusCode::SERVICE_UNAVAILABLE,
                _ => StatusCode::UNAUTHORIZED,
            };
            assert_eq!(parts.status, expected, "{} on {path}", row.name);
            let problem: Value = serde_json::from_slice(&body).unwrap();
            assert_eq!(problem["code"], refused.code(), "{} on {path}", row.name);
        }
    }
}
