//! `cargo run -p countersign-remote`: an API in a process of its own, behind the guard.

use std::env::{VarError, var};
use std::error::Error;

use axum::{Router, routing::get};
use countersign_guard::{FollowedRevocations, Guard, Identity, Options};
use countersign_token::{FeedCredential, KeySet, Policy, Secret, Secrets, Verifier};
use tokio::net::TcpListener;

async fn me(identity: Identity) -> String {
    format!("hello {}\n", identity.id())
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let secret = Secret::parse(&setting("BETTER_AUTH_SECRET")?)?;
    let refusals =
        FollowedRevocations::start(&setting("COUNTERSIGN_FEED")?, FeedCredential::of(&secret), Options::default())?;
    let verifier = Verifier::new(KeySet::hs256(&Secrets::single(secret)), Policy::default());
    let app = Router::new()
        .route("/me", get(me))
        .layer(Guard::new(verifier, refusals))
        .route("/healthz", get(|| async { "ok\n" }));
    let port: u16 = var("PORT").unwrap_or_else(|_| "3001".to_owned()).parse()?;
    Ok(axum::serve(TcpListener::bind(("127.0.0.1", port)).await?, app).await?)
}

fn setting(name: &str) -> Result<String, String> {
    var(name).map_err(|why| match why {
        VarError::NotPresent => format!("set {name}; see examples/remote/README.md"),
        VarError::NotUnicode(_) => format!("{name} is not text"),
    })
}
