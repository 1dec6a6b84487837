//! Signing in over HTTP.

use countersign_contract::sign_in::{Email, EmailError, Reply};
use countersign_contract::{Endpoint as _, is_address};
use countersign_engine::{SignInError, sign_in::gates::Closed};
use http::{HeaderValue, header};

use super::answer::Answer;
use super::endpoint::{Call, Outcome};
use super::guesses::Guess;
use super::problem::{Failure, finish};
use super::user::wire;

pub(crate) async fn email(call: Call<Email>) -> Outcome<Email> {
    let Call { app, visit, request, .. } = call;
    if !app.config.engine.email_and_password.enabled {
        return Err(EmailError::Disabled.into());
    }
    if !is_address(&request.email) {
        return Err(EmailError::InvalidEmail.into());
    }
    let dont_remember = request.remember_me == Some(false);
    let guess = Guess::count(&app, &visit, &request.email, Email::PATH).await.map_err(Failure::Door)?;
    let url = request.callback_url;
    let target = url.as_deref().filter(|url| !url.is_empty());
    let device = visit.device(dont_remember);
    let signed_in = visit.engine(&app).sign_in_with_callback(&request.email, &request.password, device, target).await?;
    guess.was_right(&app).await;
    let location = target.and_then(|url| HeaderValue::from_bytes(url.as_bytes()).ok());
    let mut answer = Answer::new(Reply {
        redirect: target.is_some(),
        token: app.bearer(&signed_in.caller, &signed_in.access_token),
        url,
        user: wire(&signed_in.caller.user),
    });
    answer.extras.session((&app, &visit), &signed_in.caller, &signed_in.access_token, dont_remember);
    if let Some(location) = location {
        answer.extras.header(header::LOCATION, location);
    }
    Ok(answer)
}

impl From<SignInError> for Failure<EmailError> {
    fn from(error: SignInError) -> Self {
        match error {
            SignInError::Disabled => EmailError::Disabled.into(),
            SignInError::PasswordTooLong => EmailError::PasswordTooLong.into(),
            SignInError::InvalidEmailOrPassword => EmailError::InvalidEmailOrPassword.into(),
            SignInError::Finish(error) => finish(&error, EmailError::FailedToCreateSession, |closed| match closed {
                Closed::EmailNotVerified => EmailError::EmailNotVerified,
                Closed::Suspended => EmailError::BannedUser,
            }),
            SignInError::Overloaded(_) => Self::Busy,
            SignInError::Engine(error) => Self::internal(&error),
        }
    }
}
