//! Links that are mailed to an address: writing them, and finding out what one asks for.

use countersign_db::Tx;
use countersign_token::{EmailAsks, EmailToken, Refused};

use crate::outbox::actions::Draft;
use crate::outbox::{Content, Kind};
use crate::sign_in::{Device, FinishError, SignedIn};
use crate::{Caller, Engine, Error, User};

/// A link before it is mailed.
pub(super) struct Link<'a> {
    /// Whose it is.
    pub(super) user: &'a User,
    /// What it does.
    pub(super) asks: EmailAsks,
    /// Where it leads in the end.
    pub(super) callback_url: Option<&'a str>,
}

/// Who follows a link.
pub struct Follower<'a> {
    /// The session the request shows, if it shows one.
    pub caller: Option<&'a Caller>,
    /// Where a session would be used that begins here.
    pub device: Device,
    /// Where another link leads in the end that is mailed now.
    pub callback_url: Option<&'a str>,
}

/// What following a link comes to.
#[derive(Debug)]
pub enum Followed {
    /// The address is its user's; perhaps it was known before.
    Verified,
    /// And they are signed in with a new session.
    SignedIn(Box<SignedIn>),
    /// And they were signed in before; the user in it is as of now.
    StaysSignedIn(Caller),
    /// The old address agrees to be changed, and the new one is written to.
    ChangeConfirmed,
    /// The user has the new address.
    Changed {
        /// The user as of now.
        user: Box<User>,
        /// The session of whoever followed the link, with this user; none where nobody is signed in there.
        caller: Option<Caller>,
    },
}

/// Why following a link comes to nothing.
#[derive(Debug, thiserror::Error)]
pub enum VerifyEmailError {
    /// Its time has passed.
    #[error("the link has expired")]
    Expired,
    /// It is no link of ours, or not good any more.
    #[error("the link is not valid")]
    Invalid,
    /// Whoever it was mailed to is no more, or has another address now.
    #[error("the user is gone")]
    UserNotFound,
    /// It would change the address of one user, and another is signed in.
    #[error("somebody else is signed in")]
    OtherUser,
    /// The address is verified, and the session was not made.
    #[error(transparent)]
    Finish(#[from] FinishError),
    /// The database failed.
    #[error(transparent)]
    Engine(#[from] Error),
}

impl Engine {
    /// Does what a mailed link asks for.
    ///
    /// # Errors
    /// [`VerifyEmailError`].
    pub async fn verify_email(&self, token: &str, follower: Follower<'_>) -> Result<Followed, VerifyEmailError> {
        let token = EmailToken::verify(token, &self.keys.secrets, self.clock.now().seconds());
        let token = token.map_err(|refused| match refused {
            Refused::Expired => VerifyEmailError::Expired,
            _ => VerifyEmailError::Invalid,
        })?;
        match &token.asks {
            EmailAsks::Verify => self.follow_verification(&token, follower).await,
            EmailAsks::ConfirmChange { to } => self.follow_confirmation(&token, to, follower).await,
            EmailAsks::VerifyChange { to } => self.follow_change(&token, to, follower).await,
        }
    }

    /// Writes a letter with a link, within `tx`.
    pub(super) async fn post_link(&self, tx: &mut Tx, link: Link<'_>) -> Result<(), Error> {
        let Link { user, asks, callback_url } = link;
        let now = self.clock.now();
        let expires_at = now.plus_seconds(self.config.email_verification.expires_in.into());
        let (kind, to, new_email) = match &asks {
            EmailAsks::Verify => (Kind::VerifyEmail, &user.email, None),
            EmailAsks::ConfirmChange { to } => (Kind::ChangeEmailConfirmation, &user.email, Some(to)),
            EmailAsks::VerifyChange { to } => (Kind::ChangeEmailVerification, to, Some(to)),
        };
        let (to, new_email) = (to.clone(), new_email.cloned());
        let token = EmailToken {
            email: user.email.clone(),
            user_id: Some(user.id.clone()),
            asks,
            iat: now.seconds(),
            exp: expires_at.seconds(),
        };
        let content = Content {
            name: user.name.clone(),
            token: token.sign(self.keys.secrets.current())?,
            callback_url: callback_url.map(str::to_owned),
            new_email,
        };
        self.post(tx, Draft { kind, to: &to, content, expires_at }).await
    }
}
