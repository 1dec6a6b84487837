//! The refusals: what every verifier keeps instead of the sessions. Refusals are rare, so they fit in memory.
//!
//! A [`Revocations`] is a snapshot at a position of the feed. It is built from events in the order of the feed, is cheap
//! to copy (most of it is shared), and is asked on every request: a few hash look-ups.

use std::collections::HashMap;
use std::sync::Arc;

use crate::{Claims, Standing};

/// One change that verifiers must know of. Instants are seconds since 1970; `until` is when the refusal can be forgotten
/// because every token it could refuse has expired.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum Change {
    /// The user is suspended or deleted: while this holds, every token of theirs is refused whatever its `iat`.
    UserOff {
        /// The user's id, the token's `sub`.
        user: String,
        /// When the suspension ends; none for good.
        until: Option<i64>,
    },
    /// The user is active again.
    UserOn {
        /// The user's id.
        user: String,
    },
    /// A session ended before its time: its tokens, which carry it as `sid`, are refused.
    SessionRevoked {
        /// The session's id.
        session: String,
        /// The instant from which they are refused: 0 for at once.
        since: i64,
        /// When the session would have ended.
        until: i64,
    },
    /// One token is refused, by its `jti`.
    TokenRevoked {
        /// The token's id.
        jti: String,
        /// When it would have expired.
        until: i64,
    },
    /// Tokens of a user that belong to no session and were issued before an instant are refused.
    UserTokensBefore {
        /// The user's id.
        user: String,
        /// Tokens with an earlier `iat` are refused.
        before: i64,
        /// When the last of them would have expired.
        until: i64,
    },
}

/// The refusals at one position of the feed.
///
/// ```
/// use countersign_token::{Change, Claims, Revocations, Standing};
///
/// let mut claims = Claims::new("ada", 1_790_000_000, 1_790_000_900);
/// claims.sid = Some("session-1".into());
/// let mut refusals = Revocations::default();
/// assert_eq!(refusals.standing(&claims, 1_790_000_001), None);
///
/// refusals.apply(Change::SessionRevoked { session: "session-1".into(), since: 0, until: 1_790_000_900 });
/// assert_eq!(refusals.standing(&claims, 1_790_000_001), Some(Standing::SessionEnded));
/// ```
#[derive(Clone, Debug, Default)]
pub struct Revocations {
    /// Nearly everything; shared between snapshots.
    settled: Arc<Layer>,
    /// What came since; goes before what is settled, and is copied with each snapshot.
    recent: Layer,
}

#[derive(Clone, Debug, Default)]
struct Layer {
    /// `None`: the user is on, whatever an older layer says.
    users: HashMap<Box<str>, Option<Off>>,
    sessions: HashMap<Box<str>, Span>,
    tokens: HashMap<Box<str>, i64>,
    tokens_before: HashMap<Box<str>, Span>,
}

/// A user who is off until an instant, or for good.
type Off = Option<i64>;

/// `at`: since when, or before when. `until`: when it can be forgotten.
#[derive(Clone, Copy, Debug)]
struct Span {
    at: i64,
    until: i64,
}

/// How many entries are copied with a snapshot before they are settled.
const RECENT_MAX: usize = 1024;

impl Revocations {
    /// Why the bearer of these claims is refused at `now`, or `None` if nothing here speaks against them.
    #[must_use]
    pub fn standing(&self, claims: &Claims, now: i64) -> Option<Standing> {
        if self.is_off(&claims.sub, now) {
            return Some(Standing::Suspended);
        }
        self.refuses_token(claims, now).then_some(Standing::SessionEnded)
    }

    /// Whether the token itself is refused, by its session, its `jti` or its age, whoever the user is. For a directory that
    /// knows its users from their rows.
    #[must_use]
    pub fn refuses_token(&self, claims: &Claims, now: i64) -> bool {
        let before =
            || self.find(|layer| layer.tokens_before.get(&*claims.sub)).is_some_and(|span| claims.iat < span.at);
        // Where there is a session, it alone decides: by a clock that is behind, a new one's token is older than it is.
        let revoked = |jti: &str| self.find(|layer| layer.tokens.get(jti)).is_some();
        claims.sid.as_deref().is_some_and(|sid| self.has_ended(sid, now))
            || claims.jti.as_deref().is_some_and(revoked)
            || (claims.sid.is_none() && before())
    }

