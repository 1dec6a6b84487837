//! Passwords over HTTP.

use countersign_contract::password::{Change, ChangeError, ChangeReply};
use countersign_engine::sign_in::gates::Closed;
use countersign_engine::{ChangePasswordError, PasswordChanged, Unacceptable};

use super::answer::Answer;
use super::endpoint::{Call, Outcome};
use super::problem::{Failure, finish};
use super::user::wire;

pub(crate) async fn change(call: Call<Change>) -> Outcome<Change> {
    let Call { app, visit, caller, request, .. } = call;
    let dont_remember = caller.session.dont_remember || visit.dont_remember(&app);
    let device = (request.revoke_other_sessions == Some(true)).then(|| visit.device(dont_remember));
    let changed = app.engine.change_password(&caller, &request.current_password, &request.new_password, device).await?;
    let mut answer = Answer::new(ChangeReply { token: None, user: wire(&caller.user) });
    if let PasswordChanged::SessionsReplaced(signed_in) = changed {
        answer.extras.session((&app, &visit), &signed_in.caller, &signed_in.access_token, dont_remember);
        answer.reply.token = Some(signed_in.access_token);
    }
    Ok(answer)
}

impl From<ChangePasswordError> for Failure<ChangeError> {
    fn from(error: ChangePasswordError) -> Self {
        match error {
            ChangePasswordError::Unacceptable(Unacceptable::TooShort) => ChangeError::PasswordTooShort.into(),
            ChangePasswordError::Unacceptable(Unacceptable::TooLong) => ChangeError::PasswordTooLong.into(),
            ChangePasswordError::NoCredential => ChangeError::CredentialAccountNotFound.into(),
            ChangePasswordError::WrongPassword => ChangeError::InvalidPassword.into(),
            ChangePasswordError::Finish(error) => {
                finish(&error, ChangeError::FailedToCreateSession, |closed| match closed {
                    Closed::EmailNotVerified | Closed::Suspended => ChangeError::BannedUser,
                })
            }
            ChangePasswordError::Overloaded(_) => Self::Busy,
            ChangePasswordError::Engine(error) => Self::internal(&error),
        }
    }
}
