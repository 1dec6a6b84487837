//! Sessions over HTTP.

use countersign_contract::Never;
use countersign_contract::session::{
    Get, GetError, List, Revoke, RevokeAll, RevokeOthers, Session as Wire, SessionAndUser, StatusReply, Update,
    UpdateError, UpdateReply,
};
use countersign_engine::db::Timestamp;
use countersign_engine::{Error, Renewal, Session, SessionError, UpdateSessionError};
use http::Method;

use super::answer::{Answer, Extras};
use super::caller::{self, Live, Search};
use super::endpoint::{Call, Outcome};
use super::fields::{self, Rows};
use super::problem::Failure;
use super::user;
use crate::app::App;

/// A session as the wire shows it.
pub(crate) fn wire(session: &Session) -> Wire {
    Wire {
        expires_at: session.expires_at.to_iso(),
        token: session.token.clone(),
        created_at: session.created_at.to_iso(),
        updated_at: session.updated_at.to_iso(),
        ip_address: session.ip_address.clone(),
        user_agent: session.user_agent.clone(),
        user_id: session.user_id.clone(),
        impersonated_by: session.impersonated_by.clone(),
        additional: fields::wire(&session.additional),
        id: session.id.clone(),
    }
}

/// A session as a cache cookie remembers it.
pub(crate) fn row(app: &App, wire: Wire) -> Option<Session> {
    Some(Session {
        id: wire.id,
        expires_at: Timestamp::parse_iso(&wire.expires_at)?,
        token: wire.token,
        created_at: Timestamp::parse_iso(&wire.created_at)?,
        updated_at: Timestamp::parse_iso(&wire.updated_at)?,
        ip_address: wire.ip_address,
        user_agent: wire.user_agent,
        user_id: wire.user_id,
        impersonated_by: wire.impersonated_by,
        // That a cookie of its own says.
        dont_remember: false,
        additional: app.engine.fields_shown("session", &wire.additional.0),
    })
}

pub(crate) async fn get(call: Call<Get>) -> Outcome<Get> {
    let Call { app, visit, method, .. } = call;
    let deferred = app.config.engine.session.defer_session_refresh;
    let renewal = match method {
        Method::POST if !deferred => return Err(GetError::DeferralRequired.into()),
        Method::GET if deferred => Renewal::OnlySay,
        _ if visit.disables_refresh() => Renewal::Never,
        _ => Renewal::WhenDue,
    };
    let mut answer = Answer::new(None);
    match caller::find(&app, &visit, Search { renewal, cached: true }, &mut answer.extras).await {
        Ok(None) => {}
        Ok(Some(Live { caller, needs_renewal })) => {
            let token = app.engine.access_token(&caller).map_err(|error| Failure::internal(&error))?;
            answer.extras.jwt(&token);
            answer.reply = Some(SessionAndUser {
                session: wire(&caller.session),
                user: user::wire(&caller.user),
                needs_refresh: needs_renewal.filter(|_| renewal == Renewal::OnlySay),
            });
        }
        Err(SessionError::Vanished) => return Err(Failure::With(GetError::Vanished, answer.extras)),
        Err(SessionError::Engine(cause)) => {
            tracing::error!(%cause, "a session was not read");
            return Err(GetError::Failed.into());
        }
    }
    Ok(answer)
}

pub(crate) async fn list(call: Call<List>) -> Outcome<List> {
    let sessions = call.app.engine.sessions(&call.caller.user.id).await.map_err(|error| Failure::internal(&error))?;
    Ok(Answer::new(sessions.iter().map(wire).collect()))
}

pub(crate) async fn update(call: Call<Update>) -> Outcome<Update> {
    let Call { app, visit, caller, request, .. } = call;
    let rows = Rows {
        not_allowed: UpdateError::FieldNotAllowed,
        missing: UpdateError::Invalid,
        invalid: UpdateError::Invalid,
    };
    let changes = app.engine.changes_of_session(&request.0);
    let changes = changes.map_err(|error| fields::refused(error, &request.0, rows))?;
    let caller = match app.engine.update_session(&caller, changes).await {
        Ok(caller) => caller,
        Err(UpdateSessionError::Nothing) => return Err(UpdateError::NoFields.into()),
        Err(UpdateSessionError::Vanished) => {
            let mut extras = Extras::default();
            extras.clear((&app, &visit));
            return Err(Failure::With(UpdateError::Vanished, extras));
        }
        Err(UpdateSessionError::Engine(error)) => return Err(Failure::internal(&error)),
    };
    let mut answer = Answer::new(UpdateReply { session: wire(&caller.session) });
    answer.extras.again((&app, &visit), &caller).map_err(|error| Failure::internal(&error))?;
    Ok(answer)
}

pub(crate) async fn revoke(call: Call<Revoke>) -> Outcome<Revoke> {
    let Call { app, visit, caller, request, .. } = call;
    let mut answer = done(app.engine.revoke_session(&caller, &request.token).await)?;
    if request.token == caller.session.token {
        answer.extras.clear((&app, &visit));
    }
    Ok(answer)
}

pub(crate) async fn revoke_all(call: Call<RevokeAll>) -> Outcome<RevokeAll> {
    let Call { app, visit, caller, .. } = call;
    let mut answer = done(app.engine.revoke_sessions(&caller).await)?;
    answer.extras.clear((&app, &visit));
    Ok(answer)
}

pub(crate) async fn revoke_others(call: Call<RevokeOthers>) -> Outcome<RevokeOthers> {
    done(call.app.engine.revoke_other_sessions(&call.caller).await)
}

fn done(result: Result<(), Error>) -> Result<Answer<StatusReply>, Failure<Never>> {
    result.map_err(|error| Failure::internal(&error))?;
    Ok(Answer::new(StatusReply { status: true }))
}
