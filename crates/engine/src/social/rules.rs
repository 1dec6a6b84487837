//! Who may be linked to whom.

use super::Identity;
use crate::User;
use crate::config::AccountLinking;
use crate::user::rules::normalised_email;

/// Whether somebody who signs in at a provider is the user with their address, though nobody said so yet: both sides must
/// have seen that the address is theirs (security P12).
pub(crate) fn are_the_same(identity: &Identity, user: &User, config: &AccountLinking) -> bool {
    config.enabled && !config.disable_implicit_linking && identity.email_verified && user.email_verified
}

/// Why a signed-in user's account is not linked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Unlinkable {
    /// Linking is off, or the provider has not seen that the address is theirs.
    Untrusted,
    /// The address is not the user's.
    OtherEmail,
}

/// Whether a signed-in user may link what a provider says.
pub(crate) fn may_link(identity: &Identity, email: &str, config: &AccountLinking) -> Result<(), Unlinkable> {
    if !config.enabled || !identity.email_verified {
        return Err(Unlinkable::Untrusted);
    }
    let same = identity.email.as_deref().is_some_and(|known| normalised_email(known) == normalised_email(email));
    if same || config.allow_different_emails { Ok(()) } else { Err(Unlinkable::OtherEmail) }
}

/// Whether the provider has seen that the user's own address is theirs, which we had not.
pub(crate) fn proves_address(identity: &Identity, user: &User) -> bool {
    let email = identity.email.as_deref().map(normalised_email);
    identity.email_verified && !user.email_verified && email.as_ref() == Some(&user.email)
}

/// The scopes of an account with those that came to them, joined by commas; none where there are none.
pub(crate) fn merged_scope(stored: Option<&str>, incoming: &[String]) -> Option<String> {
    let mut merged: Vec<&str> = Vec::new();
    let stored = stored.unwrap_or_default().split(',');
    for scope in stored.chain(incoming.iter().map(String::as_str)).map(str::trim) {
        if !scope.is_empty() && !merged.contains(&scope) {
            merged.push(scope);
        }
    }
    (!merged.is_empty()).then(|| merged.join(","))
}

#[cfg(test)]
mod tests {
    use countersign_db::{Additional, Timestamp};

    use super::*;

    fn identity(email: Option<&str>, email_verified: bool) -> Identity {
        let email = email.map(str::to_owned);
        let (provider, account_id, name) = ("mock".to_owned(), "1".to_owned(), "Ada".to_owned());
        Identity { provider, account_id, email, email_verified, name, image: None }
    }

    fn user(email_verified: bool) -> User {
        let now = Timestamp::from_millis(0);
        User {
            id: "u".to_owned(),
            name: "Ada".to_owned(),
            email: "ada@example.com".to_owned(),
            email_verified,
            image: None,
            created_at: now,
            updated_at: now,
            role: None,
            banned: None,
            ban_reason: None,
            ban_expires: None,
            additional: Additional::default(),
        }
    }

    #[test]
    fn an_address_makes_two_one_only_where_both_have_seen_that_it_is_theirs() {
        let config = AccountLinking::default();
        for (provider, here, same) in
            [(true, true, true), (true, false, false), (false, true, false), (false, false, false)]
        {
            assert_eq!(are_the_same(&identity(Some("ada@example.com"), provider), &user(here), &config), same);
        }
        let both = (identity(Some("ada@example.com"), true), user(true));
        let off = AccountLinking { enabled: false, ..AccountLinking::default() };
        let explicit = AccountLinking { disable_implicit_linking: true, ..AccountLinking::default() };
        assert!(!are_the_same(&both.0, &both.1, &off) && !are_the_same(&both.0, &both.1, &explicit));
    }

    #[test]
    fn a_signed_in_user_links_an_account_with_the_same_address() {
        let config = AccountLinking::default();
        let other = AccountLinking { allow_different_emails: true, ..AccountLinking::default() };
        let off = AccountLinking { enabled: false, ..AccountLinking::default() };
        let may = |identity: Identity, config: &AccountLinking| may_link(&identity, "ada@example.com", config);
        assert_eq!(may(identity(Some("Ada@Example.com"), true), &config), Ok(()));
        assert_eq!(may(identity(Some("ada@example.com"), false), &config), Err(Unlinkable::Untrusted));
        assert_eq!(may(identity(Some("ada@example.com"), true), &off), Err(Unlinkable::Untrusted));
        assert_eq!(may(identity(Some("eve@example.com"), true), &config), Err(Unlinkable::OtherEmail));
        assert_eq!(may(identity(None, true), &config), Err(Unlinkable::OtherEmail));
        assert_eq!(may(identity(Some("eve@example.com"), true), &other), Ok(()));
    }

    #[test]
    fn a_provider_proves_only_the_address_the_user_has() {
        assert!(proves_address(&identity(Some("ADA@example.com"), true), &user(false)));
        assert!(!proves_address(&identity(Some("ada@example.com"), true), &user(true)), "it was proven");
        assert!(!proves_address(&identity(Some("ada@example.com"), false), &user(false)));
        assert!(!proves_address(&identity(Some("eve@example.com"), true), &user(false)));
        assert!(!proves_address(&identity(None, true), &user(false)));
    }

    #[test]
    fn scopes_are_kept_in_their_order_and_once() {
        let incoming = |scopes: &[&str]| scopes.iter().map(|scope| (*scope).to_owned()).collect::<Vec<_>>();
        assert_eq!(merged_scope(Some("a, b"), &incoming(&["c", "a"])).as_deref(), Some("a,b,c"));
        assert_eq!(merged_scope(None, &incoming(&["a"])).as_deref(), Some("a"));
        assert_eq!((merged_scope(None, &[]), merged_scope(Some(","), &[])), (None, None));
    }
}
