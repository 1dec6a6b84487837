//! Signing in from a form.

use axum::extract::Request;
use axum::response::Response;
use countersign_contract::sign_in::{Email, EmailRequest};
use countersign_contract::{Input, Request as _, transport};
use http::Method;
use serde_json::json;

use super::confirm_email;
use super::forgot_password;
use super::form::{Form, Posted};
use super::form_page::{Field, FormPage, Link, Tick};
use super::page::{self, Site, own_path};
use super::provider::Doors;
use super::trouble::Trouble;
use crate::app::App;
use crate::http::cookie::SetCookies;
use crate::http::endpoint::Call;
use crate::http::problem::Problem;
use crate::http::visit::Visit;
use crate::mail::CONFIRMED_PAGE;

/// The form, or, for who is signed in already, where signing in would have led.
pub(crate) async fn get(site: Site, request: Request) -> Response {
    let query = Form::query(&request);
    let visit = Visit::of(&request.into_parts().0, &site.app);
    match page::caller(&site.app, &visit).await {
        Ok((Some(_), cookies)) => page::see_other(own_path(query.text("next")).unwrap_or(page::ACCOUNT), cookies),
        Ok((None, cookies)) => {
            let notice = match query.text("done") {
                "signed-out" => site.sign_in.signed_out(),
                "reset" => site.sign_in.new_password(),
                "deleted" => site.delete_account.deleted(),
                "signed-up" => site.sign_in.signed_up(),
                _ => "",
            };
            let trouble = Trouble::named(&site, query.text("error"));
            let page = form_page(&site, "", true, query.text("next"));
            let page = FormPage { notice: notice.to_owned(), trouble, ..page };
            page::with_cookies(page.show(), cookies)
        }
        Err(problem) => page::problem(&site, &problem, SetCookies::default()),
    }
}

pub(crate) async fn post(site: Site, request: Request) -> Response {
    let Posted { visit, form, admitted } = Posted::read::<Email>(&site.app, request).await;
    let outcome = match admitted {
        Ok(()) => sign_in(&site.app, visit, &form).await,
        Err(problem) => Err(problem),
    };
    match outcome {
        Ok(cookies) => page::see_other(own_path(form.text("next")).unwrap_or(page::ACCOUNT), cookies),
        Err(problem) if problem.code() == Some("EMAIL_NOT_VERIFIED") => {
            confirm_email::refused(&site, &problem, form.text("email"), form.text("next")).show()
        }
        Err(problem) => {
            let page = form_page(&site, form.text("email"), form.is_ticked("remember"), form.text("next"));
            FormPage { trouble: Trouble::of(&site, &problem), ..page }.show()
        }
    }
}

pub(super) fn form_page(site: &Site, email: &str, remember: bool, next: &str) -> FormPage {
    let page =
        FormPage { doors: Doors::to_sign_in(site, next), ..FormPage::new(site, site.sign_in.title(), "/sign-in") };
    if !site.is_open() {
        return page.closed(site.sign_in.closed());
    }
    let mut links = Vec::new();
    if site.resets_passwords() {
        links.push(Link::new("", site.sign_in.forgot(), forgot_password::PATH));
    }
    if site.is_open_to_new() {
        links.push(Link::new(site.sign_in.new_here(), site.sign_up.title(), page::onward("/sign-up", next)));
    }
    if !site.takes_passwords() {
        return FormPage { links, ..page.closed("") };
    }
    FormPage {
        fields: vec![Field::email(site, "username", email), Field::password("password", site.fields.password())],
        ticks: vec![Tick { name: "remember", label: site.sign_in.remember().to_owned(), is_set: remember }],
        hidden: page::hidden_next(next),
        links,
        ..page
    }
}

/// Does what `POST /sign-in/email` does.
async fn sign_in(app: &App, visit: Visit, form: &Form) -> Result<SetCookies, Problem> {
    let body = json!({
        "email": form.text("email"),
        "password": form.text("password"),
        "rememberMe": form.is_ticked("remember"),
        "callbackURL": page::onward(CONFIRMED_PAGE, form.text("next")),
    });
    let request = EmailRequest::decode(Input::body(&body))
        .map_err(|issues| Problem::worded(transport::Error::Validation, issues.sentence()))?;
    let call = Call { app: app.clone(), visit, caller: (), method: Method::POST, request };
    let answer = crate::http::sign_in::email(call as Call<Email>).await?;
    Ok(answer.extras.cookies)
}
