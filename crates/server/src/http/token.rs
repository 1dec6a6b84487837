//! Access tokens over HTTP.

use countersign_contract::token::{Get, Reply};

use super::answer::Answer;
use super::endpoint::{Call, Outcome};
use super::problem::Failure;

pub(crate) async fn get(call: Call<Get>) -> Outcome<Get> {
    let Call { app, caller, .. } = call;
    let made = app.engine.timed_access_token(&caller).map_err(|error| Failure::internal(&error))?;
    Ok(Answer::new(Reply {
        token: made.token,
        expires_at: made.expires_at.to_iso(),
        server_time: made.issued_at.to_iso(),
        sid: caller.session.id.clone(),
    }))
}
