//! Public keys over HTTP.

use countersign_contract::jwks::{Get, Reply};

use super::answer::Answer;
use super::endpoint::{Call, Outcome};

pub(crate) async fn get(call: Call<Get>) -> Outcome<Get> {
    Ok(Answer::new(Reply { keys: call.app.engine.public_keys().to_vec() }))
}
