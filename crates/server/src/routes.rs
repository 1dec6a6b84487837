//! The table of contents: every endpoint, one line each.

use axum::Router;
use axum::routing::any;
use countersign_contract::{
    account, email, jwks, ok, password, refresh, session, sign_in, sign_out, sign_up, social, token, user,
};

use crate::app::App;
use crate::http;
use crate::http::endpoint::Mount;

/// The endpoints, below the base path: those of features that are switched on.
pub(crate) fn endpoints(app: &App) -> Router<App> {
    let mut routes = Router::new()
        .endpoint::<sign_up::Email>(http::sign_up::email)
        .endpoint::<sign_in::Email>(http::sign_in::email)
        .endpoint::<social::SignIn>(http::social::sign_in)
        .endpoint::<social::Callback>(http::social::callback)
        .endpoint::<sign_out::SignOut>(http::sign_out::sign_out)
        .endpoint::<session::Get>(http::session::get)
        .endpoint::<session::List>(http::session::list)
        .endpoint::<session::Update>(http::session::update)
        .endpoint::<session::Revoke>(http::session::revoke)
        .endpoint::<session::RevokeAll>(http::session::revoke_all)
        .endpoint::<session::RevokeOthers>(http::session::revoke_others)
        .endpoint::<token::Get>(http::token::get)
        .endpoint::<user::Update>(http::user::update)
        .endpoint::<user::Delete>(http::user::delete)
        .endpoint::<user::DeleteCallback>(http::user::delete_callback)
        .endpoint::<password::Change>(http::password::change)
        .endpoint::<password::Verify>(http::password::verify)
        .endpoint::<password::RequestReset>(http::password::request_reset)
        .endpoint::<password::ResetLink>(http::password::reset_link)
        .endpoint::<password::Reset>(http::password::reset)
        .endpoint::<account::List>(http::account::list)
        .endpoint::<account::Unlink>(http::account::unlink)
        .endpoint::<social::Link>(http::social::link)
        .endpoint::<account::GetAccessToken>(http::account::access_token)
        .endpoint::<account::RefreshToken>(http::account::refresh_token)
        .endpoint::<account::Info>(http::account::info)
        .endpoint::<email::SendVerification>(http::email::send_verification)
        .endpoint::<email::Verify>(http::email::verify)
        .endpoint::<email::Change>(http::email::change)
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
