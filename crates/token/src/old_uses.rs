//! How often a secret other than the newest was needed. When that stands still, nobody depends on the older ones any more
//! and they can be removed.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use crate::Secret;
use crate::secret::Secrets;

/// What the secrets of a deployment sign or seal, beside access tokens (whose keys a [`Verifier`](crate::Verifier) counts).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SecretUse {
    /// The value of a cookie, or a bearer of the cookie's form.
    Cookie,
    /// What a `session_data` cookie remembers.
    SessionData,
    /// A refresh token.
    RefreshToken,
    /// The token of a mailed link.
    EmailToken,
    /// The credential of a follower of the refusals.
    FeedCredential,
    /// A text sealed at rest.
    Sealed,
}

impl SecretUse {
    /// Every use there is.
    pub const ALL: [Self; 6] =
        [Self::Cookie, Self::SessionData, Self::RefreshToken, Self::EmailToken, Self::FeedCredential, Self::Sealed];

    /// A stable name for metrics.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Cookie => "cookie",
            Self::SessionData => "session_data",
            Self::RefreshToken => "refresh_token",
            Self::EmailToken => "email_token",
            Self::FeedCredential => "feed_credential",
            Self::Sealed => "sealed",
        }
    }
}

/// One number per use, shared by all clones of the secrets.
#[derive(Clone, Debug, Default)]
pub(crate) struct OldUses(Arc<[AtomicU64; SecretUse::ALL.len()]>);

impl OldUses {
    pub(crate) fn add(&self, what: SecretUse) {
        for (value, _) in self.0.iter().zip(SecretUse::ALL).filter(|(_, known)| *known == what) {
            value.fetch_add(1, Ordering::Relaxed);
        }
    }
}

impl Secrets {
    /// What `open` makes of the first secret that fits, the newest before the others; that an older one was needed is
    /// counted.
    pub fn find<T>(&self, what: SecretUse, mut open: impl FnMut(Option<u32>, &Secret) -> Option<T>) -> Option<T> {
        let mut secrets = self.iter();
        let newest = secrets.next().and_then(|(version, secret)| open(version, secret));
        newest.or_else(|| {
            let found = secrets.find_map(|(version, secret)| open(version, secret))?;
            self.old_uses.add(what);
            Some(found)
        })
    }

    /// How often an older secret was needed since the start, by use.
    pub fn old_uses(&self) -> impl Iterator<Item = (SecretUse, u64)> {
        SecretUse::ALL.into_iter().zip(&*self.old_uses.0).map(|(what, value)| (what, value.load(Ordering::Relaxed)))
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::{FeedCredential, RefreshToken, SessionDataCompact, SessionDataDraft, SignedCookie};

    #[test]
    fn only_what_an_older_secret_was_needed_for_is_counted() {
        let (new, old) = (Secret::from_entropy([2; 32]), Secret::from_entropy([1; 32]));
        let secrets = Secrets::single(new.clone()).with_unversioned(old.clone());
        let uses = || secrets.old_uses().map(|(_, value)| value).collect::<Vec<_>>();
        let show = |secret: &Secret| {
            assert!(SignedCookie::verify(&SignedCookie::sign("v", secret), &secrets).is_some());
            let draft = SessionDataDraft::new(&json!({}), &json!({}), 0, "1").unwrap();
            assert!(SessionDataCompact::verify(&SessionDataCompact::sign(&draft, 1, secret), &secrets).is_some());
            assert!(RefreshToken::verify(&RefreshToken::mint("s", 0, secret).unwrap(), &secrets).is_some());
            assert!(FeedCredential::verify(FeedCredential::of(secret).expose(), &secrets));
        };
        show(&new);
        assert_eq!(uses(), [0, 0, 0, 0, 0, 0]);
        show(&old);
        show(&old);
        assert_eq!(uses(), [2, 2, 2, 0, 2, 0]);
        let stranger = Secret::from_entropy([3; 32]);
        assert_eq!(SignedCookie::verify(&SignedCookie::sign("v", &stranger), &secrets), None);
        assert!(!FeedCredential::verify(FeedCredential::of(&stranger).expose(), &secrets));
        assert_eq!(uses(), [2, 2, 2, 0, 2, 0]);
        assert_eq!(secrets.clone().old_uses().map(|(_, value)| value).sum::<u64>(), 8, "clones count together");
    }
}
