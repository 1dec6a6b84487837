//! Addresses over HTTP.

use countersign_contract::Coded;
use countersign_contract::email::{
    Change, ChangeError, SendVerification, SendVerificationError, Verify, VerifyError, VerifyReply,
};
use countersign_contract::session::StatusReply;
use countersign_engine::sign_in::gates::Closed;
use countersign_engine::{
    ChangeEmailError, EmailChange, Followed, Follower, SendVerificationError as NotSent, VerifyEmailError,
};

use super::answer::Answer;
use super::endpoint::{Call, Outcome};
use super::problem::{Failure, finish};
use super::target::with_error;
use super::user::wire;
use crate::mail::{AGREED_PAGE, CHANGED_PAGE};

pub(crate) async fn send_verification(call: Call<SendVerification>) -> Outcome<SendVerification> {
    let Call { app, visit, caller, request, .. } = call;
    let callback_url = request.callback_url.as_deref();
    visit.engine(&app).send_verification_email(caller.as_ref(), &request.email.0, callback_url).await?;
    Ok(Answer::new(StatusReply { status: true }))
}

pub(crate) async fn verify(call: Call<Verify>) -> Outcome<Verify> {
    let Call { app, visit, caller, request, .. } = call;
    let target = request.callback_url.filter(|url| !url.is_empty());
    let dont_remember = visit.dont_remember(&app);
    let device = visit.device(dont_remember);
    let follower = Follower { caller: caller.as_ref(), device, callback_url: target.as_deref().map(next_page) };
    let followed = match visit.engine(&app).verify_email(&request.token, follower).await {
        Ok(followed) => followed,
        Err(error) => return refuse(error, target.as_deref()),
    };
    let mut answer = Answer::new(VerifyReply { status: true, user: Some(None) });
    let changed = match followed {
        Followed::Verified => None,
        Followed::SignedIn(signed_in) => {
            answer.extras.session((&app, &visit), &signed_in.caller, &signed_in.access_token, dont_remember);
            None
        }
        Followed::StaysSignedIn(caller) => Some(caller),
        Followed::ChangeConfirmed => {
            answer.reply.user = None;
            None
        }
        Followed::Changed { user, caller } => {
            answer.reply.user = Some(Some(wire(&user)));
            caller
        }
    };
    if let Some(caller) = changed {
        answer.extras.again((&app, &visit), &caller).map_err(|error| Failure::internal(&error))?;
    }
    Ok(answer.leading_to(target))
}

pub(crate) async fn change(call: Call<Change>) -> Outcome<Change> {
    let Call { app, visit, caller, request, .. } = call;
    let callback_url = request.callback_url.as_deref();
    let changed = visit.engine(&app).change_email(&caller, &request.new_email.0, callback_url).await?;
    let mut answer = Answer::new(StatusReply { status: true });
    if let EmailChange::Changed(caller) = changed {
        answer.extras.again((&app, &visit), &caller).map_err(|error| Failure::internal(&error))?;
    }
    Ok(answer)
}

/// Where a link leads in the end that is mailed because another was followed: to the same place, as at Better Auth; but where
/// that is the page which says that the other link is still to come, to the one after it.
fn next_page(target: &str) -> &str {
    if target == AGREED_PAGE { CHANGED_PAGE } else { target }
}

/// Sends on what is wrong with the link, where it leads somewhere.
fn refuse(error: VerifyEmailError, target: Option<&str>) -> Outcome<Verify> {
    let row = match error {
        VerifyEmailError::Expired => VerifyError::TokenExpired,
        VerifyEmailError::Invalid => VerifyError::InvalidToken,
        VerifyEmailError::UserNotFound => VerifyError::UserNotFound,
        VerifyEmailError::OtherUser => VerifyError::InvalidUser,
        VerifyEmailError::Finish(error) => {
            return Err(finish(&error, VerifyError::FailedToCreateSession, |closed| match closed {
                Closed::EmailNotVerified => VerifyError::FailedToCreateSession,
                Closed::Suspended => VerifyError::BannedUser,
            }));
        }
        VerifyEmailError::Engine(error) => return Err(Failure::internal(&error)),
    };
    let location = target.and_then(|target| with_error(target, row.row().code?));
    if location.is_none() {
        return Err(row.into());
    }
    Ok(Answer::new(VerifyReply { status: false, user: None }).leading_to(location))
}

impl From<NotSent> for Failure<SendVerificationError> {
    fn from(error: NotSent) -> Self {
        match error {
            NotSent::Disabled => SendVerificationError::Disabled.into(),
            NotSent::Mismatch => SendVerificationError::Mismatch.into(),
            NotSent::AlreadyVerified => SendVerificationError::AlreadyVerified.into(),
            NotSent::Engine(error) => Self::internal(&error),
        }
    }
}

impl From<ChangeEmailError> for Failure<ChangeError> {
    fn from(error: ChangeEmailError) -> Self {
        match error {
            ChangeEmailError::Disabled => ChangeError::Disabled.into(),
            ChangeEmailError::Same => ChangeError::Same.into(),
            ChangeEmailError::NoMail => ChangeError::NoMail.into(),
            ChangeEmailError::Engine(error) => Self::internal(&error),
        }
    }
}
