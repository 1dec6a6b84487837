//! Hosted pages: signing up and in, passwords, the account, the API reference. Links and forms alone; no script runs.
//!
//! A page carries what a form says to the same handlers that answer the API, and shows what they say. What is allowed
//! is decided there, never here.

mod account;
mod agent;
mod change_email;
mod change_password;
mod claim;
mod confirm_email;
mod delete_account;
mod error;
mod forgot_password;
mod form;
mod form_page;
mod home;
mod logo;
mod look;
mod mailed_link;
mod new_password;
mod outbox;
mod page;
mod palette;
mod provider;
mod reference;
mod schema;
mod sign_in;
mod sign_up;
mod trouble;
mod when;

use axum::Router;
use axum::middleware::from_fn_with_state;
use axum::routing::{any, get, post};
use tower_http::catch_panic::CatchPanicLayer;

pub(crate) use self::look::Look;
pub(crate) use self::page::not_found;

use crate::app::{self, App};
use crate::mail::{LINK_PAGE, RESET_PAGE};

/// The pages; those that describe the endpoints stand beside them, below the base path.
pub(crate) fn routes(app: &App) -> Router<App> {
    Router::new()
        .route("/", get(home::get))
        .route("/sign-up", get(sign_up::get).post(sign_up::post))
        .route("/sign-in", get(sign_in::get).post(sign_in::post))
        .route(forgot_password::PATH, get(forgot_password::get).post(forgot_password::post))
        .route(RESET_PAGE, get(new_password::get).post(new_password::post))
        .route(LINK_PAGE, get(confirm_email::get).post(confirm_email::post))
        .route("/account", get(account::get))
        .route(change_password::PATH, get(change_password::get).post(change_password::post))
        .route("/.well-known/change-password", get(change_password::well_known))
        .route("/account/sign-out", post(account::sign_out))
        .route("/account/revoke", post(account::revoke))
        .route("/account/revoke-others", post(account::revoke_others))
        .route(&format!("{}{}", app.config.path(), error::PATH), any(error::show))
        .merge(change_email::routes(app))
        .merge(delete_account::routes(app))
        .merge(provider::routes(app))
        .merge(reference::routes(app))
        .merge(outbox::routes(app))
        .merge(look::routes(app))
        .layer(CatchPanicLayer::custom(app::panicked))
        .layer(from_fn_with_state(app.clone(), page::seal))
}
