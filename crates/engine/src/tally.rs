//! What an engine counts of itself, for whoever shows it. Plain numbers, so that two engines in one process are told apart
//! and whoever embeds one chooses how they are published (`docs/decisions/0009-metrics.md`).

use std::sync::atomic::{AtomicU64, Ordering};

use countersign_token::Refused;

use crate::sign_in::gates::Closed;
use crate::{Engine, FinishError, SignInError};

/// Numbers that only grow, since the engine was opened.
#[derive(Debug)]
pub struct Tally {
    /// Sign-ins with a password, by outcome: `signed_in`, `wrong_password`, `email_not_verified`, `suspended`,
    /// `overloaded`, or `failed` for what is refused unseen and for a database that fails.
    pub sign_ins: Counts,
    /// Access tokens refused on the engine's own account, by [`Refused::code`].
    pub refusals: Counts,
    /// What came of the feed: `applied` events, `rebuilt` from all there is, `triggers_repaired`.
    pub feed: Counts,
}

/// One number for each of a fixed set of names.
#[derive(Debug)]
pub struct Counts(Box<[(&'static str, AtomicU64)]>);

impl Counts {
    /// All at zero.
    pub fn of(names: impl IntoIterator<Item = &'static str>) -> Self {
        Self(names.into_iter().map(|name| (name, AtomicU64::new(0))).collect())
    }

    /// Adds to the number of one of the names.
    pub fn add(&self, name: &str, number: usize) {
        let found = self.0.iter().find(|(known, _)| *known == name);
        debug_assert!(found.is_some(), "{name} is not counted");
        if let Some((_, value)) = found {
            value.fetch_add(u64::try_from(number).unwrap_or(u64::MAX), Ordering::Relaxed);
        }
    }

    /// Every name and its number.
    pub fn iter(&self) -> impl Iterator<Item = (&'static str, u64)> {
        self.0.iter().map(|(name, value)| (*name, value.load(Ordering::Relaxed)))
    }
}

impl Default for Tally {
    fn default() -> Self {
        let sign_ins = ["signed_in", "wrong_password", "email_not_verified", "suspended", "overloaded", "failed"];
        Self {
            sign_ins: Counts::of(sign_ins),
            refusals: Counts::of(Refused::ALL.iter().map(Refused::code)),
            feed: Counts::of(["applied", "rebuilt", "triggers_repaired"]),
        }
    }
}

impl Engine {
    /// What was counted since it was opened.
    pub fn tally(&self) -> &Tally {
        &self.tally
    }
}

/// The name under which a sign-in is counted.
pub(crate) fn outcome<T>(result: &Result<T, SignInError>) -> &'static str {
    match result {
        Ok(_) => "signed_in",
        Err(SignInError::InvalidEmailOrPassword) => "wrong_password",
        Err(SignInError::Finish(FinishError::Closed(Closed::EmailNotVerified))) => "email_not_verified",
        Err(SignInError::Finish(FinishError::Closed(Closed::Suspended))) => "suspended",
        Err(SignInError::Overloaded(_)) => "overloaded",
        Err(SignInError::Disabled | SignInError::PasswordTooLong | SignInError::Finish(_) | SignInError::Engine(_)) => {
            "failed"
        }
    }
}
