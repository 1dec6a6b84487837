//! Identity providers: the buttons that lead there, and the accounts one has there.

use askama::Template;
use axum::Router;
use axum::extract::Request;
use axum::response::Response;
use axum::routing::post;
use countersign_contract::account::{Unlink, UnlinkRequest};
use countersign_contract::social::{Link, LinkRequest, SignIn, SignInRequest};
use countersign_contract::{Input, Request as Decode, transport};
use countersign_engine::{Account, Caller};
use http::{Method, StatusCode};
use serde_json::{Value, json};

use super::form::{Form, Posted, Theirs};
use super::form_page::FormPage;
use super::page::{self, Site, own_path};
use super::sign_in;
use super::trouble::Trouble;
use super::when::When;
use crate::app::App;
use crate::http::cookie::SetCookies;
use crate::http::endpoint::Call;
use crate::http::problem::Problem;
use crate::http::visit::Visit;
use crate::social::Provider;

/// Where the button of a provider is sent.
pub(super) const SIGN_IN: &str = "/sign-in/provider";
/// Where an account is connected, and where it is let go of.
pub(super) const LINK: &str = "/account/link";
pub(super) const UNLINK: &str = "/account/unlink";

/// The field that says that somebody new is expected.
const NEW: &str = "new";

pub(super) fn routes(app: &App) -> Router<App> {
    // Whoever has an account at a provider that is no longer configured can still let go of it.
    let router = Router::new().route(UNLINK, post(unlink));
    if app.providers.all().next().is_none() {
        return router;
    }
    router.route(SIGN_IN, post(begin)).route(LINK, post(link))
}

/// A provider as it is chosen.
pub(super) struct Door {
    pub(super) id: String,
    pub(super) name: String,
}

/// The providers at which one can come in, and what the form that leads there carries.
#[derive(Default)]
pub(super) struct Doors {
    pub(super) providers: Vec<Door>,
    pub(super) hidden: Vec<(&'static str, String)>,
}

impl Doors {
    pub(super) fn to_sign_in(site: &Site, next: &str) -> Self {
        Self { providers: site.app.providers.all().map(Door::of).collect(), hidden: page::hidden_next(next) }
    }

