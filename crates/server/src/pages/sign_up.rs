//! Signing up from a form.

use axum::extract::Request;
use axum::response::Response;
use countersign_contract::sign_up::{Email, EmailRequest};
use countersign_contract::{Input, Request as _, transport};
use http::Method;
use serde_json::json;

use super::confirm_email;
use super::form::{Form, Posted};
use super::form_page::{Field, FormPage, Link};
use super::page::{self, Site, own_path};
use super::provider::Doors;
use super::trouble::Trouble;
use crate::app::App;
use crate::http::cookie::SetCookies;
use crate::http::endpoint::Call;
use crate::http::problem::Problem;
use crate::http::visit::Visit;
use crate::mail::CONFIRMED_PAGE;

/// The form; or, for who is signed in already, where signing up would have led.
pub(crate) async fn get(site: Site, request: Request) -> Response {
    let query = Form::query(&request);
    let visit = Visit::of(&request.into_parts().0, &site.app);
    match page::caller(&site.app, &visit).await {
        Ok((Some(_), cookies)) => page::see_other(own_path(query.text("next")).unwrap_or(page::ACCOUNT), cookies),
        Ok((None, cookies)) => page::with_cookies(form_page(&site, ("", ""), query.text("next")).show(), cookies),
        Err(problem) => page::problem(&site, &problem, SetCookies::default()),
    }
}

pub(crate) async fn post(site: Site, request: Request) -> Response {
    let Posted { visit, form, admitted } = Posted::read::<Email>(&site.app, request).await;
    let outcome = match admitted {
        Ok(()) => sign_up(&site.app, visit, &form).await,
        Err(problem) => Err(problem),
    };
    match outcome {
        Ok(Some(cookies)) => page::see_other(own_path(form.text("next")).unwrap_or(page::ACCOUNT), cookies),
        Ok(None) if site.app.config.engine.email_and_password.require_email_verification => {
            confirm_email::signed_up(&site, form.text("email"), form.text("next")).show()
        }
        Ok(None) => page::see_other("/sign-in?done=signed-up", SetCookies::default()),
        Err(problem) => {
            let page = form_page(&site, (form.text("name"), form.text("email")), form.text("next"));
            FormPage { trouble: Trouble::of(&site, &problem), ..page }.show()
        }
    }
}

fn form_page(site: &Site, (name, email): (&str, &str), next: &str) -> FormPage {
    let page =
        FormPage { doors: Doors::to_sign_up(site, next), ..FormPage::new(site, site.sign_up.title(), "/sign-up") };
    let sign_in = Link::new(site.sign_up.have_account(), site.sign_in.title(), page::onward("/sign-in", next));
    let links = if site.is_open() { vec![sign_in] } else { Vec::new() };
    if !site.takes_sign_ups() {
        let why = if site.is_open_to_new() { "" } else { site.sign_up.closed() };
        return FormPage { links, ..page.closed(why) };
    }
    FormPage {
        submit: site.sign_up.submit().to_owned(),
        fields: vec![
            Field::text("name", site.fields.name(), "name", name),
            Field::email(site, "username", email),
            Field::new_password(site, site.fields.password()),
        ],
        hidden: page::hidden_next(next),
        links,
        ..page
    }
}

/// Does what `POST /sign-up/email` does. No cookies where signing up does not sign in.
async fn sign_up(app: &App, visit: Visit, form: &Form) -> Result<Option<SetCookies>, Problem> {
    let body = json!({
        "name": form.text("name"),
        "email": form.text("email"),
        "password": form.text("password"),
        "callbackURL": page::onward(CONFIRMED_PAGE, form.text("next")),
    });
    let request = EmailRequest::decode(Input::body(&body))
        .map_err(|issues| Problem::worded(transport::Error::Validation, issues.sentence()))?;
    let call = Call { app: app.clone(), visit, caller: (), method: Method::POST, request };
    let answer = crate::http::sign_up::email(call as Call<Email>).await?;
    Ok(answer.reply.token.is_some().then_some(answer.extras.cookies))
}
