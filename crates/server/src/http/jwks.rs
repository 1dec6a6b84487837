//! Public keys over HTTP.

use countersign_contract::jwks::{Get, Reply};

use super::answer::Answer;
use super::endpoint::{Call, Outcome};

pub(crate) async fn get(call: Call<Get>) -> Outcome<Get> {
    // Whoever asks has seen a key it does not know, and will not ask again soon.
    if let Err(error) = call.app.engine.read_keys().await {
        tracing::warn!(%error, "the keys of access tokens cannot be read");
    }
    Ok(Answer::new(Reply { keys: call.app.engine.public_keys().to_vec() }))
}