    /// Whether the user is suspended or deleted.
    #[must_use]
    pub fn is_off(&self, user: &str, now: i64) -> bool {
        let off = self.find(|layer| layer.users.get(user)).and_then(Option::as_ref);
        off.is_some_and(|until| until.is_none_or(|until| now < until))
    }

    /// Whether the session ended before its time.
    #[must_use]
    pub fn has_ended(&self, session: &str, now: i64) -> bool {
        self.find(|layer| layer.sessions.get(session)).is_some_and(|span| now >= span.at)
    }

    /// Takes a change into account. Changes are applied in the order of the feed.
    pub fn apply(&mut self, change: Change) {
        self.recent.apply(change);
        if self.recent.len() > RECENT_MAX {
            self.settle();
        }
    }

    /// Drops what can refuse nothing any more.
    pub fn forget_expired(&mut self, now: i64) {
        self.settle();
        Arc::make_mut(&mut self.settled).forget_expired(now);
    }

    /// How many refusals are held.
    #[must_use]
    pub fn len(&self) -> usize {
        self.settled.len() + self.recent.len()
    }

    /// Whether nobody is refused.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// What is held, as changes: applied in this order to nothing they make the same refusals.
    pub fn changes(&self) -> impl Iterator<Item = Change> + Send + '_ {
        let recent = &self.recent;
        let settled = &self.settled;
        let users = settled.users.iter().filter(|(id, _)| !recent.users.contains_key(*id)).chain(&recent.users);
        let sessions =
            settled.sessions.iter().filter(|(id, _)| !recent.sessions.contains_key(*id)).chain(&recent.sessions);
        let tokens = settled.tokens.iter().filter(|(id, _)| !recent.tokens.contains_key(*id)).chain(&recent.tokens);
        let before = settled.tokens_before.iter().filter(|(id, _)| !recent.tokens_before.contains_key(*id));
        let offs = users.filter_map(|(id, off)| off.map(|until| Change::UserOff { user: id.as_ref().into(), until }));
        offs.chain(sessions.map(|(id, span)| Change::SessionRevoked {
            session: id.as_ref().into(),
            since: span.at,
            until: span.until,
        }))
        .chain(tokens.map(|(id, until)| Change::TokenRevoked { jti: id.as_ref().into(), until: *until }))
        .chain(before.chain(&recent.tokens_before).map(|(id, span)| Change::UserTokensBefore {
            user: id.as_ref().into(),
            before: span.at,
            until: span.until,
        }))
    }

    fn find<'a, T>(&'a self, of: impl Fn(&'a Layer) -> Option<&'a T>) -> Option<&'a T> {
        of(&self.recent).or_else(|| of(&self.settled))
    }

    fn settle(&mut self) {
        let recent = std::mem::take(&mut self.recent);
        let settled = Arc::make_mut(&mut self.settled);
        settled.users.extend(recent.users);
        settled.users.retain(|_, off| off.is_some());
        settled.sessions.extend(recent.sessions);
        settled.tokens.extend(recent.tokens);
        settled.tokens_before.extend(recent.tokens_before);
    }
}

impl Layer {
    fn apply(&mut self, change: Change) {
        match change {
            Change::UserOff { user, until } => {
                self.users.insert(user.into(), Some(until));
            }
            Change::UserOn { user } => {
                self.users.insert(user.into(), None);
            }
            Change::SessionRevoked { session, since, until } => {
                self.sessions.insert(session.into(), Span { at: since, until });
            }
            Change::TokenRevoked { jti, until } => {
                self.tokens.insert(jti.into(), until);
            }
            Change::UserTokensBefore { user, before, until } => {
                self.tokens_before.insert(user.into(), Span { at: before, until });
            }
        }
    }

    fn len(&self) -> usize {
        self.users.len() + self.sessions.len() + self.tokens.len() + self.tokens_before.len()
    }

