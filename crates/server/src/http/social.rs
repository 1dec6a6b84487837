//! Identity providers over HTTP: going there, coming back, linking.

use countersign_contract::Coded;
use countersign_contract::social::{
    Callback, CallbackRequest, IdToken, Link, LinkError, LinkReply, SignIn, SignInError, SignInIdToken, SignInReply,
};
use countersign_engine::sign_in::gates::Closed;
use countersign_engine::sign_in::{Arrival, IdentityError};
use countersign_engine::social::{Destination, Identity, LinkError as NotLinked, ResumeError, Resumed, Tokens};
use countersign_engine::{Caller, FinishError, SignedIn};
use http::{Method, header};
use url::form_urlencoded::Serializer;

use super::answer::{Answer, Extras};
use super::cookie::escape;
use super::endpoint::{Call, Outcome};
use super::problem::{Failure, finish};
use super::target;
use super::user::wire;
use crate::app::App;
use crate::social::{ByToken, Provider, Wishes};

pub(crate) async fn sign_in(call: Call<SignIn>) -> Outcome<SignIn> {
    let Call { app, visit, request, .. } = call;
    let id = &request.provider.0;
    let provider = app.providers.get(id).ok_or(SignInError::ProviderNotFound)?;
    let may_sign_up = may_sign_up(provider, request.request_sign_up);
    if let Some(SignInIdToken(token)) = request.id_token {
        let (identity, tokens) = shown(&app, provider, token).await?;
        // What else the frontend was handed out is not kept here, as in Better Auth.
        let tokens = Tokens { refresh_token: None, ..tokens };
        let callback_url = request.callback_url.as_deref().filter(|url| !url.is_empty());
        let arrival = Arrival { device: visit.device(false), callback_url, may_sign_up };
        let SignedIn { caller, access_token } =
            visit.engine(&app).sign_in_with_identity(&identity, &tokens, arrival).await?.signed_in;
        let token = Some(app.bearer(&caller, &access_token));
        let mut answer = Answer::new(SignInReply { url: None, redirect: false, token, user: Some(wire(&caller.user)) });
        answer.extras.session((&app, &visit), &caller, &access_token, false);
        return Ok(answer);
    }
    let destination = Destination {
        provider: id.clone(),
        callback_url: request.callback_url.unwrap_or_default(),
        error_url: request.error_callback_url,
        new_user_url: request.new_user_callback_url,
        request_sign_up: request.request_sign_up,
        additional: request.additional_data.unwrap_or_default().0,
    };
    let wishes = Wishes {
        scopes: &request.scopes.unwrap_or_default().0,
        login_hint: request.login_hint.as_deref(),
        params: &request.additional_params.unwrap_or_default().0,
    };
    let (url, mut extras) = begin(&app, provider, (destination, None), &wishes).await?;
    let redirect = !request.disable_redirect.unwrap_or(false);
    lead(&mut extras, redirect, &url);
    Ok(Answer { extras, ..Answer::new(SignInReply { url: Some(url), redirect, token: None, user: None }) })
}

pub(crate) async fn link(call: Call<Link>) -> Outcome<Link> {
    let Call { app, caller, request, .. } = call;
    let id = &request.provider.0;
    let provider = app.providers.get(id).ok_or(LinkError::ProviderNotFound)?;
    if let Some(token) = request.id_token {
        let (identity, tokens) = shown(&app, provider, token).await?;
        if identity.email.is_none() {
            return Err(LinkError::NoEmail.into());
        }
        app.engine.link_identity_of(&caller, &identity, &tokens).await?;
        return Ok(Answer::new(LinkReply { url: String::new(), status: Some(true), redirect: false }));
    }
    let destination = Destination {
        provider: id.clone(),
        callback_url: request.callback_url.unwrap_or_default(),
        error_url: request.error_callback_url,
        new_user_url: None,
        request_sign_up: request.request_sign_up,
        additional: request.additional_data.unwrap_or_default().0,
    };
    let wishes = Wishes {
        scopes: &request.scopes.unwrap_or_default().0,
        login_hint: request.login_hint.as_deref(),
        params: &request.additional_params.unwrap_or_default().0,
    };
    let (url, mut extras) = begin(&app, provider, (destination, Some(&caller)), &wishes).await?;
    let redirect = !request.disable_redirect.unwrap_or(false);
    lead(&mut extras, redirect, &url);
    Ok(Answer { extras, ..Answer::new(LinkReply { url, status: None, redirect }) })
}

