//! Whether the server answers.

use countersign_contract::ok::{Get, Reply};

use super::answer::Answer;
use super::endpoint::{Call, Outcome};

pub(crate) async fn get(_: Call<Get>) -> Outcome<Get> {
    Ok(Answer::new(Reply { ok: true }))
}
