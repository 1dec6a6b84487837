//! Users over HTTP.

use countersign_contract::session::StatusReply;
use countersign_contract::user::{Update, UpdateError, User as Wire};
use countersign_engine::user::rules::is_administrative;
use countersign_engine::{Caller, User};
use serde_json::{Map, Value};
use std::sync::Arc;

use super::answer::Answer;
use super::endpoint::{Call, Outcome};
use super::problem::Failure;

/// A user as the wire shows one.
pub(crate) fn wire(user: &User) -> Wire {
    Wire {
        name: user.name.clone(),
        email: user.email.clone(),
        email_verified: user.email_verified,
        image: user.image.clone(),
        created_at: user.created_at.to_iso(),
        updated_at: user.updated_at.to_iso(),
        role: user.role.clone(),
        banned: user.banned,
        ban_reason: user.ban_reason.clone(),
        ban_expires: user.ban_expires.map(|at| at.to_iso()),
        id: user.id.clone(),
    }
}

/// The first member that is an administrator's to set. A value that JavaScript takes for false sets nothing.
pub(crate) fn administrative_member(members: &Map<String, Value>) -> Option<&str> {
    let set = members.iter().filter(|(_, value)| is_truthy(value));
    set.map(|(name, _)| name.as_str()).find(|name| is_administrative(name))
}

pub(crate) async fn update(call: Call<Update>) -> Outcome<Update> {
    let Call { app, visit, caller, request, .. } = call;
    let members = &request.0;
    if members.get("email").is_some_and(is_truthy) {
        return Err(UpdateError::EmailCanNotBeUpdated.into());
    }
    if let Some(member) = administrative_member(members) {
        return Err(Failure::Worded(UpdateError::FieldNotAllowed, format!("{member} is not allowed to be set")));
    }
    let invalid = |issues: countersign_contract::Issues| Failure::Worded(UpdateError::Invalid, issues.sentence());
    let (name, image) = (request.name().map_err(invalid)?, request.image().map_err(invalid)?);
    app.engine.update_profile(&caller, name, image).await?;
    let user = app.engine.user_by_id(&caller.user.id).await.map_err(|error| Failure::internal(&error))?;
    let caller = Caller { user: user.unwrap_or_else(|| Arc::clone(&caller.user)), ..caller };
    let mut answer = Answer::new(StatusReply { status: true });
    answer.extras.again((&app, &visit), &caller)?;
    Ok(answer)
}

/// Whether JavaScript would take the value for true.
fn is_truthy(value: &Value) -> bool {
    match value {
        Value::Null => false,
        Value::Bool(flag) => *flag,
        Value::Number(number) => number.as_f64() != Some(0.0),
        Value::String(text) => !text.is_empty(),
        Value::Array(_) | Value::Object(_) => true,
    }
}

impl From<countersign_engine::UpdateError> for Failure<UpdateError> {
    fn from(error: countersign_engine::UpdateError) -> Self {
        match error {
            countersign_engine::UpdateError::Nothing => UpdateError::NoFields.into(),
            countersign_engine::UpdateError::Engine(error) => Self::internal(&error),
        }
    }
}
