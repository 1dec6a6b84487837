//! Signing up from a form.

use askama::Template;
use axum::extract::{Request, State};
use axum::response::Response;
use countersign_contract::sign_up::{Email, EmailRequest};
use countersign_contract::{Input, Query, Request as _, transport};
use http::{Method, StatusCode};
use serde_json::json;

use super::form::{Form, Posted};
use super::page::{self, Site, own_path};
use super::trouble::Trouble;
use crate::app::App;
use crate::http::cookie::{SetCookies, escape};
use crate::http::endpoint::Call;
use crate::http::problem::Problem;
use crate::http::visit::Visit;

#[derive(Template)]
#[template(path = "sign_up.html")]
struct SignUpPage<'a> {
    site: Site,
    name: &'a str,
    email: &'a str,
    shortest: u16,
    next: &'a str,
    next_escaped: String,
    trouble: Option<Trouble>,
}

impl<'a> SignUpPage<'a> {
    fn new(app: &App, form: &'a Form) -> Self {
        let next = own_path(form.text("next")).unwrap_or_default();
        Self {
            site: Site::of(app),
            name: form.text("name"),
            email: form.text("email"),
            shortest: app.config.engine.email_and_password.min_password_length,
            next,
            next_escaped: escape(next),
            trouble: None,
        }
    }

    fn at_fault(&self, field: &str) -> bool {
        self.trouble.as_ref().is_some_and(|trouble| trouble.field == field)
    }
}

/// The form; or, for who is signed in already, where signing up would have led.
pub(crate) async fn get(State(app): State<App>, request: Request) -> Response {
    let query = Form::query(&request);
    let visit = Visit::of(&request.into_parts().0, &app);
    match page::caller(&app, &visit).await {
        Ok((Some(_), cookies)) => page::see_other(own_path(query.text("next")).unwrap_or(page::ACCOUNT), cookies),
        Ok((None, cookies)) => {
            let page = SignUpPage { name: "", email: "", ..SignUpPage::new(&app, &query) };
            page::with_cookies(page::show(StatusCode::OK, &page), cookies)
        }
        Err(problem) => page::problem(&app, &problem),
    }
}

pub(crate) async fn post(State(app): State<App>, request: Request) -> Response {
    let Posted { visit, form, admitted } = Posted::read::<Email>(&app, request).await;
    let outcome = match admitted {
        Ok(()) => sign_up(&app, visit, &form).await,
        Err(problem) => Err(problem),
    };
    match outcome {
        Ok(Some(cookies)) => page::see_other(own_path(form.text("next")).unwrap_or(page::ACCOUNT), cookies),
        Ok(None) => page::see_other("/sign-in?done=signed-up", SetCookies::default()),
        Err(problem) => {
            let trouble = Trouble::of(&app, &problem);
            let page = SignUpPage { trouble: Some(trouble.clone()), ..SignUpPage::new(&app, &form) };
            trouble.mark(page::show(trouble.status, &page))
        }
    }
}

/// Does what `POST /sign-up/email` does. No cookies where signing up does not sign in.
async fn sign_up(app: &App, visit: Visit, form: &Form) -> Result<Option<SetCookies>, Problem> {
    let body = json!({
        "name": form.text("name"),
        "email": form.text("email"),
        "password": form.text("password"),
    });
    let request = EmailRequest::decode(Input { body: Some(&body), query: &Query::default() })
        .map_err(|issues| Problem::worded(transport::Error::Validation, issues.sentence()))?;
    let call = Call { app: app.clone(), visit, caller: (), method: Method::POST, request };
    let answer = crate::http::sign_up::email(call as Call<Email>).await?;
    Ok(answer.reply.token.is_some().then_some(answer.extras.cookies))
}
