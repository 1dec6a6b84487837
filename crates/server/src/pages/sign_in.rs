//! Signing in from a form.

use askama::Template;
use axum::extract::{Request, State};
use axum::response::Response;
use countersign_contract::sign_in::{Email, EmailRequest};
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
#[template(path = "sign_in.html")]
struct SignInPage<'a> {
    site: Site,
    email: &'a str,
    remember: bool,
    next: &'a str,
    next_escaped: String,
    notice: &'static str,
    trouble: Option<Trouble>,
}

impl<'a> SignInPage<'a> {
    fn new(app: &App, form: &'a Form) -> Self {
        let next = own_path(form.text("next")).unwrap_or_default();
        Self {
            site: Site::of(app),
            email: form.text("email"),
            remember: true,
            next,
            next_escaped: escape(next),
            notice: "",
            trouble: None,
        }
    }

    fn at_fault(&self, field: &str) -> bool {
        self.trouble.as_ref().is_some_and(|trouble| trouble.field == field || trouble.field == "both")
    }
}

/// The form; or, for who is signed in already, where signing in would have led.
pub(crate) async fn get(State(app): State<App>, request: Request) -> Response {
    let query = Form::query(&request);
    let visit = Visit::of(&request.into_parts().0, &app);
    match page::caller(&app, &visit).await {
        Ok((Some(_), cookies)) => page::see_other(own_path(query.text("next")).unwrap_or(page::ACCOUNT), cookies),
        Ok((None, cookies)) => {
            let notice = match query.text("done") {
                "signed-out" => "You are signed out.",
                "signed-up" => "Your account is ready. Sign in to use it.",
                _ => "",
            };
            let page = SignInPage { notice, email: "", ..SignInPage::new(&app, &query) };
            page::with_cookies(page::show(StatusCode::OK, &page), cookies)
        }
        Err(problem) => page::problem(&app, &problem),
    }
}

pub(crate) async fn post(State(app): State<App>, request: Request) -> Response {
    let Posted { visit, form, admitted } = Posted::read::<Email>(&app, request).await;
    let outcome = match admitted {
        Ok(()) => sign_in(&app, visit, &form).await,
        Err(problem) => Err(problem),
    };
    match outcome {
        Ok(cookies) => page::see_other(own_path(form.text("next")).unwrap_or(page::ACCOUNT), cookies),
        Err(problem) => {
            let trouble = Trouble::of(&app, &problem);
            let remember = form.is_ticked("remember");
            let page = SignInPage { trouble: Some(trouble.clone()), remember, ..SignInPage::new(&app, &form) };
            trouble.mark(page::show(trouble.status, &page))
        }
    }
}

/// Does what `POST /sign-in/email` does.
async fn sign_in(app: &App, visit: Visit, form: &Form) -> Result<SetCookies, Problem> {
    let body = json!({
        "email": form.text("email"),
        "password": form.text("password"),
        "rememberMe": form.is_ticked("remember"),
    });
    let request = EmailRequest::decode(Input { body: Some(&body), query: &Query::default() })
        .map_err(|issues| Problem::worded(transport::Error::Validation, issues.sentence()))?;
    let call = Call { app: app.clone(), visit, caller: (), method: Method::POST, request };
    let answer = crate::http::sign_in::email(call as Call<Email>).await?;
    Ok(answer.extras.cookies)
}
