//! Access tokens over HTTP.

use countersign_contract::token::{Get, Reply};

use super::answer::Answer;
use super::endpoint::{Call, Outcome};
use super::problem::Failure;

pub(crate) async fn get(call: Call<Get>) -> Outcome<Get> {
    let token = call.app.engine.access_token(&call.caller).map_err(|error| Failure::internal(&error))?;
    Ok(Answer::new(Reply { token }))
}
