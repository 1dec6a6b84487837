//! Users over HTTP.

use countersign_contract::session::StatusReply;
use countersign_contract::user::{
    Delete, DeleteCallback, DeleteCallbackError, DeleteError, DeleteReply, Update, UpdateError, User as Wire,
};
use countersign_engine::db::Timestamp;
use countersign_engine::{
    Caller, DeleteUserError, Deletion, DeletionProof, FollowDeletionError, Profile, User, VerifyPasswordError,
    is_truthy,
};
use std::sync::Arc;

use super::answer::{Answer, Extras};
use super::endpoint::{Call, Outcome};
use super::fields::{self, Rows};
use super::problem::Failure;
use crate::app::App;

/// What is said to who is deleted.
const DELETED: &str = "User deleted";

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
        additional: fields::wire(&user.additional),
        id: user.id.clone(),
    }
}

/// A user as a cache cookie remembers one.
pub(crate) fn row(app: &App, wire: Wire) -> Option<User> {
    Some(User {
        id: wire.id,
        name: wire.name,
        email: wire.email,
        email_verified: wire.email_verified,
        image: wire.image,
        created_at: Timestamp::parse_iso(&wire.created_at)?,
        updated_at: Timestamp::parse_iso(&wire.updated_at)?,
        role: wire.role,
        banned: wire.banned,
        ban_reason: wire.ban_reason,
        // An end that cannot be read is no end.
        ban_expires: wire.ban_expires.and_then(|at| Timestamp::parse_iso(&at)),
        additional: app.engine.fields_shown("user", &wire.additional.0),
    })
}

pub(crate) async fn update(call: Call<Update>) -> Outcome<Update> {
    let Call { app, visit, caller, request, .. } = call;
    let members = &request.0;
    if members.get("email").is_some_and(is_truthy) {
        return Err(UpdateError::EmailCanNotBeUpdated.into());
    }
    let rows = Rows {
        not_allowed: UpdateError::FieldNotAllowed,
        missing: UpdateError::Invalid,
        invalid: UpdateError::Invalid,
    };
    let additional = app.engine.changes_of_user(members).map_err(|error| fields::refused(error, members, rows))?;
    let invalid = |issues: countersign_contract::Issues| Failure::Worded(UpdateError::Invalid, issues.sentence());
    let (name, image) = (request.name().map_err(invalid)?, request.image().map_err(invalid)?);
    app.engine.update_profile(&caller, Profile { name, image, additional }).await?;
    let user = app.engine.user_by_id(&caller.user.id).await.map_err(|error| Failure::internal(&error))?;
    let caller = Caller { user: user.unwrap_or_else(|| Arc::clone(&caller.user)), ..caller };
    let mut answer = Answer::new(StatusReply { status: true });
    answer.extras.again((&app, &visit), &caller).map_err(|error| Failure::internal(&error))?;
    Ok(answer)
}

pub(crate) async fn delete(call: Call<Delete>) -> Outcome<Delete> {
    let (deletion, extras) = delete_caller(call).await?;
    let message = if deletion == Deletion::Done { DELETED } else { "Verification email sent" };
    Ok(Answer { extras, ..Answer::new(DeleteReply { success: true, message }) })
}

/// What became of the wish to be deleted, and the cookies that go with it.
pub(crate) async fn delete_caller(call: Call<Delete>) -> Result<(Deletion, Extras), Failure<DeleteError>> {
    let Call { app, visit, caller, request, .. } = call;
    let proof = DeletionProof { password: request.password.as_deref(), token: request.token.as_deref() };
    let deletion = visit.engine(&app).delete_caller(&caller, proof, request.callback_url.as_deref()).await?;
    let mut extras = Extras::default();
    if deletion == Deletion::Done {
        extras.clear((&app, &visit));
    }
    Ok((deletion, extras))
}

pub(crate) async fn delete_callback(call: Call<DeleteCallback>) -> Outcome<DeleteCallback> {
    let Call { app, visit, caller, request, .. } = call;
    app.engine.follow_deletion(caller.as_ref(), &request.token).await?;
    let mut answer = Answer::new(DeleteReply { success: true, message: DELETED });
    answer.extras.clear((&app, &visit));
    Ok(answer.leading_to(request.callback_url.filter(|url| !url.is_empty())))
}

impl From<DeleteUserError> for Failure<DeleteError> {
    fn from(error: DeleteUserError) -> Self {
        match error {
            DeleteUserError::Disabled => DeleteError::Disabled.into(),
            DeleteUserError::Password(VerifyPasswordError::TooLong) => DeleteError::PasswordTooLong.into(),
            DeleteUserError::Password(VerifyPasswordError::NoCredential) => {
                DeleteError::CredentialAccountNotFound.into()
            }
            DeleteUserError::Password(VerifyPasswordError::Wrong) => DeleteError::InvalidPassword.into(),
            DeleteUserError::Password(VerifyPasswordError::Overloaded(_)) => Self::Busy,
            DeleteUserError::Password(VerifyPasswordError::Engine(error)) => Self::internal(&error),
            DeleteUserError::InvalidToken => DeleteError::InvalidToken.into(),
            DeleteUserError::Vanished => Self::unauthorized(),
            DeleteUserError::NotFresh => DeleteError::SessionExpired.into(),
            DeleteUserError::Refused(refusal) => Self::Refused(refusal),
            DeleteUserError::Engine(error) => Self::internal(&error),
        }
    }
}

impl From<FollowDeletionError> for Failure<DeleteCallbackError> {
    fn from(error: FollowDeletionError) -> Self {
        match error {
            FollowDeletionError::Disabled => DeleteCallbackError::Disabled.into(),
            FollowDeletionError::SignedOut => DeleteCallbackError::FailedToGetUserInfo.into(),
            FollowDeletionError::InvalidToken => DeleteCallbackError::InvalidToken.into(),
            FollowDeletionError::Refused(refusal) => Self::Refused(refusal),
            FollowDeletionError::Engine(error) => Self::internal(&error),
        }
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
