//! Sessions over HTTP.

use countersign_contract::Never;
use countersign_contract::session::{
    Get, GetError, List, Revoke, RevokeAll, RevokeOthers, Session as Wire, SessionAndUser, StatusReply,
};
use countersign_engine::{Error, Found, Renewal, Session, SessionError};
use http::Method;

use super::answer::Answer;
use super::endpoint::{Call, Outcome};
use super::problem::Failure;
use super::user;

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
        id: session.id.clone(),
    }
}

pub(crate) async fn get(call: Call<Get>) -> Outcome<Get> {
    let Call { app, visit, method, request, .. } = call;
    let deferred = app.config.engine.session.defer_session_refresh;
    let renewal = match method {
        Method::POST if !deferred => return Err(GetError::DeferralRequired.into()),
        Method::GET if deferred => Renewal::OnlySay,
        _ if request.disable_refresh => Renewal::Never,
        _ => Renewal::WhenDue,
    };
    let mut answer = Answer::new(None);
    let found = match visit.find_session(&app, renewal).await {
        Ok(found) => found,
        Err(SessionError::Vanished) => {
            answer.extras.clear((&app, &visit));
            return Err(Failure::With(GetError::Vanished, answer.extras));
        }
        Err(SessionError::Engine(cause)) => {
            tracing::error!(%cause, "a session was not read");
            return Err(GetError::Failed.into());
        }
    };
    match found {
        Found::Nobody => {}
        Found::Gone => answer.extras.clear((&app, &visit)),
        Found::Live { caller, renewed, needs_renewal } => {
            if renewed {
                answer.extras.again((&app, &visit), &caller)?;
            }
            let token = app.engine.access_token(&caller).map_err(|error| Failure::internal(&error))?;
            answer.extras.jwt(&token);
            answer.reply = Some(SessionAndUser {
                session: wire(&caller.session),
                user: user::wire(&caller.user),
                needs_refresh: (renewal == Renewal::OnlySay).then_some(needs_renewal && !request.disable_refresh),
            });
        }
    }
    Ok(answer)
}

pub(crate) async fn list(call: Call<List>) -> Outcome<List> {
    let sessions = call.app.engine.sessions(&call.caller.user.id).await.map_err(|error| Failure::internal(&error))?;
    Ok(Answer::new(sessions.iter().map(wire).collect()))
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
