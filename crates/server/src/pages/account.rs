//! The account: who one is, one's access token, and the devices one is signed in on.

use askama::Template;
use axum::extract::Request;
use axum::response::Response;
use countersign_contract::session::{Revoke, RevokeOthers, RevokeRequest};
use countersign_contract::sign_out::{SignOut, SignOutRequest};
use countersign_engine::{Caller, Session};
use http::{Method, StatusCode};

use super::agent;
use super::change_email;
use super::change_password;
use super::claim::{Claim, claims};
use super::delete_account;
use super::form::{Form, Posted, Theirs};
use super::form_page::Link;
use super::page::{self, Site};
use super::provider::{self, Door, Way};
use super::trouble::Trouble;
use super::when::When;
use crate::app::App;
use crate::http::cookie::SetCookies;
use crate::http::endpoint::Call;
use crate::http::problem::Problem;
use crate::http::session;
use crate::http::visit::Visit;

/// Where to go when one has signed out.
const SIGNED_OUT: &str = "/sign-in?done=signed-out";

#[derive(Template)]
#[template(path = "account.html")]
struct AccountPage {
    site: Site,
    caller: Caller,
    since: When,
    token: String,
    header: Vec<Claim>,
    payload: Vec<Claim>,
    devices: Vec<Device>,
    /// The ways in that one has, and those to be had.
    ways: Vec<Way>,
    others: Vec<Door>,
    /// What may be changed about signing in.
    changes: Vec<Link>,
    notice: String,
    trouble: Trouble,
}

/// A session as its owner knows it. The session's token stays here.
struct Device {
    id: String,
    name: String,
    is_this: bool,
    address: String,
    began: When,
    ends: When,
}

impl AccountPage {
    async fn load(site: &Site, caller: Caller) -> Result<Self, Problem> {
        let engine = &site.app.engine;
        let token = engine.access_token(&caller).map_err(|error| page::internal(&error))?;
        let mut sessions = engine.sessions(&caller.user.id).await.map_err(|error| page::internal(&error))?;
        sessions.sort_by_key(|session| (session.id != caller.session.id, std::cmp::Reverse(session.created_at)));
        let (header, payload) = claims(site, &token);
        let (ways, others) = provider::ways(site, &caller).await?;
        Ok(Self {
            since: When::of(site, caller.user.created_at),
            token,
            header,
            payload,
            devices: sessions.iter().map(|session| Device::of(site, session, &caller)).collect(),
            ways,
            others,
            changes: changes(site),
            notice: String::new(),
            trouble: Trouble::default(),
            caller,
            site: site.clone(),
        })
    }

    /// The first letter of the name, for the picture one does not have.
    fn initial(&self) -> String {
        let user = &self.caller.user;
        let first = user.name.trim().chars().next().or_else(|| user.email.chars().next());
        first.map(|letter| letter.to_uppercase().collect()).unwrap_or_default()
    }
}

fn changes(site: &Site) -> Vec<Link> {
    let password = site.takes_passwords().then(|| Link::new("", site.change_password.title(), change_password::PATH));
    change_email::link(site).into_iter().chain(password).chain(delete_account::link(site)).collect()
}

impl Device {
    fn of(site: &Site, session: &Session, caller: &Caller) -> Self {
        Self {
            id: session.id.clone(),
            name: agent::readable(&site.agents, session.user_agent.as_deref().unwrap_or_default()),
            is_this: session.id == caller.session.id,
            address: session.ip_address.clone().unwrap_or_default(),
            began: When::of(site, session.created_at),
            ends: When::of(site, session.expires_at),
        }
    }
}

