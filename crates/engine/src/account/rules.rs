//! Which passwords are taken, and which accounts may go.

use std::collections::HashSet;
use std::sync::LazyLock;

use unicode_normalization::UnicodeNormalization as _;

use super::{Account, UnlinkError};
use crate::config::{self, EmailAndPassword};

/// How often a password is judged whose hash is another each time.
pub(crate) const JUDGED_MAX: usize = 3;

/// What is wrong with a password.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unacceptable {
    /// Shorter than `min_password_length`.
    TooShort,
    /// Longer than `max_password_length`.
    TooLong,
    /// One of those that are guessed first, where `refuse_common_passwords` is set.
    Common,
}

/// Judges a password that is to be set. Its length is asked for and whether everybody knows it: no composition rules
/// (security P3, P4).
///
/// # Errors
/// [`Unacceptable`].
pub(crate) fn may_set(password: &str, config: &EmailAndPassword) -> Result<(), Unacceptable> {
    if length(password) < usize::from(config.min_password_length) {
        return Err(Unacceptable::TooShort);
    }
    may_try(password, config)?;
    if config.refuse_common_passwords && is_common(password) {
        return Err(Unacceptable::Common);
    }
    Ok(())
}

/// Judges a password that is to be compared. Too long ones are refused before any hashing.
///
/// # Errors
/// [`Unacceptable::TooLong`].
pub(crate) fn may_try(password: &str, config: &EmailAndPassword) -> Result<(), Unacceptable> {
    if length(password) > usize::from(config.max_password_length) {
        return Err(Unacceptable::TooLong);
    }
    Ok(())
}

/// Whether a password is one of the 8354 most common ones of eight characters or more, whatever the case of its letters.
/// The list was counted over passwords of breaches (`docs/passwords.md`).
fn is_common(password: &str) -> bool {
    static COMMON: LazyLock<HashSet<&str>> =
        LazyLock::new(|| include_str!("../../data/common-passwords.txt").lines().collect());
    COMMON.contains(&*password.nfkc().collect::<String>().to_lowercase())
}

/// Length in UTF-16 code units, as Better Auth counts (docs/wire.md 4.3), so that both admit the same passwords.
fn length(password: &str) -> usize {
    password.encode_utf16().count()
}

/// The account with this id among those of a user, if it may be unlinked. As in Better Auth a last account is refused before
/// anyone looks which one is meant.
///
/// # Errors
/// [`UnlinkError::Last`], [`UnlinkError::NotFound`].
pub(crate) fn may_unlink<'a>(
    accounts: &'a [Account],
    id: &str,
    config: &config::Account,
) -> Result<&'a Account, UnlinkError> {
    if accounts.len() == 1 && !config.account_linking.allow_unlinking_all {
        return Err(UnlinkError::Last);
    }
    accounts.iter().find(|account| account.id == id).ok_or(UnlinkError::NotFound)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lengths_are_counted_as_better_auth_counts_them() {
        let config = EmailAndPassword::default();
        assert_eq!(may_set("1234567", &config), Err(Unacceptable::TooShort));
        assert_eq!(may_set("12345678", &config), Ok(()));
        assert_eq!(may_set("😀😀😀😀", &config), Ok(()));
        assert_eq!(may_set("😀😀😀1", &config), Err(Unacceptable::TooShort));
        assert_eq!(may_set(&"x".repeat(128), &config), Ok(()));
        assert_eq!(may_set(&"x".repeat(129), &config), Err(Unacceptable::TooLong));
        assert_eq!(may_try("", &config), Ok(()));
        assert_eq!(may_try(&"😀".repeat(65), &config), Err(Unacceptable::TooLong));
    }

    #[test]
    fn what_is_guessed_first_is_refused_where_that_is_set() {
        let config = EmailAndPassword { refuse_common_passwords: true, ..EmailAndPassword::default() };
        for password in ["password", "PassWord", "ｐassword", "iloveyou", "football1", "qwertyuiop"] {
            assert_eq!(may_set(password, &config), Err(Unacceptable::Common), "{password}");
            assert_eq!(may_set(password, &EmailAndPassword::default()), Ok(()), "{password}");
            assert_eq!(may_try(password, &config), Ok(()), "who has one can still sign in: {password}");
        }
        assert_eq!(may_set("correct horse battery", &config), Ok(()));
    }

    #[test]
    fn the_list_holds_only_what_it_is_compared_with() {
        let lines: Vec<&str> = include_str!("../../data/common-passwords.txt").lines().collect();
        assert!(lines.is_sorted_by(|one, next| one < next));
        for line in lines {
            assert!(line.chars().count() >= 8 && line.nfkc().collect::<String>().to_lowercase() == line, "{line}");
        }
    }
}
