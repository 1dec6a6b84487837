//! The account: who one is, one's access token, and the devices one is signed in on.

use askama::Template;
use axum::extract::{Request, State};
use axum::response::Response;
use countersign_contract::Never;
use countersign_contract::session::{Revoke, RevokeOthers, RevokeRequest};
use countersign_contract::sign_out::{SignOut, SignOutRequest};
use countersign_engine::{Caller, Session};
use http::{Method, StatusCode};

use super::agent;
use super::claim::{Claim, claims};
use super::form::{Form, Posted};
use super::page::{self, Site};
use super::trouble::Trouble;
use super::when::When;
use crate::app::App;
use crate::http::cookie::SetCookies;
use crate::http::endpoint::Call;
use crate::http::problem::{Failure, Problem};
use crate::http::session;
use crate::http::visit::Visit;

/// Where to go without a session, and back from there.
const SIGN_IN: &str = "/sign-in?next=%2Faccount";
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
    notice: &'static str,
    trouble: Option<Trouble>,
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
    async fn load(app: &App, caller: Caller) -> Result<Self, Problem> {
        let token = app.engine.access_token(&caller).map_err(|error| internal(&error))?;
        let mut sessions = app.engine.sessions(&caller.user.id).await.map_err(|error| internal(&error))?;
        sessions.sort_by_key(|session| (session.id != caller.session.id, std::cmp::Reverse(session.created_at)));
        let (header, payload) = claims(&token);
        Ok(Self {
            site: Site::of(app),
            since: When::of(caller.user.created_at),
            token,
            header,
            payload,
            devices: sessions.iter().map(|session| Device::of(session, &caller)).collect(),
            notice: "",
            trouble: None,
            caller,
        })
    }

    /// The first letter of the name, for the picture one does not have.
    fn initial(&self) -> String {
        let user = &self.caller.user;
        let first = user.name.trim().chars().next().or_else(|| user.email.chars().next());
        first.map(|letter| letter.to_uppercase().collect()).unwrap_or_default()
    }
}

impl Device {
    fn of(session: &Session, caller: &Caller) -> Self {
        Self {
            id: session.id.clone(),
            name: agent::readable(session.user_agent.as_deref().unwrap_or_default()),
            is_this: session.id == caller.session.id,
            address: session.ip_address.clone().unwrap_or_default(),
            began: When::of(session.created_at),
            ends: When::of(session.expires_at),
        }
    }
}

pub(crate) async fn get(State(app): State<App>, request: Request) -> Response {
    let notice = match Form::query(&request).text("done") {
        "revoked" => "That device is signed out.",
        "revoked-others" => "You are signed out everywhere else.",
        _ => "",
    };
    let visit = Visit::of(&request.into_parts().0, &app);
    match page::caller(&app, &visit).await {
        Ok((Some(caller), cookies)) => match AccountPage::load(&app, caller).await {
            Ok(account) => page::with_cookies(page::show(StatusCode::OK, &AccountPage { notice, ..account }), cookies),
            Err(problem) => page::problem(&app, &problem),
        },
        Ok((None, cookies)) => page::see_other(SIGN_IN, cookies),
        Err(problem) => page::problem(&app, &problem),
    }
}

/// Does what `POST /sign-out` does.
pub(crate) async fn sign_out(State(app): State<App>, request: Request) -> Response {
    let Posted { visit, admitted, .. } = Posted::read::<SignOut>(&app, request).await;
    if let Err(problem) = admitted {
        return page::problem(&app, &problem);
    }
    let call = Call {
        app: app.clone(),
        visit,
        caller: (),
        method: Method::POST,
        request: SignOutRequest { callback_url: None, disable_redirect: None, state: None },
    };
    match crate::http::sign_out::sign_out(call as Call<SignOut>).await {
        Ok(answer) => page::see_other(SIGNED_OUT, answer.extras.cookies),
        Err(failure) => page::problem(&app, &failure.into()),
    }
}

/// Does what `POST /revoke-session` does, to a session named by its id. Another's session is not told from none.
pub(crate) async fn revoke(State(app): State<App>, request: Request) -> Response {
    let Posted { visit, form, admitted } = Posted::read::<Revoke>(&app, request).await;
    let (caller, cookies) = match signed_in(&app, &visit, admitted).await {
        Ok(signed_in) => signed_in,
        Err(response) => return response,
    };
    let is_this = form.text("session") == caller.session.id;
    match end_session(&app, visit, &caller, form.text("session")).await {
        Ok(Some(cleared)) if is_this => page::see_other(SIGNED_OUT, cleared),
        Ok(Some(_)) => page::see_other("/account?done=revoked", cookies),
        Ok(None) => page::with_cookies(not_yours(&app, caller).await, cookies),
        Err(problem) => page::problem(&app, &problem),
    }
}

/// Does what `POST /revoke-other-sessions` does.
pub(crate) async fn revoke_others(State(app): State<App>, request: Request) -> Response {
    let Posted { visit, admitted, .. } = Posted::read::<RevokeOthers>(&app, request).await;
    let (caller, cookies) = match signed_in(&app, &visit, admitted).await {
        Ok(signed_in) => signed_in,
        Err(response) => return response,
    };
    let call = Call { app: app.clone(), visit, caller, method: Method::POST, request: () };
    match session::revoke_others(call as Call<RevokeOthers>).await {
        Ok(_) => page::see_other("/account?done=revoked-others", cookies),
        Err(failure) => page::problem(&app, &failure.into()),
    }
}

/// Who posted, with the cookies that follow from it; or the answer for who may not.
async fn signed_in(app: &App, visit: &Visit, admitted: Result<(), Problem>) -> Result<(Caller, SetCookies), Response> {
    let found = match admitted {
        Ok(()) => page::caller(app, visit).await,
        Err(problem) => Err(problem),
    };
    match found {
        Ok((Some(caller), cookies)) => Ok((caller, cookies)),
        Ok((None, cookies)) => Err(page::see_other(SIGN_IN, cookies)),
        Err(problem) => Err(page::problem(app, &problem)),
    }
}

/// Ends the caller's session of this id; nothing where the caller has none.
async fn end_session(app: &App, visit: Visit, caller: &Caller, id: &str) -> Result<Option<SetCookies>, Problem> {
    let sessions = app.engine.sessions(&caller.user.id).await.map_err(|error| internal(&error))?;
    let Some(session) = sessions.into_iter().find(|session| session.id == id) else { return Ok(None) };
    let request = RevokeRequest { token: session.token };
    let call = Call { app: app.clone(), visit, caller: caller.clone(), method: Method::POST, request };
    let answer = session::revoke(call as Call<Revoke>).await?;
    Ok(Some(answer.extras.cookies))
}

async fn not_yours(app: &App, caller: Caller) -> Response {
    let words = "That session is not among yours. It may have ended already.";
    let trouble = Trouble::new(StatusCode::NOT_FOUND, words);
    match AccountPage::load(app, caller).await {
        Ok(account) => page::show(trouble.status, &AccountPage { trouble: Some(trouble), ..account }),
        Err(problem) => page::problem(app, &problem),
    }
}

fn internal(error: &dyn std::error::Error) -> Problem {
    Failure::<Never>::internal(error).into()
}
