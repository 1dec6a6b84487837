//! The mails of a server for developing, at `/dev/outbox`: a page for browsers, JSON for programs.
//!
//! Whoever reads a mail can be its receiver, so this answers only this machine: only with the transport `dev`, which is
//! refused where the base URL is elsewhere; only to a peer on this machine; and only under a name of this machine, so that a
//! page elsewhere cannot have its own name resolved to us.

use std::net::SocketAddr;

use askama::Template;
use axum::extract::{ConnectInfo, Request};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use axum::{Json, Router};
use countersign_engine::config::{BaseUrl, Transport};
use http::{StatusCode, header};

use super::form_page::Link;
use super::page::{self, Site};
use crate::app::App;
use crate::http::problem::Problem;
use crate::mail::{Mail, shown};

#[derive(Template)]
#[template(path = "outbox.html")]
struct OutboxPage {
    site: Site,
    mails: Vec<Mail>,
}

/// Where mails are shown instead of sent.
const PATH: &str = "/dev/outbox";

/// The way there, for who waits for a mail; none where mails are sent.
pub(super) fn link(site: &Site) -> Option<Link> {
    let is_here = site.app.config.engine.transport() == Transport::Dev;
    is_here.then(|| Link::new("", site.forgot_password.outbox(), PATH))
}

pub(super) fn routes(app: &App) -> Router<App> {
    match app.config.engine.transport() {
        Transport::Dev => Router::new().route(PATH, get(list)),
        Transport::Auto | Transport::Smtp | Transport::Off => Router::new(),
    }
}

async fn list(site: Site, request: Request) -> Response {
    if !is_from_this_machine(&request) {
        return StatusCode::NOT_FOUND.into_response();
    }
    let mails = match shown(&site.app.engine, &site.app.config).await {
        Ok(mails) => mails,
        Err(error) => return Problem::internal(&error.to_string()).into_response(),
    };
    if page::wants_page(request.headers()) {
        page::show(StatusCode::OK, &OutboxPage { site, mails })
    } else {
        Json(mails).into_response()
    }
}

fn is_from_this_machine(request: &Request) -> bool {
    let peer = request.extensions().get::<ConnectInfo<SocketAddr>>();
    let host = request.headers().get(header::HOST).and_then(|host| host.to_str().ok());
    let named = host.is_none_or(|host| format!("http://{host}").parse::<BaseUrl>().is_ok_and(|url| url.is_local()));
    named && peer.is_some_and(|peer| peer.0.ip().to_canonical().is_loopback())
}
