//! Who is the same, and what a newcomer becomes.

use super::{Ban, Newcomer};
use crate::User;
use crate::user::rules::{DEFAULT_ROLE, normalised_email};
use countersign_db::{Additional, Timestamp};

/// Whether the user who has the newcomer's address is that newcomer, imported before: the same id, or, where the export knows no
/// ids, the same hash. Without either there is nothing to tell them apart by, nor anything to lose.
pub(crate) fn is_same(newcomer: &Newcomer, user: &User, hash: Option<&str>) -> bool {
    match (&newcomer.id, &newcomer.hash) {
        (Some(id), _) => *id == user.id,
        (None, Some(theirs)) => hash == Some(theirs),
        (None, None) => true,
    }
}

/// The user a newcomer becomes.
pub(crate) fn user(newcomer: &Newcomer, id: String, additional: Additional, now: Timestamp) -> User {
    let created_at = newcomer.created_at.unwrap_or(now);
    let ban = newcomer.ban.as_ref();
    User {
        id,
        name: newcomer.name.clone(),
        email: normalised_email(&newcomer.email),
        email_verified: newcomer.email_verified,
        image: newcomer.image.clone(),
        created_at,
        updated_at: now.max(created_at),
        role: Some(newcomer.role.clone().unwrap_or_else(|| DEFAULT_ROLE.to_owned())),
        banned: Some(ban.is_some()),
        ban_reason: ban.and_then(|Ban { reason, .. }| reason.clone()),
        ban_expires: ban.and_then(|Ban { until, .. }| *until),
        additional,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn newcomer(id: Option<&str>, hash: Option<&str>) -> Newcomer {
        Newcomer {
            id: id.map(str::to_owned),
            email: "Ada@Example.com".to_owned(),
            hash: hash.map(str::to_owned),
            ..Newcomer::default()
        }
    }

    #[test]
    fn the_same_is_who_has_the_id_or_without_ids_the_hash() {
        let there = user(&newcomer(None, None), "u1".to_owned(), Additional::default(), Timestamp::from_millis(5));
        assert!(is_same(&newcomer(Some("u1"), Some("x")), &there, Some("y")), "the hash was made anew");
        assert!(!is_same(&newcomer(Some("u2"), Some("x")), &there, Some("x")));
        assert!(is_same(&newcomer(None, Some("x")), &there, Some("x")));
        assert!(!is_same(&newcomer(None, Some("x")), &there, Some("y")));
        assert!(!is_same(&newcomer(None, Some("x")), &there, None));
        assert!(is_same(&newcomer(None, None), &there, Some("y")));
    }

    #[test]
    fn a_suspension_and_the_day_of_creation_are_taken_over() {
        let at = Timestamp::from_millis;
        let ban = Some(Ban { reason: Some("spam".to_owned()), until: Some(at(9)) });
        let newcomer = Newcomer { ban, created_at: Some(at(1)), ..newcomer(None, None) };
        let made = user(&newcomer, "u".to_owned(), Additional::default(), at(5));
        assert_eq!(
            (made.banned, made.ban_reason.as_deref(), made.ban_expires),
            (Some(true), Some("spam"), Some(at(9)))
        );
        assert_eq!((made.created_at, made.updated_at), (at(1), at(5)));
        assert_eq!((made.email.as_str(), made.role.as_deref()), ("ada@example.com", Some("user")));
    }
}