/// Whether somebody nobody knows may become a user.
fn may_sign_up(provider: &Provider, asked: Option<bool>) -> bool {
    !provider.disable_sign_up && (asked.unwrap_or(false) || !provider.disable_implicit_sign_up)
}

/// What stands against an ID token, whatever it is shown for.
enum NotShown {
    NotSupported,
    Refused,
    Nobody,
}

/// Who somebody is by an ID token, and what the frontend was handed out with it.
async fn shown(app: &App, provider: &Provider, shown: IdToken) -> Result<(Identity, Tokens), NotShown> {
    let now = app.engine.clock().now();
    let says = provider.identity_of(&shown.token, shown.nonce.as_deref(), now).await.ok_or(NotShown::NotSupported)?;
    let clean = |token: Option<String>| token.filter(|token| !token.contains('\0'));
    let tokens = Tokens {
        access_token: clean(shown.access_token),
        refresh_token: clean(shown.refresh_token),
        id_token: Some(shown.token),
        ..Tokens::default()
    };
    match says {
        ByToken::Is(identity) => Ok((identity, tokens)),
        ByToken::Nobody => Err(NotShown::Nobody),
        ByToken::Refused => Err(NotShown::Refused),
    }
}

/// Begins a visit: the address at the provider, and the cookie that binds it to the browser.
async fn begin<E>(
    app: &App,
    provider: &Provider,
    (mut destination, caller): (Destination, Option<&Caller>),
    wishes: &Wishes<'_>,
) -> Result<(String, Extras), Failure<E>> {
    if destination.callback_url.is_empty() {
        app.config.engine.base_url.origin().clone_into(&mut destination.callback_url);
    }
    let begun = app.engine.begin_visit(destination, caller).await.map_err(|error| Failure::internal(&error))?;
    let mut extras = Extras::default();
    extras.cookies.state((&app.cookies, &app.engine), &begun.state);
    Ok((provider.authorization_url(&begun, wishes), extras))
}

fn lead(extras: &mut Extras, redirect: bool, url: &str) {
    if redirect {
        extras.header(header::LOCATION, target::header(url));
    }
}

impl From<NotShown> for Failure<SignInError> {
    fn from(error: NotShown) -> Self {
        match error {
            NotShown::NotSupported => SignInError::IdTokenNotSupported.into(),
            NotShown::Refused => SignInError::InvalidToken.into(),
            NotShown::Nobody => SignInError::NoUser.into(),
        }
    }
}

impl From<NotShown> for Failure<LinkError> {
    fn from(error: NotShown) -> Self {
        match error {
            NotShown::NotSupported => LinkError::IdTokenNotSupported.into(),
            NotShown::Refused => LinkError::InvalidToken.into(),
            NotShown::Nobody => LinkError::NoUser.into(),
        }
    }
}

impl From<IdentityError> for Failure<SignInError> {
    fn from(error: IdentityError) -> Self {
        let unable = |error: &IdentityError| Self::Worded(SignInError::OauthLinkError, error.to_string());
        match error {
            IdentityError::NoEmail => SignInError::NoEmail.into(),
            IdentityError::EmailNotVerified => SignInError::EmailNotVerified.into(),
            IdentityError::NotLinked | IdentityError::SignUpDisabled | IdentityError::UnableToLink => unable(&error),
            IdentityError::NotCreated(ref cause) => {
                tracing::warn!(?cause, "a user whom a provider has named was not stored");
                unable(&error)
            }
            IdentityError::Refused(refusal) => Self::Refused(refusal),
            IdentityError::Finish(FinishError::NotStored) => {
                Self::Worded(SignInError::OauthLinkError, "unable to create session".to_owned())
            }
            IdentityError::Finish(error) => finish(&error, SignInError::OauthLinkError, |closed| match closed {
                Closed::EmailNotVerified => SignInError::EmailNotVerified,
                Closed::Suspended => SignInError::BannedUser,
            }),
            IdentityError::Engine(error) => Self::internal(&error),
        }
    }
}

