//! Which way leads to another address, and which links are still good.

use countersign_db::Timestamp;
use countersign_token::EmailToken;

use super::link::VerifyEmailError;
use crate::User;
use crate::config::Config;

/// Which way leads a user to another address.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum EmailWay {
    /// At once.
    AtOnce,
    /// By a letter to the old address, and then one to the new.
    ByTheOld,
    /// By a letter to the new address.
    ByTheNew,
}

/// The way of a user, if there is one here: without mails only who may do without them has one.
pub(super) fn way(user: &User, config: &Config) -> Option<EmailWay> {
    let change = &config.user.change_email;
    if !user.email_verified && change.update_email_without_verification {
        Some(EmailWay::AtOnce)
    } else if !config.verifies_emails() {
        None
    } else if user.email_verified && change.send_change_email_confirmation {
        Some(EmailWay::ByTheOld)
    } else {
        Some(EmailWay::ByTheNew)
    }
}

/// Whether a link still changes the address of `user`. It does not after that address changed, nor after the password was
/// set anew: whoever regains an account has no thief's link wait for them. It does for nobody but the user, where somebody
/// is signed in.
pub(super) fn may_change(
    token: &EmailToken,
    user: &User,
    password_set: Option<Timestamp>,
    caller: Option<&User>,
) -> Result<(), VerifyEmailError> {
    if user.email != token.email {
        return Err(VerifyEmailError::Invalid);
    }
    if caller.is_some_and(|caller| caller.id != user.id) {
        return Err(VerifyEmailError::OtherUser);
    }
    if password_set.is_some_and(|set| token.iat < set.seconds()) {
        return Err(VerifyEmailError::Invalid);
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use countersign_token::EmailAsks;

    use super::*;
    use crate::config::Transport;

    fn user(email_verified: bool) -> User {
        let at = Timestamp::from_millis(0);
        User {
            id: "u".into(),
            name: "Ada".into(),
            email: "ada@example.com".into(),
            email_verified,
            image: None,
            created_at: at,
            updated_at: at,
            role: None,
            banned: None,
            ban_reason: None,
            ban_expires: None,
            additional: countersign_db::Additional::default(),
        }
    }

    #[test]
    fn an_address_that_is_known_agrees_first_and_one_that_is_not_need_not() {
        let mut config = Config::default();
        assert_eq!(
            (way(&user(true), &config), way(&user(false), &config)),
            (Some(EmailWay::ByTheOld), Some(EmailWay::ByTheNew))
        );
        config.user.change_email.send_change_email_confirmation = false;
        assert_eq!(way(&user(true), &config), Some(EmailWay::ByTheNew));
        config.user.change_email.update_email_without_verification = true;
        assert_eq!(
            (way(&user(true), &config), way(&user(false), &config)),
            (Some(EmailWay::ByTheNew), Some(EmailWay::AtOnce))
        );
        config.email.transport = Transport::Off;
        assert_eq!((way(&user(true), &config), way(&user(false), &config)), (None, Some(EmailWay::AtOnce)));
    }

    #[test]
    fn a_link_is_good_for_its_user_until_address_or_password_change() {
        let asks = EmailAsks::VerifyChange { to: "new@example.com".into() };
        let token = EmailToken { email: "ada@example.com".into(), user_id: Some("u".into()), asks, iat: 100, exp: 200 };
        let (ada, eve) = (user(true), User { id: "e".into(), ..user(true) });
        let judge = |set: Option<i64>, caller| may_change(&token, &ada, set.map(Timestamp::from_millis), caller);
        assert!(judge(None, None).is_ok() && judge(Some(100_999), Some(&ada)).is_ok());
        assert!(matches!(judge(Some(101_000), None), Err(VerifyEmailError::Invalid)));
        assert!(matches!(judge(None, Some(&eve)), Err(VerifyEmailError::OtherUser)));
        let moved = User { email: "other@example.com".into(), ..user(true) };
        assert!(matches!(may_change(&token, &moved, None, Some(&eve)), Err(VerifyEmailError::Invalid)));
    }
}
