//! Choosing another password: where the link of a mail leads if whoever asked for it named no other page.

use axum::extract::Request;
use axum::response::Response;
use countersign_contract::password::{Reset, ResetRequest};
use http::{Method, StatusCode};

use super::forgot_password;
use super::form::{Form, Posted};
use super::form_page::{Field, FormPage, Link};
use super::page::{self, Site};
use super::trouble::Trouble;
use crate::app::App;
use crate::http::cookie::SetCookies;
use crate::http::endpoint::Call;
use crate::http::problem::Problem;
use crate::http::visit::Visit;
use crate::mail::RESET_PAGE;

/// Where to go with the new password.
const DONE: &str = "/sign-in?done=reset";

pub(crate) async fn get(site: Site, request: Request) -> Response {
    match Form::query(&request).text("token") {
        "" => spent(&site, StatusCode::OK).show(),
        token => form_page(&site, token).show(),
    }
}

pub(crate) async fn post(site: Site, request: Request) -> Response {
    let Posted { visit, form, admitted } = Posted::read::<Reset>(&site.app, request).await;
    let outcome = match admitted {
        Ok(()) => reset(&site.app, visit, &form).await,
        Err(problem) => Err(problem),
    };
    match outcome {
        Ok(()) => page::see_other(DONE, SetCookies::default()),
        Err(problem) if problem.code() == Some("INVALID_TOKEN") => spent(&site, problem.status()).show(),
        Err(problem) => {
            let page = form_page(&site, form.text("token"));
            FormPage { trouble: Trouble::of(&site, &problem), ..page }.show()
        }
    }
}

fn form_page(site: &Site, token: &str) -> FormPage {
    FormPage {
        submit: site.new_password.submit().to_owned(),
        fields: vec![Field::new_password(site, site.fields.new_password())],
        hidden: vec![("token", token.to_owned())],
        ..FormPage::new(site, site.new_password.title(), RESET_PAGE)
    }
}

/// The link is worth nothing any more.
fn spent(site: &Site, status: StatusCode) -> FormPage {
    FormPage {
        trouble: Trouble::new(status, site.trouble.link_spent().to_owned()),
        links: vec![Link::new("", site.new_password.again(), forgot_password::PATH)],
        ..FormPage::new(site, site.new_password.title(), RESET_PAGE).closed("")
    }
}

/// Does what `POST /reset-password` does.
async fn reset(app: &App, visit: Visit, form: &Form) -> Result<(), Problem> {
    let request =
        ResetRequest { new_password: form.text("password").to_owned(), token: Some(form.text("token").to_owned()) };
    let call = Call { app: app.clone(), visit, caller: (), method: Method::POST, request };
    crate::http::password::reset(call as Call<Reset>).await?;
    Ok(())
}
