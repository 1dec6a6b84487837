//! What an event of the feed means, and how a place in the feed is written.

use std::fmt;
use std::str::FromStr;

use countersign_token::Change;

/// A place in the feed. Written `epoch-seq`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Position {
    /// The run of `seq`; a restored database begins a new one.
    pub epoch: String,
    /// The place in the order of commits.
    pub seq: i64,
}

/// A text that is no place in a feed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not a place in a feed")]
pub struct NoPosition;

impl fmt::Display for Position {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}-{}", self.epoch, self.seq)
    }
}

impl FromStr for Position {
    type Err = NoPosition;

    fn from_str(text: &str) -> Result<Self, NoPosition> {
        let (epoch, seq) = text.rsplit_once('-').ok_or(NoPosition)?;
        Ok(Self { epoch: epoch.to_owned(), seq: seq.parse().map_err(|_| NoPosition)? })
    }
}

/// One row of the feed. Instants are milliseconds since 1970, by the database's clock.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Event {
    /// Its place in the order of commits.
    pub seq: i64,
    /// What happened.
    pub kind: String,
    /// To whom: a user's, a session's or a token's id.
    pub subject: String,
    /// From when a refusal holds.
    pub since: Option<i64>,
    /// When a refusal can be forgotten, or a suspension ends.
    pub until: Option<i64>,
    /// When it was written.
    pub at: i64,
}

/// What an event does to a node that follows.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Effect {
    /// The refusals change.
    Refusal(Change),
    /// A user's row changed.
    UserChanged(String),
    /// A session's row changed.
    SessionChanged(String),
    /// Written by a newer version: nothing is known of it.
    Unknown,
}

/// Tokens of a deleted session live no longer than any token may; a date nobody can read counts as this far away.
const UNREADABLE: i64 = 365 * 86_400_000;

/// What `event` does.
pub fn effect(event: Event) -> Effect {
    let Event { kind, subject, since, until, at, .. } = event;
    let last = until.unwrap_or(at.saturating_add(UNREADABLE));
    match kind.as_str() {
        "user_changed" => Effect::UserChanged(subject),
        "session_changed" => Effect::SessionChanged(subject),
        "user_off" => Effect::Refusal(Change::UserOff { user: subject, until: until.map(seconds_up) }),
        "user_on" => Effect::Refusal(Change::UserOn { user: subject }),
        "session_revoked" => Effect::Refusal(Change::SessionRevoked {
            session: subject,
            since: since.unwrap_or_default().div_euclid(1000),
            until: seconds_up(last),
        }),
        "token_revoked" => Effect::Refusal(Change::TokenRevoked { jti: subject, until: seconds_up(last) }),
        "user_tokens_before" => Effect::Refusal(Change::UserTokensBefore {
            user: subject,
            before: seconds_up(since.unwrap_or(at)),
            until: seconds_up(last),
        }),
        _ => Effect::Unknown,
    }
}

/// Whole seconds, never earlier than the instant itself: a refusal is not forgotten too soon.
fn seconds_up(millis: i64) -> i64 {
    millis.div_euclid(1000) + i64::from(millis.rem_euclid(1000) > 0)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn event(kind: &str, since: Option<i64>, until: Option<i64>) -> Event {
        Event { seq: 1, kind: kind.into(), subject: "x".into(), since, until, at: 5_000 }
    }

    #[test]
    fn instants_are_rounded_so_that_no_refusal_ends_early_or_begins_late() {
        let Effect::Refusal(Change::SessionRevoked { since, until, .. }) =
            effect(event("session_revoked", Some(1_999), Some(2_001)))
        else {
            panic!("not a revocation");
        };
        assert_eq!((since, until), (1, 3));
        let off = effect(event("user_off", None, Some(2_001)));
        assert_eq!(off, Effect::Refusal(Change::UserOff { user: "x".into(), until: Some(3) }));
    }

    #[test]
    fn a_date_nobody_could_read_holds_for_a_year_and_an_unknown_kind_is_nothing() {
        let Effect::Refusal(Change::SessionRevoked { until, .. }) = effect(event("session_revoked", Some(0), None))
        else {
            panic!("not a revocation");
        };
        assert_eq!(until, 5 + UNREADABLE / 1000);
        assert_eq!(effect(event("from_tomorrow", None, None)), Effect::Unknown);
    }
}
