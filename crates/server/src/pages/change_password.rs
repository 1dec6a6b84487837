//! Changing the password of one's account.

use axum::extract::Request;
use axum::response::Response;
use countersign_contract::password::{Change, ChangeRequest};
use countersign_engine::Caller;
use http::Method;

use super::form::{Form, Posted};
use super::form_page::{Field, FormPage, Link, Tick};
use super::page::{self, Site};
use super::trouble::Trouble;
use crate::app::App;
use crate::http::cookie::SetCookies;
use crate::http::endpoint::Call;
use crate::http::problem::Problem;
use crate::http::visit::Visit;

/// Where the form is.
pub(super) const PATH: &str = "/account/password";
/// Where to go with the new password.
const DONE: &str = "/account?done=password";

pub(crate) async fn get(site: Site, request: Request) -> Response {
    let visit = Visit::of(&request.into_parts().0, &site.app);
    match page::someone(&site, &visit, PATH).await {
        Ok((caller, cookies)) => page::with_cookies(form_page(&site, &caller, true).show(), cookies),
        Err(response) => response,
    }
}

/// Where password managers look for the form (W3C, "A Well-Known URL for Changing Passwords").
pub(crate) async fn well_known() -> Response {
    page::see_other(PATH, SetCookies::default())
}

pub(crate) async fn post(site: Site, request: Request) -> Response {
    let Posted { visit, form, admitted } = Posted::read::<Change>(&site.app, request).await;
    let (caller, mut cookies) = match page::someone(&site, &visit, PATH).await {
        Ok(found) => found,
        Err(response) => return response,
    };
    let outcome = match admitted {
        Ok(()) => change(&site.app, visit, &caller, &form).await,
        Err(problem) => Err(problem),
    };
    match outcome {
        Ok(new_session) => {
            cookies.merge(new_session);
            page::see_other(DONE, cookies)
        }
        Err(problem) => {
            let page = form_page(&site, &caller, form.is_ticked("others"));
            page::with_cookies(FormPage { trouble: Trouble::of(&site, &problem), ..page }.show(), cookies)
        }
    }
}

fn form_page(site: &Site, caller: &Caller, others: bool) -> FormPage {
    FormPage {
        submit: site.change_password.submit().to_owned(),
        username: caller.user.email.clone(),
        fields: vec![
            Field::password("current", site.fields.current_password()),
            Field::new_password(site, site.fields.new_password()),
        ],
        ticks: vec![Tick { name: "others", label: site.account.sign_out_elsewhere().to_owned(), is_set: others }],
        links: vec![Link::to_account(site)],
        ..FormPage::new(site, site.change_password.title(), PATH)
    }
}

/// Does what `POST /change-password` does.
async fn change(app: &App, visit: Visit, caller: &Caller, form: &Form) -> Result<SetCookies, Problem> {
    let request = ChangeRequest {
        new_password: form.text("password").to_owned(),
        current_password: form.text("current").to_owned(),
        revoke_other_sessions: Some(form.is_ticked("others")),
    };
    let call = Call { app: app.clone(), visit, caller: caller.clone(), method: Method::POST, request };
    let answer = crate::http::password::change(call as Call<Change>).await?;
    Ok(answer.extras.cookies)
}