impl From<NotLinked> for Failure<LinkError> {
    fn from(error: NotLinked) -> Self {
        match error {
            NotLinked::Unable => LinkError::NotAllowed.into(),
            NotLinked::OtherEmail => LinkError::DifferentEmails.into(),
            NotLinked::OtherUser => LinkError::AlreadyLinked.into(),
            NotLinked::NotStored(cause) => {
                tracing::warn!(%cause, "an account was not linked");
                LinkError::Failed.into()
            }
            NotLinked::Engine(error) => Self::internal(&error),
        }
    }
}

pub(crate) async fn callback(call: Call<Callback>) -> Outcome<Callback> {
    let Call { app, visit, method, request, .. } = call;
    if method == Method::POST {
        let query = Serializer::new(String::new()).extend_pairs(request.parameters()).finish();
        return Ok(Answer::redirect(format!(
            "{}/callback/{}?{query}",
            app.config.endpoints(),
            escape(&request.provider)
        )));
    }
    let given = |text: &Option<String>| text.clone().filter(|text| !text.is_empty());
    let Some(state) = given(&request.state) else { return Ok(failed(&app, None, Trouble::coded("state_not_found"))) };
    let bound = visit.cookies.state(&app.cookies, &app.engine);
    let resumed = match app.engine.resume_visit(&request.provider, &state, bound).await {
        Ok(resumed) => resumed,
        Err(ResumeError::Mismatch(url)) => return Ok(failed(&app, url.as_deref(), Trouble::coded("state_mismatch"))),
        Err(ResumeError::Engine(error)) => {
            return Ok(failed(&app, None, Trouble::logged("internal_server_error", &request.provider, &error)));
        }
    };
    let mut extras = Extras::default();
    extras.cookies.clear_state(&app.cookies);
    let arrived = arrive(&app, &visit, (&request, &resumed), &mut extras).await;
    let mut answer = match arrived {
        Ok(location) => Answer::redirect(location),
        Err(trouble) => failed(&app, resumed.destination.error_url.as_deref(), trouble),
    };
    answer.extras.merge(extras);
    Ok(answer)
}

/// What is told of a failure where a visit leads: a code, and a sentence beside some.
struct Trouble {
    code: String,
    description: Option<String>,
}

impl Trouble {
    fn coded(code: &str) -> Self {
        Self { code: code.to_owned(), description: None }
    }

    /// A failure of ours or of the provider: the cause goes to the log.
    fn logged(code: &str, provider: &str, cause: &dyn std::error::Error) -> Self {
        tracing::warn!(code, provider, %cause, "somebody who came back from a provider does not get in");
        Self::coded(code)
    }
}

/// Sends on what went wrong, where the visit was to lead then; else to the error page.
fn failed(app: &App, url: Option<&str>, trouble: Trouble) -> Answer<()> {
    let page = || format!("{}/error", app.config.endpoints());
    let base = url.or(app.config.on_api_error.error_url.as_deref()).map_or_else(page, str::to_owned);
    let mut params = vec![("error", trouble.code.as_str())];
    params
        .extend(trouble.description.as_deref().filter(|text| !text.is_empty()).map(|text| ("error_description", text)));
    Answer::redirect(target::with_parameters(&base, &params).unwrap_or_else(page))
}