    fn forget_expired(&mut self, now: i64) {
        self.users.retain(|_, off| !matches!(off, Some(Some(until)) if *until <= now));
        self.sessions.retain(|_, span| now < span.until);
        self.tokens.retain(|_, until| now < *until);
        self.tokens_before.retain(|_, span| now < span.until);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn claims() -> Claims {
        let mut claims = Claims::new("u", 100, 1000);
        claims.sid = Some("s".into());
        claims.jti = Some("j".into());
        claims
    }

    fn after(changes: impl IntoIterator<Item = Change>) -> Revocations {
        let mut refusals = Revocations::default();
        changes.into_iter().for_each(|change| refusals.apply(change));
        refusals
    }

    fn off(until: Option<i64>) -> Change {
        Change::UserOff { user: "u".into(), until }
    }

    #[test]
    fn a_user_who_is_off_is_refused_whatever_the_token_until_on_again() {
        assert_eq!(after([off(None)]).standing(&claims(), 200), Some(Standing::Suspended));
        assert_eq!(after([off(Some(300))]).standing(&claims(), 299), Some(Standing::Suspended));
        assert_eq!(after([off(Some(300))]).standing(&claims(), 300), None);
        assert_eq!(after([off(None), Change::UserOn { user: "u".into() }]).standing(&claims(), 200), None);
    }

    #[test]
    fn a_session_a_token_and_early_tokens_are_refused_each_by_its_own_name() {
        let session = |since| Change::SessionRevoked { session: "s".into(), since, until: 1000 };
        assert_eq!(after([session(0)]).standing(&claims(), 200), Some(Standing::SessionEnded));
        assert_eq!(
            after([session(300)]).standing(&claims(), 299),
            None,
            "a session that was shortened lives until then"
        );
        assert_eq!(after([session(300)]).standing(&claims(), 300), Some(Standing::SessionEnded));
        let token = Change::TokenRevoked { jti: "j".into(), until: 1000 };
        assert_eq!(after([token]).standing(&claims(), 200), Some(Standing::SessionEnded));
        let before = |before| Change::UserTokensBefore { user: "u".into(), before, until: 1000 };
        let of_no_session = Claims { sid: None, ..claims() };
        assert_eq!(after([before(101)]).standing(&of_no_session, 200), Some(Standing::SessionEnded));
        assert_eq!(after([before(100)]).standing(&of_no_session, 200), None);
        assert_eq!(after([before(101)]).standing(&claims(), 200), None, "where there is a session, it decides");
    }

    #[test]
    fn what_has_expired_is_forgotten_and_what_is_for_good_is_not() {
        let session = Change::SessionRevoked { session: "s".into(), since: 0, until: 1000 };
        let mut refusals = after([session, off(None)]);
        refusals.forget_expired(999);
        assert_eq!(refusals.len(), 2);
        refusals.forget_expired(1000);
        assert_eq!(refusals.len(), 1);
        assert!(refusals.is_off("u", i64::MAX));
    }

    #[test]
    fn settled_refusals_hold_and_yield_to_what_comes_later() {
        let many = (0..3000).map(|n| Change::SessionRevoked { session: n.to_string(), since: 0, until: 1000 });
        let mut refusals = after(std::iter::once(off(None)).chain(many));
        assert_eq!(refusals.len(), 3001);
        assert!((0..3000).all(|n| refusals.has_ended(&n.to_string(), 1)));
        assert!(refusals.is_off("u", 1));
        refusals.apply(Change::UserOn { user: "u".into() });
        assert!(!refusals.is_off("u", 1));
        refusals.forget_expired(0);
        assert!(!refusals.is_off("u", 1));
        assert_eq!(refusals.len(), 3000);
    }

    #[test]
    fn what_is_held_can_be_told_and_taken_up_again() {
        let many = (0..2000).map(|n| Change::SessionRevoked { session: n.to_string(), since: n, until: 1000 });
        let mut refusals = after(std::iter::once(off(None)).chain(many));
        refusals.apply(Change::UserOn { user: "u".into() });
        refusals.apply(Change::SessionRevoked { session: "7".into(), since: 70, until: 2000 });
        refusals.apply(Change::TokenRevoked { jti: "j".into(), until: 5 });
        refusals.apply(Change::UserTokensBefore { user: "v".into(), before: 3, until: 5 });
        let told: Vec<Change> = refusals.changes().collect();
        assert_eq!(told.len(), 2002, "each once, and nobody who is on again");
        assert!(told.contains(&Change::SessionRevoked { session: "7".into(), since: 70, until: 2000 }));
        let taken_up = after(told);
        assert!(!taken_up.is_off("u", 1));
        assert!((0..2000).all(|n| taken_up.has_ended(&n.to_string(), 5000)));
        assert_eq!(taken_up.len(), 2002);
    }
}
