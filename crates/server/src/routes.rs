//! The table of contents: every endpoint, one line each.

use axum::Router;
use axum::routing::any;
use countersign_contract::{jwks, ok, password, refresh, session, sign_in, sign_out, sign_up, token, user};

use crate::app::App;
use crate::http;
use crate::http::endpoint::Mount;

/// The endpoints, below the base path: those of features that are switched on.
pub(crate) fn endpoints(app: &App) -> Router<App> {
    let mut routes = Router::new()
        .endpoint::<sign_up::Email>(http::sign_up::email)
        .endpoint::<sign_in::Email>(http::sign_in::email)
        .endpoint::<sign_out::SignOut>(http::sign_out::sign_out)
        .endpoint::<session::Get>(http::session::get)
        .endpoint::<session::List>(http::session::list)
        .endpoint::<session::Revoke>(http::session::revoke)
        .endpoint::<session::RevokeAll>(http::session::revoke_all)
        .endpoint::<session::RevokeOthers>(http::session::revoke_others)
        .endpoint::<token::Get>(http::token::get)
        .endpoint::<user::Update>(http::user::update)
        .endpoint::<password::Change>(http::password::change)
        .endpoint::<ok::Get>(http::ok::get);
    if app.config.engine.refresh.enabled {
        routes = routes
            .endpoint::<refresh::Start>(http::refresh::start)
            .endpoint::<refresh::Refresh>(http::refresh::refresh);
    }
    if !app.engine.public_keys().is_empty() {
        routes = routes.endpoint::<jwks::Get>(http::jwks::get);
    }
    // Not a reply but a stream, so no endpoint of the contract: `docs/revocations.md` describes it.
    routes.route(http::revocations::PATH, any(http::revocations::follow))
}
