//! Signing up over HTTP.

use countersign_contract::sign_up::{Email, EmailError, Reply};
use countersign_engine::{NewUser, SignUpError, SignedUp, Unacceptable, sign_in::gates::Closed};
use serde_json::{Map, Value};

use super::answer::Answer;
use super::endpoint::{Call, Outcome};
use super::fields::{self, Rows};
use super::problem::{Failure, finish};
use super::user::wire;

pub(crate) async fn email(call: Call<Email>) -> Outcome<Email> {
    let Call { app, visit, request, .. } = call;
    let mut members = request.rest.0;
    // What is not needed here does not travel further.
    members.remove("password");
    let new = NewUser {
        name: request.name.0,
        email: request.email.0,
        image: request.image.map(|image| image.0),
        role: None,
        members: members.clone(),
    };
    let dont_remember = request.remember_me == Some(false);
    let (device, callback_url) = (visit.device(dont_remember), request.callback_url.as_deref());
    let signed_up = visit.engine(&app).sign_up_with_callback(new, &request.password.0, device, callback_url).await;
    match signed_up.map_err(|error| failure(error, &members))? {
        SignedUp::Registered(user) => Ok(Answer::new(Reply { token: None, user: wire(&user) })),
        SignedUp::SignedIn(signed_in) => {
            let user = wire(&signed_in.caller.user);
            let token = Some(app.bearer(&signed_in.caller, &signed_in.access_token));
            let mut answer = Answer::new(Reply { token, user });
            answer.extras.session((&app, &visit), &signed_in.caller, &signed_in.access_token, dont_remember);
            Ok(answer)
        }
    }
}

fn failure(error: SignUpError, members: &Map<String, Value>) -> Failure<EmailError> {
    match error {
        SignUpError::Disabled => EmailError::Disabled.into(),
        SignUpError::Unacceptable(Unacceptable::TooShort) => EmailError::PasswordTooShort.into(),
        SignUpError::Unacceptable(Unacceptable::TooLong) => EmailError::PasswordTooLong.into(),
        SignUpError::Unacceptable(Unacceptable::Common) => EmailError::PasswordCompromised.into(),
        SignUpError::Field(error) => {
            let (not_allowed, missing) = (EmailError::FieldNotAllowed, EmailError::MissingField);
            fields::refused(error, members, Rows { not_allowed, missing, invalid: EmailError::Invalid })
        }
        SignUpError::AlreadyExists => EmailError::AlreadyExists.into(),
        SignUpError::NotStored(cause) => {
            tracing::error!(?cause, "a user was not stored");
            EmailError::FailedToCreateUser.into()
        }
        SignUpError::Finish(error) => finish(&error, EmailError::FailedToCreateSession, |closed| match closed {
            Closed::EmailNotVerified | Closed::Suspended => EmailError::FailedToCreateSession,
        }),
        SignUpError::Refused(refusal) => Failure::Refused(refusal),
        SignUpError::Overloaded(_) => Failure::Busy,
        SignUpError::Engine(error) => Failure::internal(&error),
    }
}
