//! Asking for another address, where users may have one.

use axum::Router;
use axum::extract::Request;
use axum::response::Response;
use axum::routing::get;
use countersign_contract::email::{Change, ChangeError, ChangeRequest};
use countersign_contract::{Input, Request as _, transport};
use countersign_engine::{Caller, EmailWay};
use http::{Method, StatusCode};
use serde_json::json;

use super::form::{Form, Posted};
use super::form_page::{Field, FormPage, Link};
use super::outbox;
use super::page::{self, Site};
use super::trouble::Trouble;
use crate::app::App;
use crate::http::cookie::SetCookies;
use crate::http::email;
use crate::http::endpoint::Call;
use crate::http::problem::{Failure, Problem};
use crate::http::visit::Visit;
use crate::mail::{AGREED_PAGE, CHANGED_PAGE, CONFIRMED_PAGE};

/// Where the form is.
const PATH: &str = "/account/email";
/// Where one has asked and a mail is on its way.
const ASKED: &str = "/account/email?done=asked";
/// Where one has asked and no mail is needed.
const DONE: &str = "/account?done=email";

pub(super) fn routes(app: &App) -> Router<App> {
    if is_offered(app) { Router::new().route(PATH, get(show).post(post)) } else { Router::new() }
}

/// The way to the form, where there is one.
pub(super) fn link(site: &Site) -> Option<Link> {
    is_offered(&site.app).then(|| Link::new("", site.change_email.link(), PATH))
}

fn is_offered(app: &App) -> bool {
    app.config.engine.user.change_email.enabled
}

async fn show(site: Site, request: Request) -> Response {
    let query = Form::query(&request);
    let visit = Visit::of(&request.into_parts().0, &site.app);
    match page::someone(&site, &visit, PATH).await {
        Ok((caller, cookies)) => {
            let is_asked = query.text("done") == "asked";
            let page = if is_asked { asked(&site, &caller) } else { form_page(&site, &caller, "") };
            page::with_cookies(page.show(), cookies)
        }
        Err(response) => response,
    }
}

async fn post(site: Site, request: Request) -> Response {
    let Posted { visit, form, admitted } = Posted::read::<Change>(&site.app, request).await;
    let (caller, mut cookies) = match page::someone(&site, &visit, PATH).await {
        Ok(found) => found,
        Err(response) => return response,
    };
    let way = site.app.engine.email_way(&caller.user);
    let outcome = match admitted {
        Ok(()) => change(&site, visit, (&caller, way), &form).await,
        Err(problem) => Err(Trouble::of(&site, &problem)),
    };
    match outcome {
        Ok(changed) => {
            cookies.merge(changed);
            page::see_other(if way == Some(EmailWay::AtOnce) { DONE } else { ASKED }, cookies)
        }
        Err(trouble) => {
            let page = form_page(&site, &caller, form.text("email"));
            page::with_cookies(FormPage { trouble, ..page }.show(), cookies)
        }
    }
}

fn form_page(site: &Site, caller: &Caller, email: &str) -> FormPage {
    let say = &site.change_email;
    let page = FormPage { links: vec![Link::to_account(site)], ..FormPage::new(site, say.title(), PATH) };
    let next = match site.app.engine.email_way(&caller.user) {
        None => return page.closed(say.closed()),
        Some(EmailWay::ByTheOld) => say.by_the_old(),
        Some(EmailWay::ByTheNew) => say.by_the_new(),
        Some(EmailWay::AtOnce) => say.at_once(),
    };
    FormPage {
        lead: format!("{} {next}", say.now(&caller.user.email)),
        submit: say.submit().to_owned(),
        fields: vec![Field::new_email(site, email)],
        ..page
    }
}

/// A mail is on its way, unless the address belongs to somebody, which is told to nobody.
fn asked(site: &Site, caller: &Caller) -> FormPage {
    let (say, now) = (&site.change_email, &caller.user.email);
    let (notice, lead) = match site.app.engine.email_way(&caller.user) {
        Some(EmailWay::ByTheOld) => (say.asked_old(now), say.asked_old_lead().to_owned()),
        _ => (say.asked_new().to_owned(), say.asked_new_lead(now)),
    };
    let links = std::iter::once(Link::to_account(site)).chain(outbox::link(site)).collect();
    FormPage { notice, links, ..FormPage::new(site, say.title(), PATH).closed(&lead) }
}

/// Does what `POST /change-email` does.
async fn change(
    site: &Site,
    visit: Visit,
    (caller, way): (&Caller, Option<EmailWay>),
    form: &Form,
) -> Result<SetCookies, Trouble> {
    let result = match way {
        Some(EmailWay::ByTheOld) => AGREED_PAGE,
        Some(EmailWay::ByTheNew) | None => CHANGED_PAGE,
        Some(EmailWay::AtOnce) => CONFIRMED_PAGE,
    };
    let body = json!({ "newEmail": form.text("email"), "callbackURL": result });
    let request = ChangeRequest::decode(Input::body(&body))
        .map_err(|issues| Trouble::of(site, &Problem::worded(transport::Error::Validation, issues.sentence())))?;
    let call = Call { app: site.app.clone(), visit, caller: caller.clone(), method: Method::POST, request };
    match email::change(call as Call<Change>).await {
        Ok(answer) => Ok(answer.extras.cookies),
        Err(failure) => Err(refused(site, failure)),
    }
}

/// What is wrong, in words; two of the reasons have no code to know them by.
fn refused(site: &Site, failure: Failure<ChangeError>) -> Trouble {
    let say = &site.change_email;
    match failure {
        Failure::Row(ChangeError::Same) => Trouble::about(&["email"], StatusCode::BAD_REQUEST, say.same().to_owned()),
        Failure::Row(ChangeError::NoMail) => Trouble::new(StatusCode::BAD_REQUEST, say.closed().to_owned()),
        failure => Trouble::of(site, &failure.into()),
    }
}
