//! Passwords over HTTP.

use countersign_contract::password::{
    Change, ChangeError, ChangeReply, RequestReset, RequestResetError, RequestResetReply, Reset, ResetError, ResetLink,
    Verify, VerifyError,
};
use countersign_contract::session::StatusReply;
use countersign_engine::sign_in::gates::Closed;
use countersign_engine::{
    ChangePasswordError, PasswordChanged, RequestResetError as NoLink, ResetPasswordError, Unacceptable,
    VerifyPasswordError,
};

use super::answer::Answer;
use super::endpoint::{Call, Outcome};
use super::problem::{Failure, finish};
use super::target::with_parameter;
use super::user::wire;
use crate::mail::RESET_PAGE;

pub(crate) async fn change(call: Call<Change>) -> Outcome<Change> {
    let Call { app, visit, caller, request, .. } = call;
    let dont_remember = caller.session.dont_remember || visit.dont_remember(&app);
    let device = (request.revoke_other_sessions == Some(true)).then(|| visit.device(dont_remember));
    let changed = app.engine.change_password(&caller, &request.current_password, &request.new_password, device).await?;
    let mut answer = Answer::new(ChangeReply { token: None, user: wire(&caller.user) });
    if let PasswordChanged::SessionsReplaced(signed_in) = changed {
        answer.extras.session((&app, &visit), &signed_in.caller, &signed_in.access_token, dont_remember);
        answer.reply.token = Some(app.bearer(&signed_in.caller, &signed_in.access_token));
    }
    Ok(answer)
}

pub(crate) async fn verify(call: Call<Verify>) -> Outcome<Verify> {
    call.app.engine.verify_password(&call.caller, &call.request.password).await?;
    Ok(Answer::new(StatusReply { status: true }))
}

/// The same answer whether or not there is such a user (security P8).
const REQUESTED: &str = "If this email exists in our system, check your email for the reset link";

pub(crate) async fn request_reset(call: Call<RequestReset>) -> Outcome<RequestReset> {
    let Call { app, visit, request, .. } = call;
    visit.engine(&app).request_password_reset(&request.email.0, request.redirect_to.as_deref()).await?;
    Ok(Answer::new(RequestResetReply { status: true, message: REQUESTED }))
}

pub(crate) async fn reset_link(call: Call<ResetLink>) -> Outcome<ResetLink> {
    let Call { app, request, .. } = call;
    let target = if request.callback_url.is_empty() { RESET_PAGE } else { &request.callback_url };
    let good = app.engine.may_reset_password(&request.token).await.map_err(|error| Failure::internal(&error))?;
    let (name, value) = if good { ("token", request.token.as_str()) } else { ("error", "INVALID_TOKEN") };
    Ok(Answer::redirect(with_parameter(&app.config, target, name, value)))
}

pub(crate) async fn reset(call: Call<Reset>) -> Outcome<Reset> {
    let Call { app, request, .. } = call;
    app.engine.reset_password(request.token.as_deref(), &request.new_password).await?;
    Ok(Answer::new(StatusReply { status: true }))
}

impl From<NoLink> for Failure<RequestResetError> {
    fn from(error: NoLink) -> Self {
        match error {
            NoLink::Disabled => RequestResetError::Disabled.into(),
            NoLink::Engine(error) => Self::internal(&error),
        }
    }
}

impl From<ResetPasswordError> for Failure<ResetError> {
    fn from(error: ResetPasswordError) -> Self {
        match error {
            ResetPasswordError::InvalidToken => ResetError::InvalidToken.into(),
            ResetPasswordError::Unacceptable(Unacceptable::TooShort) => ResetError::PasswordTooShort.into(),
            ResetPasswordError::Unacceptable(Unacceptable::TooLong) => ResetError::PasswordTooLong.into(),
            ResetPasswordError::Unacceptable(Unacceptable::Common) => ResetError::PasswordCompromised.into(),
            ResetPasswordError::UserNotFound => ResetError::UserNotFound.into(),
            ResetPasswordError::Overloaded(_) => Self::Busy,
            ResetPasswordError::Engine(error) => Self::internal(&error),
        }
    }
}

impl From<VerifyPasswordError> for Failure<VerifyError> {
    fn from(error: VerifyPasswordError) -> Self {
        match error {
            VerifyPasswordError::TooLong => VerifyError::PasswordTooLong.into(),
            VerifyPasswordError::NoCredential | VerifyPasswordError::Wrong => VerifyError::InvalidPassword.into(),
            VerifyPasswordError::Overloaded(_) => Self::Busy,
            VerifyPasswordError::Engine(error) => Self::internal(&error),
        }
    }
}

impl From<ChangePasswordError> for Failure<ChangeError> {
    fn from(error: ChangePasswordError) -> Self {
        match error {
            ChangePasswordError::Unacceptable(Unacceptable::TooShort) => ChangeError::PasswordTooShort.into(),
            ChangePasswordError::Unacceptable(Unacceptable::TooLong) => ChangeError::PasswordTooLong.into(),
            ChangePasswordError::Unacceptable(Unacceptable::Common) => ChangeError::PasswordCompromised.into(),
            ChangePasswordError::NoCredential => ChangeError::CredentialAccountNotFound.into(),
            ChangePasswordError::WrongPassword => ChangeError::InvalidPassword.into(),
            ChangePasswordError::Vanished => Self::unauthorized(),
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
