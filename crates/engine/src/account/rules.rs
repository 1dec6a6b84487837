//! Which passwords are taken.

use crate::config::EmailAndPassword;

/// What is wrong with a password.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unacceptable {
    /// Shorter than `min_password_length`.
    TooShort,
    /// Longer than `max_password_length`.
    TooLong,
}

/// Judges a password that is to be set. Nothing but its length is asked for: no composition rules (security P4).
///
/// # Errors
/// [`Unacceptable`].
pub(crate) fn may_set(password: &str, config: &EmailAndPassword) -> Result<(), Unacceptable> {
    if length(password) < usize::from(config.min_password_length) {
        return Err(Unacceptable::TooShort);
    }
    may_try(password, config)
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

/// Length in UTF-16 code units, as Better Auth counts (docs/wire.md 4.3), so that both admit the same passwords.
fn length(password: &str) -> usize {
    password.encode_utf16().count()
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
}