pub(crate) async fn get(site: Site, request: Request) -> Response {
    let query = Form::query(&request);
    let notice = match query.text("done") {
        "revoked" => site.account.revoked(),
        "revoked-others" => site.account.revoked_others(),
        "password" => site.account.password_changed(),
        "email" => site.account.email_asked(),
        "linked" => site.provider.linked(),
        "unlinked" => site.provider.unlinked(),
        _ => "",
    };
    let trouble = Trouble::named(&site, query.text("error"));
    let visit = Visit::of(&request.into_parts().0, &site.app);
    let (caller, cookies) = match page::someone(&site, &visit, page::ACCOUNT).await {
        Ok(found) => found,
        Err(response) => return response,
    };
    match AccountPage::load(&site, caller).await {
        Ok(account) => {
            let account = AccountPage { notice: notice.to_owned(), trouble, ..account };
            page::with_cookies(page::show(StatusCode::OK, &account), cookies)
        }
        Err(problem) => page::problem(&site, &problem, cookies),
    }
}

/// Does what `POST /sign-out` does.
pub(crate) async fn sign_out(site: Site, request: Request) -> Response {
    let Posted { visit, admitted, .. } = Posted::read::<SignOut>(&site.app, request).await;
    if let Err(problem) = admitted {
        return page::problem(&site, &problem, SetCookies::default());
    }
    let call = Call {
        app: site.app.clone(),
        visit,
        caller: (),
        method: Method::POST,
        request: SignOutRequest { callback_url: None, disable_redirect: None, state: None },
    };
    match crate::http::sign_out::sign_out(call as Call<SignOut>).await {
        Ok(answer) => page::see_other(SIGNED_OUT, answer.extras.cookies),
        Err(failure) => page::problem(&site, &failure.into(), SetCookies::default()),
    }
}

/// Does what `POST /revoke-session` does, to a session named by its id. Another's session is not told from none.
pub(crate) async fn revoke(site: Site, request: Request) -> Response {
    let Theirs { visit, form, caller, cookies } = match Theirs::read::<Revoke>(&site, request).await {
        Ok(theirs) => theirs,
        Err(response) => return response,
    };
    let is_this = form.text("session") == caller.session.id;
    match end_session(&site.app, visit, &caller, form.text("session")).await {
        Ok(Some(cleared)) if is_this => page::see_other(SIGNED_OUT, cleared),
        Ok(Some(_)) => page::see_other("/account?done=revoked", cookies),
        Ok(None) => page::with_cookies(not_yours(&site, caller).await, cookies),
        Err(problem) => page::problem(&site, &problem, cookies),
    }
}

/// Does what `POST /revoke-other-sessions` does.
pub(crate) async fn revoke_others(site: Site, request: Request) -> Response {
    let Theirs { visit, caller, cookies, .. } = match Theirs::read::<RevokeOthers>(&site, request).await {
        Ok(theirs) => theirs,
        Err(response) => return response,
    };
    let call = Call { app: site.app.clone(), visit, caller, method: Method::POST, request: () };
    match session::revoke_others(call as Call<RevokeOthers>).await {
        Ok(_) => page::see_other("/account?done=revoked-others", cookies),
        Err(failure) => page::problem(&site, &failure.into(), cookies),
    }
}

/// Ends the caller's session of this id; nothing where the caller has none.
async fn end_session(app: &App, visit: Visit, caller: &Caller, id: &str) -> Result<Option<SetCookies>, Problem> {
    let sessions = app.engine.sessions(&caller.user.id).await.map_err(|error| page::internal(&error))?;
    let Some(session) = sessions.into_iter().find(|session| session.id == id) else { return Ok(None) };
    let request = RevokeRequest { token: session.token };
    let call = Call { app: app.clone(), visit, caller: caller.clone(), method: Method::POST, request };
    let answer = session::revoke(call as Call<Revoke>).await?;
    Ok(Some(answer.extras.cookies))
}

async fn not_yours(site: &Site, caller: Caller) -> Response {
    let trouble = Trouble::new(StatusCode::NOT_FOUND, site.account.not_yours().to_owned());
    match AccountPage::load(site, caller).await {
        Ok(account) => page::show(trouble.status, &AccountPage { trouble, ..account }),
        Err(problem) => page::problem(site, &problem, SetCookies::default()),
    }
}
