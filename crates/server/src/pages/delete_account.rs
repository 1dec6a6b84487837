//! Deleting one's account, where users may: by a link that is mailed and leads here, where one says so once more, so that no
//! program deletes anybody that only looks at links; where no mails are sent, with the password.

use axum::Router;
use axum::extract::Request;
use axum::response::Response;
use axum::routing::get;
use countersign_contract::user::{Delete, DeleteError, DeleteRequest};
use countersign_engine::{Caller, Deletion};
use http::Method;

use super::form::{Form, Posted};
use super::form_page::{Field, FormPage, Link};
use super::outbox;
use super::page::{self, Site};
use super::trouble::Trouble;
use crate::app::App;
use crate::http::cookie::{SetCookies, escape};
use crate::http::endpoint::Call;
use crate::http::problem::{Failure, Problem};
use crate::http::user;
use crate::http::visit::Visit;
use crate::mail::DELETION_PAGE;

/// Where one has asked and a mail is on its way.
const ASKED: &str = "/account/delete?done=asked";
/// Where to go without an account.
const DONE: &str = "/sign-in?done=deleted";

pub(super) fn routes(app: &App) -> Router<App> {
    if is_offered(app) { Router::new().route(DELETION_PAGE, get(show).post(post)) } else { Router::new() }
}

/// The way to the form, where there is one.
pub(super) fn link(site: &Site) -> Option<Link> {
    is_offered(&site.app).then(|| Link::new("", site.delete_account.title(), DELETION_PAGE))
}

fn is_offered(app: &App) -> bool {
    app.config.engine.user.delete_user.enabled
}

async fn show(site: Site, request: Request) -> Response {
    let query = Form::query(&request);
    let visit = Visit::of(&request.into_parts().0, &site.app);
    let token = query.text("token");
    let (caller, cookies) = match page::someone(&site, &visit, &with_token(token)).await {
        Ok(found) => found,
        Err(response) => return response,
    };
    let page = match query.text("done") {
        "asked" => Ok(asked(&site, &caller)),
        _ => form_page(&site, &caller, token).await,
    };
    match page {
        Ok(page) => page::with_cookies(page.show(), cookies),
        Err(problem) => page::problem(&site, &problem, cookies),
    }
}

async fn post(site: Site, request: Request) -> Response {
    let Posted { visit, form, admitted } = Posted::read::<Delete>(&site.app, request).await;
    let token = form.text("token");
    let (caller, mut cookies) = match page::someone(&site, &visit, &with_token(token)).await {
        Ok(found) => found,
        Err(response) => return response,
    };
    let outcome = match admitted {
        Ok(()) => delete(&site, visit, &caller, &form).await,
        Err(problem) => Err((Trouble::of(&site, &problem), true)),
    };
    let (trouble, is_good) = match outcome {
        Ok((deletion, cleared)) => {
            cookies.merge(cleared);
            return page::see_other(if deletion == Deletion::Done { DONE } else { ASKED }, cookies);
        }
        Err(trouble) => trouble,
    };
    match form_page(&site, &caller, if is_good { token } else { "" }).await {
        Ok(page) => page::with_cookies(FormPage { trouble, ..page }.show(), cookies),
        Err(problem) => page::problem(&site, &problem, cookies),
    }
}

/// With a token, the last word; else where one asks for the link, or gives the password one has.
async fn form_page(site: &Site, caller: &Caller, token: &str) -> Result<FormPage, Problem> {
    let say = &site.delete_account;
    let page = FormPage {
        lead: say.lead(&caller.user.email),
        links: vec![Link::to_account(site)],
        is_final: true,
        ..FormPage::new(site, say.title(), DELETION_PAGE)
    };
    if !token.is_empty() {
        return Ok(FormPage { submit: say.submit().to_owned(), hidden: vec![("token", token.to_owned())], ..page });
    }
    if site.app.config.engine.confirms_deletions() {
        let lead = format!("{} {}", page.lead, say.by_mail());
        return Ok(FormPage { lead, submit: say.ask().to_owned(), is_final: false, ..page });
    }
    let accounts = site.app.engine.accounts(&caller.user.id).await.map_err(|error| page::internal(&error))?;
    let has_password = accounts.iter().any(|account| account.provider_id == "credential");
    let password = has_password.then(|| Field::password("current", site.fields.current_password()));
    let username = if has_password { caller.user.email.clone() } else { String::new() };
    Ok(FormPage { submit: say.submit().to_owned(), username, fields: password.into_iter().collect(), ..page })
}

fn asked(site: &Site, caller: &Caller) -> FormPage {
    let say = &site.delete_account;
    FormPage {
        notice: say.asked(&caller.user.email),
        links: std::iter::once(Link::to_account(site)).chain(outbox::link(site)).collect(),
        ..FormPage::new(site, say.title(), DELETION_PAGE).closed(say.asked_lead())
    }
}

/// Does what `POST /delete-user` does. A trouble comes with whether a link is still good after it.
async fn delete(
    site: &Site,
    visit: Visit,
    caller: &Caller,
    form: &Form,
) -> Result<(Deletion, SetCookies), (Trouble, bool)> {
    let request = DeleteRequest {
        callback_url: Some(DELETION_PAGE.to_owned()),
        password: Some(form.text("current").to_owned()),
        token: Some(form.text("token").to_owned()),
    };
    let call = Call { app: site.app.clone(), visit, caller: caller.clone(), method: Method::POST, request };
    match user::delete_caller(call as Call<Delete>).await {
        Ok((deletion, extras)) => Ok((deletion, extras.cookies)),
        // No password is that long: it is another one, as any wrong one is.
        Err(Failure::Row(DeleteError::PasswordTooLong)) => {
            Err((Trouble::of(site, &Failure::Row(DeleteError::InvalidPassword).into()), true))
        }
        Err(failure) => {
            let is_good = !matches!(failure, Failure::Row(DeleteError::InvalidToken));
            Err((Trouble::of(site, &failure.into()), is_good))
        }
    }
}

/// The page; with the secret of a link, which its form carries on, if there is one.
fn with_token(token: &str) -> String {
    if token.is_empty() { DELETION_PAGE.to_owned() } else { format!("{DELETION_PAGE}?token={}", escape(token)) }
}