/// Lets in whoever comes back, and says where it leads.
async fn arrive(
    app: &App,
    visit: &super::visit::Visit,
    (request, resumed): (&CallbackRequest, &Resumed),
    extras: &mut Extras,
) -> Result<String, Trouble> {
    if let Some(error) = request.error.as_deref().filter(|error| !error.is_empty()) {
        return Err(Trouble { code: error.to_owned(), description: request.error_description.clone() });
    }
    let code = request.code.as_deref().filter(|code| !code.is_empty()).ok_or_else(|| Trouble::coded("no_code"))?;
    let id = request.provider.as_str();
    let provider = app.providers.get(id).ok_or_else(|| Trouble::coded("oauth_provider_not_found"))?;
    if request.iss.as_deref().is_some_and(|issuer| !issuer.is_empty() && !provider.may_be(issuer)) {
        tracing::warn!(provider = id, "somebody comes back from another provider than they went to");
        return Err(Trouble::coded("issuer_mismatch"));
    }
    let exchanged = provider.exchange(code, &resumed.code_verifier, app.engine.clock().now()).await;
    let tokens = exchanged.map_err(|error| Trouble::logged("invalid_code", id, &error))?;
    let (identity, _) = provider
        .identity(tokens.access_token.as_deref().unwrap_or_default())
        .await
        .map_err(|error| Trouble::logged("unable_to_get_user_info", id, &error))?;
    let destination = &resumed.destination;
    if let Some(link) = &resumed.link {
        app.engine.link_identity(link, &identity, &tokens).await.map_err(|error| not_linked(id, &error))?;
        return Ok(destination.callback_url.clone());
    }
    let may_sign_up = may_sign_up(provider, destination.request_sign_up);
    let is_new = come_in(app, visit, (&identity, &tokens), (destination, may_sign_up), extras).await?;
    let new_user = destination.new_user_url.as_ref().filter(|url| is_new && !url.is_empty());
    Ok(new_user.unwrap_or(&destination.callback_url).clone())
}

/// Signs in whom the provider has named. True if they are new.
async fn come_in(
    app: &App,
    visit: &super::visit::Visit,
    (identity, tokens): (&Identity, &Tokens),
    (destination, may_sign_up): (&Destination, bool),
    extras: &mut Extras,
) -> Result<bool, Trouble> {
    let arrival =
        Arrival { device: visit.device(false), callback_url: Some(destination.callback_url.as_str()), may_sign_up };
    let arrived = visit.engine(app).sign_in_with_identity(identity, tokens, arrival).await;
    let arrived = arrived.map_err(|error| not_in(&identity.provider, &error))?;
    extras.session((app, visit), &arrived.signed_in.caller, &arrived.signed_in.access_token, false);
    Ok(arrived.is_new)
}

fn not_linked(provider: &str, error: &NotLinked) -> Trouble {
    match error {
        NotLinked::Unable => Trouble::coded("unable_to_link_account"),
        NotLinked::OtherEmail => Trouble::coded("email_does_not_match"),
        NotLinked::OtherUser => Trouble::coded("account_already_linked_to_different_user"),
        NotLinked::NotStored(error) => Trouble::logged("unable_to_link_account", provider, error),
        NotLinked::Engine(error) => Trouble::logged("internal_server_error", provider, error),
    }
}

fn not_in(provider: &str, error: &IdentityError) -> Trouble {
    let said = |code: &str, message: &str| Trouble { code: code.to_owned(), description: Some(message.to_owned()) };
    match error {
        IdentityError::NoEmail => Trouble::coded("email_not_found"),
        IdentityError::NotLinked => Trouble::coded("account_not_linked"),
        IdentityError::SignUpDisabled => Trouble::coded("signup_disabled"),
        IdentityError::UnableToLink => Trouble::coded("unable_to_link_account"),
        IdentityError::NotCreated(None) => Trouble::coded("unable_to_create_user"),
        IdentityError::NotCreated(Some(error)) => Trouble::logged("unable_to_create_user", provider, error),
        IdentityError::EmailNotVerified | IdentityError::Finish(FinishError::Closed(Closed::EmailNotVerified)) => {
            Trouble::coded("email_not_verified")
        }
        IdentityError::Finish(FinishError::Closed(Closed::Suspended)) => {
            let row = SignInError::BannedUser.row();
            said(row.code.unwrap_or_default(), row.message)
        }
        IdentityError::Refused(refusal) | IdentityError::Finish(FinishError::Refused(refusal)) => {
            said(refusal.code, refusal.message)
        }
        IdentityError::Finish(FinishError::NotStored) => Trouble::coded("unable_to_create_session"),
        IdentityError::Finish(FinishError::Engine(error)) | IdentityError::Engine(error) => {
            Trouble::logged("internal_server_error", provider, error)
        }
    }
}
