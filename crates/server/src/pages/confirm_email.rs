//! Having a link mailed that shows an address to be its user's. To who is not signed in the answer is the same for every
//! address (security P8).

use axum::extract::Request;
use axum::response::Response;
use countersign_contract::email::{SendVerification, SendVerificationRequest};
use countersign_contract::{Input, Request as _, transport};
use countersign_engine::Caller;
use http::Method;
use serde_json::json;

use super::form::{Form, Posted};
use super::form_page::{Field, FormPage, Link};
use super::mailed_link;
use super::outbox;
use super::page::{self, Site};
use super::trouble::Trouble;
use crate::app::App;
use crate::http::cookie::SetCookies;
use crate::http::endpoint::Call;
use crate::http::problem::Problem;
use crate::http::visit::Visit;
use crate::mail::{CONFIRMED_PAGE, LINK_PAGE};

/// Where one has asked.
const SENT: &str = "/confirm-email?done=sent";

/// The form; or what became of a link; or the account, for who has nothing to show.
pub(crate) async fn get(site: Site, request: Request) -> Response {
    let query = Form::query(&request);
    let visit = Visit::of(&request.into_parts().0, &site.app);
    let (caller, cookies) = match page::caller(&site.app, &visit).await {
        Ok(found) => found,
        Err(problem) => return page::problem(&site, &problem, SetCookies::default()),
    };
    let (caller, error, next) = (caller.as_ref(), query.text("error"), query.text("next"));
    let page = match query.text("done") {
        "sent" => sent(&site, caller, next),
        done => match mailed_link::followed(&site, (done, error), caller, next) {
            Some(page) => page,
            None if caller.is_some_and(|caller| caller.user.email_verified) => {
                return page::see_other(&page::account(error), cookies);
            }
            None => {
                let email = caller.map_or("", |caller| &caller.user.email);
                FormPage { trouble: Trouble::named(&site, error), ..form_page(&site, email, next) }
            }
        },
    };
    page::with_cookies(page.show(), cookies)
}

pub(crate) async fn post(site: Site, request: Request) -> Response {
    let Posted { visit, form, admitted } = Posted::read::<SendVerification>(&site.app, request).await;
    let (caller, cookies) = match page::caller(&site.app, &visit).await {
        Ok(found) => found,
        Err(problem) => return page::problem(&site, &problem, SetCookies::default()),
    };
    let outcome = match admitted {
        Ok(()) => ask(&site.app, visit, caller, &form).await,
        Err(problem) => Err(problem),
    };
    match outcome {
        Ok(()) => page::see_other(&page::onward(SENT, form.text("next")), cookies),
        Err(problem) => {
            let page = form_page(&site, form.text("email"), form.text("next"));
            page::with_cookies(FormPage { trouble: Trouble::of(&site, &problem), ..page }.show(), cookies)
        }
    }
}

/// For who signed up and is not signed in before the address is shown to be theirs. A taken address is not told from a new
/// one.
pub(super) fn signed_up(site: &Site, email: &str, next: &str) -> FormPage {
    let page = form_page(site, email, next);
    if site.app.config.engine.verifies_on_sign_up() {
        let notice = site.confirm_email.mailed(email);
        let (lead, submit) = (site.confirm_email.mailed_lead().to_owned(), site.confirm_email.again().to_owned());
        return FormPage { notice, lead, submit, ..page };
    }
    let lead = if site.verifies_emails() { site.confirm_email.not_mailed().to_owned() } else { page.lead };
    FormPage { lead, ..page }
}

/// For who knows the password and has not shown the address to be theirs.
pub(super) fn refused(site: &Site, problem: &Problem, email: &str, next: &str) -> FormPage {
    let page = FormPage { trouble: Trouble::of(site, problem), ..form_page(site, email, next) };
    if !site.app.config.engine.verifies_on_sign_in() {
        return page;
    }
    let lead = format!("{} {}", site.confirm_email.mailed(email), site.confirm_email.mailed_lead());
    FormPage { lead, submit: site.confirm_email.again().to_owned(), ..page }
}

fn form_page(site: &Site, email: &str, next: &str) -> FormPage {
    let page = FormPage::new(site, site.confirm_email.title(), LINK_PAGE);
    let links = back(site, None, next);
    if !site.verifies_emails() {
        return FormPage { links, ..page.closed(site.confirm_email.closed()) };
    }
    FormPage {
        lead: site.confirm_email.lead().to_owned(),
        submit: site.confirm_email.submit().to_owned(),
        fields: vec![Field::email(site, "username", email)],
        hidden: page::hidden_next(next),
        links: links.into_iter().chain(outbox::link(site)).collect(),
        ..page
    }
}

/// The mail is on its way, if it is needed.
fn sent(site: &Site, caller: Option<&Caller>, next: &str) -> FormPage {
    FormPage {
        notice: site.confirm_email.sent().to_owned(),
        links: back(site, caller, next).into_iter().chain(outbox::link(site)).collect(),
        ..FormPage::new(site, site.confirm_email.title(), LINK_PAGE).closed(site.forgot_password.sent_lead())
    }
}

/// The way back: to the account, or to signing in.
fn back(site: &Site, caller: Option<&Caller>, next: &str) -> Vec<Link> {
    vec![match caller {
        Some(_) => Link::to_account(site),
        None => Link::new("", site.new_password.back(), page::onward("/sign-in", next)),
    }]
}

/// Does what `POST /send-verification-email` does.
async fn ask(app: &App, visit: Visit, caller: Option<Caller>, form: &Form) -> Result<(), Problem> {
    let body = json!({
        "email": form.text("email"),
        "callbackURL": page::onward(CONFIRMED_PAGE, form.text("next")),
    });
    let request = SendVerificationRequest::decode(Input::body(&body))
        .map_err(|issues| Problem::worded(transport::Error::Validation, issues.sentence()))?;
    let call = Call { app: app.clone(), visit, caller, method: Method::POST, request };
    crate::http::email::send_verification(call as Call<SendVerification>).await?;
    Ok(())
}
