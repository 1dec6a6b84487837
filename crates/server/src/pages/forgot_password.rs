//! Asking for a link with which to choose another password. The answer is the same for every address (security P8).

use axum::extract::Request;
use axum::response::Response;
use countersign_contract::password::{RequestReset, RequestResetRequest};
use countersign_contract::{Input, Request as _, transport};
use http::Method;
use serde_json::json;

use super::form::{Form, Posted};
use super::form_page::{Field, FormPage, Link};
use super::outbox;
use super::page::{self, Site};
use super::trouble::Trouble;
use crate::app::App;
use crate::http::cookie::SetCookies;
use crate::http::endpoint::Call;
use crate::http::problem::Problem;
use crate::http::visit::Visit;

/// Where one asks.
pub(super) const PATH: &str = "/forgot-password";
/// Where one has asked.
const SENT: &str = "/forgot-password?done=sent";

pub(crate) async fn get(site: Site, request: Request) -> Response {
    match Form::query(&request).text("done") {
        "sent" => sent(&site).show(),
        _ => form_page(&site, "").show(),
    }
}

pub(crate) async fn post(site: Site, request: Request) -> Response {
    let Posted { visit, form, admitted } = Posted::read::<RequestReset>(&site.app, request).await;
    let outcome = match admitted {
        Ok(()) => ask(&site.app, visit, &form).await,
        Err(problem) => Err(problem),
    };
    match outcome {
        Ok(()) => page::see_other(SENT, SetCookies::default()),
        Err(problem) => {
            let page = form_page(&site, form.text("email"));
            FormPage { trouble: Trouble::of(&site, &problem), ..page }.show()
        }
    }
}

fn form_page(site: &Site, email: &str) -> FormPage {
    let page = FormPage::new(site, site.forgot_password.title(), PATH);
    let links = vec![Link::new("", site.new_password.back(), "/sign-in")];
    if !site.resets_passwords() {
        return FormPage { links, ..page.closed(site.forgot_password.closed()) };
    }
    FormPage {
        lead: site.forgot_password.lead().to_owned(),
        submit: site.forgot_password.submit().to_owned(),
        fields: vec![Field::email(site, "username", email)],
        links,
        ..page
    }
}

/// The mail is on its way, if there is such a user.
fn sent(site: &Site) -> FormPage {
    let mut links = vec![Link::new("", site.new_password.back(), "/sign-in")];
    links.extend(outbox::link(site));
    FormPage {
        notice: site.forgot_password.sent().to_owned(),
        links,
        ..FormPage::new(site, site.forgot_password.title(), PATH).closed(site.forgot_password.sent_lead())
    }
}

/// Does what `POST /request-password-reset` does.
async fn ask(app: &App, visit: Visit, form: &Form) -> Result<(), Problem> {
    let request = RequestResetRequest::decode(Input::body(&json!({ "email": form.text("email") })))
        .map_err(|issues| Problem::worded(transport::Error::Validation, issues.sentence()))?;
    let call = Call { app: app.clone(), visit, caller: (), method: Method::POST, request };
    crate::http::password::request_reset(call as Call<RequestReset>).await?;
    Ok(())
}