    /// Those that let new people in.
    pub(super) fn to_sign_up(site: &Site, next: &str) -> Self {
        let open = site.app.providers.all().filter(|provider| !provider.disable_sign_up);
        let mut hidden = page::hidden_next(next);
        hidden.push((NEW, "on".to_owned()));
        Self { providers: open.map(Door::of).collect(), hidden }
    }
}

impl Door {
    fn of(provider: &Provider) -> Self {
        Self { id: provider.id.clone(), name: provider.name.clone() }
    }
}

/// An account by which somebody signs in.
pub(super) struct Way {
    pub(super) id: String,
    pub(super) name: String,
    pub(super) since: When,
    /// Whether it can be let go of here: a password stays, and so does the only way.
    pub(super) may_go: bool,
}

/// The ways in that a user has, and those to be had; none of either where there are passwords alone.
pub(super) async fn ways(site: &Site, caller: &Caller) -> Result<(Vec<Way>, Vec<Door>), Problem> {
    let accounts = site.app.engine.accounts(&caller.user.id).await.map_err(|error| page::internal(&error))?;
    let is_elsewhere = |account: &Account| account.provider_id != "credential";
    let has_none = |provider: &&Provider| accounts.iter().all(|account| account.provider_id != provider.id);
    let others: Vec<Door> = site.app.providers.all().filter(has_none).map(Door::of).collect();
    if others.is_empty() && !accounts.iter().any(is_elsewhere) {
        return Ok((Vec::new(), others));
    }
    let is_choice = accounts.len() > 1 || site.app.config.engine.account.account_linking.allow_unlinking_all;
    let way = |account: &Account| Way {
        id: account.id.clone(),
        name: name(site, &account.provider_id),
        since: When::of(site, account.created_at),
        may_go: is_choice && is_elsewhere(account),
    };
    Ok((accounts.iter().map(way).collect(), others))
}

fn name(site: &Site, provider_id: &str) -> String {
    let known = site.app.providers.get(provider_id).map(|provider| provider.name.as_str());
    let name = if provider_id == "credential" { site.provider.password() } else { known.unwrap_or(provider_id) };
    name.to_owned()
}

/// On the way to a provider. The page leads there and not the answer to the form: what a form may lead to is held to this
/// server by its policy, through every further step a provider takes (CSP 3 section 6.4.2, `form-action`).
#[derive(Template)]
#[template(path = "on_the_way.html")]
struct OnTheWay {
    site: Site,
    name: String,
    url: String,
}

impl OnTheWay {
    fn show(site: Site, id: &str, (url, cookies): (String, SetCookies)) -> Response {
        let name = name(&site, id);
        page::with_cookies(page::show(StatusCode::OK, &Self { site, name, url }), cookies)
    }
}

async fn begin(site: Site, request: Request) -> Response {
    let Posted { visit, form, admitted } = Posted::read::<SignIn>(&site.app, request).await;
    let outcome = match admitted {
        Ok(()) => address(&site.app, visit, &form).await,
        Err(problem) => Err(problem),
    };
    match outcome {
        Ok(there) => OnTheWay::show(site, form.text("provider"), there),
        Err(problem) => {
            let page = sign_in::form_page(&site, "", true, form.text("next"));
            FormPage { trouble: Trouble::of(&site, &problem), ..page }.show()
        }
    }
}

/// A body that is made here, of what a form says.
fn decode<T: Decode>(body: &Value) -> Result<T, Problem> {
    T::decode(Input::body(body)).map_err(|issues| Problem::worded(transport::Error::Validation, issues.sentence()))
}

/// Does what `POST /sign-in/social` does.
async fn address(app: &App, visit: Visit, form: &Form) -> Result<(String, SetCookies), Problem> {
    let request: SignInRequest = decode(&json!({
        "provider": form.text("provider"),
        "callbackURL": own_path(form.text("next")).unwrap_or(page::ACCOUNT),
        "errorCallbackURL": page::onward("/sign-in", form.text("next")),
        "requestSignUp": form.is_ticked(NEW),
    }))?;
    let call = Call { app: app.clone(), visit, caller: (), method: Method::POST, request };
    let answer = crate::http::social::sign_in(call as Call<SignIn>).await?;
    Ok((answer.reply.url.unwrap_or_default(), answer.extras.cookies))
}

/// Does what `POST /link-social` does.
async fn link(site: Site, request: Request) -> Response {
    let Theirs { visit, form, caller, mut cookies } = match Theirs::read::<Link>(&site, request).await {
        Ok(theirs) => theirs,
        Err(response) => return response,
    };
    let request = decode(&json!({
        "provider": form.text("provider"),
        "callbackURL": "/account?done=linked",
        "errorCallbackURL": page::ACCOUNT,
    }));
    let request: LinkRequest = match request {
        Ok(request) => request,
        Err(problem) => return page::problem(&site, &problem, cookies),
    };
    let call = Call { app: site.app.clone(), visit, caller, method: Method::POST, request };
    match crate::http::social::link(call as Call<Link>).await {
        Ok(answer) => {
            cookies.merge(answer.extras.cookies);
            OnTheWay::show(site, form.text("provider"), (answer.reply.url, cookies))
        }
        Err(failure) => page::problem(&site, &failure.into(), cookies),
    }
}

/// Does what `POST /unlink-account` does.
async fn unlink(site: Site, request: Request) -> Response {
    let Theirs { visit, form, caller, cookies } = match Theirs::read::<Unlink>(&site, request).await {
        Ok(theirs) => theirs,
        Err(response) => return response,
    };
    let request = UnlinkRequest { account_id: form.text("account").to_owned() };
    let call = Call { app: site.app.clone(), visit, caller, method: Method::POST, request };
    match crate::http::account::unlink(call as Call<Unlink>).await {
        Ok(_) => page::see_other("/account?done=unlinked", cookies),
        Err(failure) => page::problem(&site, &failure.into(), cookies),
    }
}
