//! What holds for users, whatever asks.

use countersign_db::Timestamp;

use crate::User;

/// The role of everyone who has no other.
pub const DEFAULT_ROLE: &str = "user";

/// Whether `user` is suspended at `now`. A suspension with an end is over at that instant.
pub fn is_suspended(user: &User, now: Timestamp) -> bool {
    user.banned == Some(true) && user.ban_expires.is_none_or(|until| now < until)
}

/// Whether a suspension stands in the row although its time has passed.
pub fn suspension_has_elapsed(user: &User, now: Timestamp) -> bool {
    user.banned == Some(true) && !is_suspended(user, now)
}

/// The one spelling of an address used for storing, finding and mailing (security P9). Only ASCII reaches this far: the
/// contract admits nothing else, from callers and from identity providers.
pub fn normalised_email(email: &str) -> String {
    email.to_lowercase()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn user(banned: Option<bool>, ban_expires: Option<i64>) -> User {
        User {
            id: "u".into(),
            name: "N".into(),
            email: "n@example.com".into(),
            email_verified: false,
            image: None,
            created_at: Timestamp::from_millis(0),
            updated_at: Timestamp::from_millis(0),
            role: None,
            banned,
            ban_reason: None,
            ban_expires: ban_expires.map(Timestamp::from_millis),
            additional: countersign_db::Additional::default(),
        }
    }

    #[test]
    fn a_suspension_holds_until_its_end_and_for_good_without_one() {
        let at = Timestamp::from_millis;
        assert!(!is_suspended(&user(None, None), at(0)));
        assert!(!is_suspended(&user(Some(false), Some(10)), at(0)));
        assert!(is_suspended(&user(Some(true), None), at(i64::MAX)));
        assert!(is_suspended(&user(Some(true), Some(10)), at(9)));
        assert!(!is_suspended(&user(Some(true), Some(10)), at(10)));
        assert!(suspension_has_elapsed(&user(Some(true), Some(10)), at(10)));
        assert!(!suspension_has_elapsed(&user(Some(true), None), at(10)));
    }
}
