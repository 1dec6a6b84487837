//! Hosted pages: signing up and in, the account, the API reference. Links and forms alone; no script runs.
//!
//! A page carries what a form says to the same handlers that answer the API, and shows what they say. What is allowed
//! is decided there, never here.

mod account;
mod agent;
mod claim;
mod form;
mod home;
mod page;
mod reference;
mod schema;
mod sign_in;
mod sign_up;
mod trouble;
mod when;

use axum::Router;
use axum::middleware::from_fn;
use axum::routing::{get, post};

use crate::app::App;

/// The pages; those that describe the endpoints stand beside them, below the base path.
pub(crate) fn routes(app: &App) -> Router<App> {
    Router::new()
        .route("/", get(home::get))
        .route("/sign-up", get(sign_up::get).post(sign_up::post))
        .route("/sign-in", get(sign_in::get).post(sign_in::post))
        .route("/account", get(account::get))
        .route("/account/sign-out", post(account::sign_out))
        .route("/account/revoke", post(account::revoke))
        .route("/account/revoke-others", post(account::revoke_others))
        .merge(reference::routes(app))
        .layer(from_fn(page::seal))
}
