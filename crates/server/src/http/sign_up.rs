//! Signing up over HTTP.

use countersign_contract::sign_up::{Email, EmailError, Reply};
use countersign_engine::{NewUser, SignUpError, SignedUp, Unacceptable, sign_in::gates::Closed};

use super::answer::Answer;
use super::endpoint::{Call, Outcome};
use super::problem::{Failure, finish};
use super::user::{administrative_member, wire};

pub(crate) async fn email(call: Call<Email>) -> Outcome<Email> {
    let Call { app, visit, request, .. } = call;
    // `banned` has a value of its own from the start, so that Better Auth drops it here instead of refusing.
    if let Some(member) = administrative_member(&request.rest.0).filter(|member| *member != "banned") {
        return Err(Failure::Worded(EmailError::FieldNotAllowed, format!("{member} is not allowed to be set")));
    }
    let new = NewUser { name: request.name.0, email: request.email.0, image: request.image.map(|i| i.0), role: None };
    let dont_remember = request.remember_me == Some(false);
    match app.engine.sign_up(new, &request.password.0, visit.device(dont_remember)).await? {
        SignedUp::Registered(user) => Ok(Answer::new(Reply { token: None, user: wire(&user) })),
        SignedUp::SignedIn(signed_in) => {
            let user = wire(&signed_in.caller.user);
            let mut answer = Answer::new(Reply { token: Some(signed_in.access_token.clone()), user });
            answer.extras.session((&app, &visit), &signed_in.caller, &signed_in.access_token, dont_remember);
            Ok(answer)
        }
    }
}

impl From<SignUpError> for Failure<EmailError> {
    fn from(error: SignUpError) -> Self {
        match error {
            SignUpError::Disabled => EmailError::Disabled.into(),
            SignUpError::Unacceptable(Unacceptable::TooShort) => EmailError::PasswordTooShort.into(),
            SignUpError::Unacceptable(Unacceptable::TooLong) => EmailError::PasswordTooLong.into(),
            SignUpError::AlreadyExists => EmailError::AlreadyExists.into(),
            SignUpError::NotStored(cause) => {
                tracing::error!(?cause, "a user was not stored");
                EmailError::FailedToCreateUser.into()
            }
            SignUpError::Finish(error) => finish(&error, EmailError::FailedToCreateSession, |closed| match closed {
                Closed::EmailNotVerified | Closed::Suspended => EmailError::FailedToCreateSession,
            }),
            SignUpError::Overloaded(_) => Self::Busy,
            SignUpError::Engine(error) => Self::internal(&error),
        }
    }
}
