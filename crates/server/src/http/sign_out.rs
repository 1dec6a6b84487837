//! Signing out over HTTP.

use countersign_contract::sign_out::{Reply, SignOut};

use super::answer::Answer;
use super::endpoint::{Call, Outcome};
use super::problem::Failure;

pub(crate) async fn sign_out(call: Call<SignOut>) -> Outcome<SignOut> {
    let Call { app, visit, .. } = call;
    visit.sign_out(&app).await.map_err(|error| Failure::internal(&error))?;
    let mut answer = Answer::new(Reply { success: true });
    answer.extras.clear((&app, &visit));
    Ok(answer)
}
