//! The front page: whose server this is, and where to go. Links of mails that name no other page lead here, with `error` in
//! the query where they failed.

use askama::Template;
use axum::extract::Request;
use axum::response::Response;
use http::StatusCode;

use super::form::Form;
use super::page::{self, Site};
use super::trouble::Trouble;
use crate::http::cookie::SetCookies;
use crate::http::visit::Visit;

#[derive(Template)]
#[template(path = "home.html")]
struct HomePage {
    site: Site,
    trouble: Trouble,
}

pub(crate) async fn get(site: Site, request: Request) -> Response {
    let query = Form::query(&request);
    let trouble = Trouble::named(&site, query.text("error"));
    let visit = Visit::of(&request.into_parts().0, &site.app);
    match page::caller(&site.app, &visit).await {
        Ok((Some(_), cookies)) => page::see_other(&page::account(query.text("error")), cookies),
        Ok((None, cookies)) => page::with_cookies(page::show(StatusCode::OK, &HomePage { site, trouble }), cookies),
        Err(problem) => page::problem(&site, &problem, SetCookies::default()),
    }
}
