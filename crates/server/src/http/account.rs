//! Accounts over HTTP.

use countersign_contract::Coded;
use countersign_contract::account::{
    AccessTokenError, AccessTokenReply, Account as Wire, GetAccessToken, Info, InfoAccount, InfoError, InfoReply, List,
    ProviderUser, RefreshToken, RefreshTokenError, RefreshTokenReply, Selection, SelectionQuery, SelectionRequest,
    Unlink, UnlinkError as Refused,
};
use countersign_contract::session::StatusReply;
use countersign_engine::db::Timestamp;
use countersign_engine::social::{Linked, Tokens};
use countersign_engine::{Account, Caller, UnlinkError};

use super::answer::Answer;
use super::endpoint::{Call, Outcome};
use super::problem::Failure;
use crate::app::App;
use crate::social::{NotRenewed, Renewed, renew};

/// Seconds before its end at which an access token of a provider is renewed.
const DUE: i64 = 5;

/// An account as the wire shows one.
fn wire(account: &Account) -> Wire {
    let scopes = account.scope.as_deref().unwrap_or_default().split(',').map(str::trim);
    Wire {
        account_id: account.account_id.clone(),
        provider_id: account.provider_id.clone(),
        user_id: account.user_id.clone(),
        created_at: account.created_at.to_iso(),
        updated_at: account.updated_at.to_iso(),
        id: account.id.clone(),
        scopes: scopes.filter(|scope| !scope.is_empty()).map(str::to_owned).collect(),
    }
}

pub(crate) async fn list(call: Call<List>) -> Outcome<List> {
    let accounts = call.app.engine.accounts(&call.caller.user.id).await.map_err(|error| Failure::internal(&error))?;
    Ok(Answer::new(accounts.iter().map(wire).collect()))
}

pub(crate) async fn unlink(call: Call<Unlink>) -> Outcome<Unlink> {
    call.app.engine.unlink_account(&call.caller, &call.request.account_id).await?;
    Ok(Answer::new(StatusReply { status: true }))
}

impl From<UnlinkError> for Failure<Refused> {
    fn from(error: UnlinkError) -> Self {
        match error {
            UnlinkError::Last => Refused::Last.into(),
            UnlinkError::NotFound => Refused::NotFound.into(),
            UnlinkError::Engine(error) => Self::internal(&error),
        }
    }
}

pub(crate) async fn access_token(call: Call<GetAccessToken>) -> Outcome<GetAccessToken> {
    let Call { app, caller, request: SelectionRequest(selection), .. } = call;
    let rows = (AccessTokenError::Unauthorized, AccessTokenError::NotFound);
    let linked = selected(&app, caller, selection, rows).await?;
    if app.providers.get(&linked.account.provider_id).is_none() {
        return Err(not_supported(AccessTokenError::ProviderNotSupported, &linked.account));
    }
    let tokens = valid(&app, linked).await?.ok_or(AccessTokenError::Failed)?.tokens;
    Ok(Answer::new(AccessTokenReply {
        access_token: tokens.access_token.unwrap_or_default(),
        access_token_expires_at: tokens.access_token_expires_at.map(Timestamp::to_iso),
        scopes: tokens.scopes.unwrap_or_default(),
        id_token: tokens.id_token,
    }))
}

pub(crate) async fn refresh_token(call: Call<RefreshToken>) -> Outcome<RefreshToken> {
    let Call { app, caller, request: SelectionRequest(selection), .. } = call;
    let rows = (RefreshTokenError::Unauthorized, RefreshTokenError::NotFound);
    let linked = selected(&app, caller, selection, rows).await?;
    if app.providers.get(&linked.account.provider_id).is_none() {
        return Err(not_supported(RefreshTokenError::ProviderNotSupported, &linked.account));
    }
    if !has_refresh_token(&linked.tokens) {
        return Err(RefreshTokenError::NoRefreshToken.into());
    }
    let Renewed { linked: Linked { account, tokens }, ends } =
        renewed(&app, linked).await?.ok_or(RefreshTokenError::Failed)?;
    Ok(Answer::new(RefreshTokenReply {
        access_token: tokens.access_token.unwrap_or_default(),
        refresh_token: tokens.refresh_token.unwrap_or_default(),
        access_token_expires_at: ends.map(Timestamp::to_iso),
        refresh_token_expires_at: tokens.refresh_token_expires_at.map(Timestamp::to_iso),
        scope: account.scope,
        id_token: tokens.id_token,
        provider_id: account.provider_id,
        account_id: account.id,
    }))
}

pub(crate) async fn info(call: Call<Info>) -> Outcome<Info> {
    let Call { app, caller, request: SelectionQuery(selection), .. } = call;
    let linked = selected(&app, caller, selection, (InfoError::Unauthorized, InfoError::NotFound)).await?;
    let provider = app.providers.get(&linked.account.provider_id).ok_or(InfoError::ProviderNotConfigured)?;
    let Linked { account, tokens } = valid(&app, linked).await?.ok_or(InfoError::Failed)?;
    let access_token = tokens.access_token.filter(|token| !token.is_empty()).ok_or(InfoError::NoAccessToken)?;
    let (identity, data) = provider.identity(&access_token).await.map_err(|error| {
        tracing::warn!(provider = account.provider_id, %error, "a provider does not say who somebody is");
        InfoError::NoUser
    })?;
    Ok(Answer::new(InfoReply {
        user: ProviderUser {
            email: identity.email,
            email_verified: identity.email_verified,
            image: identity.image,
            name: identity.name,
        },
        data,
        account: InfoAccount { id: account.id, provider_id: account.provider_id, account_id: account.account_id },
    }))
}

/// The caller's account that is meant.
async fn selected<E: Coded>(
    app: &App,
    caller: Option<Caller>,
    selection: Selection,
    (unauthorized, not_found): (E, E),
) -> Result<Linked, Failure<E>> {
    let caller = caller.ok_or(unauthorized)?;
    let Selection::Id(id) = selection else { return Err(not_found.into()) };
    let linked = app.engine.linked_account(&caller.user.id, &id).await;
    Ok(linked.map_err(|error| Failure::internal(&error))?.ok_or(not_found)?)
}

/// The account with an access token that lives on for a while, renewed where it is due; none where it cannot be.
async fn valid<E>(app: &App, linked: Linked) -> Result<Option<Linked>, Failure<E>> {
    let soon = app.engine.clock().now().plus_seconds(DUE);
    let is_due = linked.tokens.access_token_expires_at.is_some_and(|end| end < soon);
    if !is_due || !has_refresh_token(&linked.tokens) {
        return Ok(Some(linked));
    }
    Ok(renewed(app, linked).await?.map(|renewed| renewed.linked))
}

/// The account with renewed tokens; none where the provider does not give them.
async fn renewed<E>(app: &App, linked: Linked) -> Result<Option<Renewed>, Failure<E>> {
    let id = linked.account.provider_id.clone();
    match renew(app, linked).await {
        Ok(renewed) => Ok(Some(renewed)),
        Err(NotRenewed::Engine(error)) => Err(Failure::internal(&error)),
        Err(error) => {
            tracing::warn!(provider = id, %error, "an access token was not renewed");
            Ok(None)
        }
    }
}

fn has_refresh_token(tokens: &Tokens) -> bool {
    tokens.refresh_token.as_ref().is_some_and(|token| !token.is_empty())
}

fn not_supported<E>(row: E, account: &Account) -> Failure<E> {
    Failure::Worded(row, format!("Provider {} is not supported.", account.provider_id))
}
