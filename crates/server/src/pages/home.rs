//! The front page: whose server this is, and where to go.

use askama::Template;
use axum::extract::{Request, State};
use axum::response::Response;
use http::StatusCode;

use super::page::{self, Site};
use crate::app::App;
use crate::http::visit::Visit;

#[derive(Template)]
#[template(path = "home.html")]
struct HomePage {
    site: Site,
}

pub(crate) async fn get(State(app): State<App>, request: Request) -> Response {
    let visit = Visit::of(&request.into_parts().0, &app);
    match page::caller(&app, &visit).await {
        Ok((Some(_), cookies)) => page::see_other(page::ACCOUNT, cookies),
        Ok((None, cookies)) => {
            page::with_cookies(page::show(StatusCode::OK, &HomePage { site: Site::of(&app) }), cookies)
        }
        Err(problem) => page::problem(&app, &problem),
    }
}
