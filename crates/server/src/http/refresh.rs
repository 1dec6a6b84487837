//! Refresh tokens over HTTP. Nothing here reads or sets a cookie but what admits the caller of `/refresh/start`.

use countersign_contract::refresh::{Refresh, RefreshError as Row, RefreshReply, Start, StartError, StartReply};
use countersign_engine::{Error, RefreshError, sign_in::gates::Closed};

use super::answer::Answer;
use super::endpoint::{Call, Outcome};
use super::problem::Failure;
use super::{session, user};

pub(crate) async fn start(call: Call<Start>) -> Outcome<Start> {
    let Call { app, visit, caller, .. } = call;
    let started = app.engine.start_refresh(&caller, visit.dont_remember(&app)).await.map_err(|error| match error {
        Error::NotFound => StartError::Vanished.into(),
        error => Failure::internal(&error),
    })?;
    Ok(Answer::new(StartReply { refresh_token: started.refresh_token, expires_at: started.expires_at.to_iso() }))
}

pub(crate) async fn refresh(call: Call<Refresh>) -> Outcome<Refresh> {
    let Call { app, request, .. } = call;
    let renewed = app.engine.refresh(&request.refresh_token).await?;
    let mut answer = Answer::new(RefreshReply {
        token: renewed.access_token.token.clone(),
        token_expires_at: renewed.access_token.expires_at.to_iso(),
        server_time: renewed.access_token.issued_at.to_iso(),
        refresh_token: renewed.refresh_token,
        expires_at: renewed.caller.session.expires_at.to_iso(),
        session: session::wire(&renewed.caller.session),
        user: user::wire(&renewed.caller.user),
    });
    answer.extras.bearer(&app.bearer(&renewed.caller, &renewed.access_token.token));
    Ok(answer)
}

impl From<RefreshError> for Failure<Row> {
    fn from(error: RefreshError) -> Self {
        match error {
            RefreshError::Invalid => Row::Invalid.into(),
            RefreshError::Closed(Closed::EmailNotVerified) => Row::EmailNotVerified.into(),
            RefreshError::Closed(Closed::Suspended) => Row::BannedUser.into(),
            RefreshError::Refused(refusal) => Self::Refused(refusal),
            RefreshError::Engine(error) => Self::internal(&error),
        }
    }
}
