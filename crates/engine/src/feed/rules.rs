//! What an event of the feed means, how a place in the feed is written, and what may be relied upon that was read before.

use std::fmt;
use std::str::FromStr;

use countersign_db::Timestamp;
use countersign_token::{Change, Revocations};

/// A place in the feed. Written `epoch-seq-at`.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Position {
    /// The run of `seq`; a restored database begins a new one.
    pub epoch: String,
    /// The place in the order of commits; 0 before the first.
    pub seq: i64,
    /// When the event there was written. A database that was restored, and has come as far as it was before, has another
    /// event there.
    pub at: i64,
}

/// A text that is no place in a feed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not a place in a feed")]
pub struct NoPosition;

impl Position {
    /// Before all events of a run.
    pub fn start(epoch: String) -> Self {
        Self { epoch, seq: 0, at: 0 }
    }

    /// Where an event of the same run stands.
    pub fn of(&self, event: &Event) -> Self {
        Self { epoch: self.epoch.clone(), seq: event.seq, at: event.at }
    }

    fn is_of(&self, event: &Event) -> bool {
        (self.seq, self.at) == (event.seq, event.at)
    }
}

impl fmt::Display for Position {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}-{}-{}", self.epoch, self.seq, self.at)
    }
}

impl FromStr for Position {
    type Err = NoPosition;

    fn from_str(text: &str) -> Result<Self, NoPosition> {
        let mut parts = text.rsplitn(3, '-');
        let mut number = || parts.next()?.parse().ok();
        let (at, seq) = (number(), number());
        let epoch = parts.next().filter(|epoch| !epoch.is_empty());
        match (epoch, seq, at) {
            (Some(epoch), Some(seq), Some(at)) => Ok(Self { epoch: epoch.to_owned(), seq, at }),
            _ => Err(NoPosition),
        }
    }
}

/// One row of the feed. Instants are milliseconds since 1970, by the database's clock.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
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

/// How long every event is kept. Only then what refuses nothing is cleared out, but never the last event.
pub const KEPT_MS: i64 = 60 * 60_000;
/// Whoever last looked so long ago, or later, has missed nothing that was cleared out, and no two clocks differ by the rest.
const FRESH_MS: i64 = KEPT_MS / 2;

/// What becomes of a node that looks at the feed again.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Course {
    /// These events followed, and nothing else did.
    On(Vec<Event>),
    /// What followed cannot be told: everything is read again.
    Anew,
    /// The events the node has seen are gone: the database was restored. A new run begins, so that all others learn of it, and
    /// everything is read again.
    Restored,
}

/// Whether a node that stood at `known` and looked last `age` milliseconds ago may go on from there. `epoch` is the present
/// run, and `rows` the first events from `known` on, that one included.
pub fn course(known: &Position, age: i64, epoch: &str, mut rows: Vec<Event>) -> Course {
    if known.epoch != epoch || !(-FRESH_MS..FRESH_MS).contains(&age) {
        return Course::Anew;
    }
    match rows.first() {
        _ if known.seq == 0 => Course::On(rows),
        Some(first) if known.is_of(first) => {
            rows.remove(0);
            Course::On(rows)
        }
        Some(first) if known.seq < first.seq => Course::Anew,
        _ => Course::Restored,
    }
}

/// The changes that a follower who stands at `from` has missed; `None` if that cannot be told. The node itself stands at
/// `known`, and `rows` are all events from `from` on, that one included: while it is there, no later refusal was cleared
/// out that could refuse anything.
pub fn missed(from: &Position, known: &Position, rows: Vec<Event>) -> Option<Vec<(Position, Change)>> {
    if from == known {
        return Some(Vec::new());
    }
    if from.epoch != known.epoch || !rows.first().is_some_and(|first| from.is_of(first)) {
        return None;
    }
    let change = |event: Event| Some((from.of(&event), refusal(event)?));
    Some(rows.into_iter().skip(1).filter_map(change).collect())
}

/// What a node took in from the feed, for those it tells.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum News {
    /// Some changes, all that followed.
    Changes {
        /// The changes of refusals with their places.
        changes: Vec<(Position, Change)>,
        /// Where that led.
        position: Position,
    },
    /// Everything was read again: what was known before is worth nothing.
    Rebuilt,
}

impl News {
    /// What of this a follower who stands at `place` has not been told, and where that leads; `None` if a snapshot is due.
    pub fn after(&self, place: &Position) -> Option<(&[(Position, Change)], Position)> {
        match self {
            Self::Changes { changes, position } if position.epoch == place.epoch => {
                let told = changes.partition_point(|(at, _)| at.seq <= place.seq);
                let leads_to = if place.seq < position.seq { position } else { place };
                Some((changes.get(told..).unwrap_or_default(), leads_to.clone()))
            }
            _ => None,
        }
    }
}

/// The refusals and where in the feed they were known. They may hold more than the feed had said by then, never less.
#[derive(Clone, Debug, Default)]
pub struct Known {
    /// The refusals.
    pub refusals: Revocations,
    /// The last event taken into account; none before the feed was read.
    pub position: Option<Position>,
}

impl Known {
    /// Takes in what followed.
    pub fn advance(&mut self, changes: &[(Position, Change)], position: Position) {
        changes.iter().for_each(|(_, change)| self.refusals.apply(change.clone()));
        self.position = Some(position);
    }

    /// All of the feed, after the suspensions that may be older than it, and before what this node did itself since it began
    /// to read.
    pub fn rebuilt(
        suspended: impl IntoIterator<Item = Change>,
        changes: Vec<(Position, Change)>,
        own: &[Change],
        position: Position,
    ) -> Self {
        let mut known = Self { position: Some(position), ..Self::default() };
        let changes = changes.into_iter().map(|(_, change)| change);
        suspended.into_iter().chain(changes).chain(own.iter().cloned()).for_each(|change| known.refusals.apply(change));
        known
    }
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

/// A refusal that no trigger writes.
pub(crate) struct Refusal<'a> {
    pub(crate) kind: &'static str,
    pub(crate) subject: &'a str,
    pub(crate) since: Timestamp,
}

impl<'a> Refusal<'a> {
    /// A session is over, from its beginning.
    pub(crate) fn session(id: &'a str) -> Self {
        Self { kind: "session_revoked", subject: id, since: Timestamp::from_millis(0) }
    }

    /// One token.
    pub(crate) fn token(jti: &'a str, at: Timestamp) -> Self {
        Self { kind: "token_revoked", subject: jti, since: at }
    }

    /// Tokens of a user that belong to no session and were issued before an instant.
    pub(crate) fn tokens_before(user: &'a str, since: Timestamp) -> Self {
        Self { kind: "user_tokens_before", subject: user, since }
    }
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

/// What an event refuses, or refuses no longer.
fn refusal(event: Event) -> Option<Change> {
    match effect(event) {
        Effect::Refusal(change) => Some(change),
        _ => None,
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
    const AT: i64 = 100_000_000;

    fn place(epoch: &str, seq: i64) -> Position {
        Position { epoch: epoch.into(), seq, at: AT + seq }
    }

    fn rows(seqs: &[i64]) -> Vec<Event> {
        seqs.iter().map(|seq| Event { seq: *seq, at: AT + seq, ..event("user_off", None, None) }).collect()
    }

    #[test]
    fn a_place_is_read_as_it_is_written() {
        let place = place("a-b", 7);
        assert_eq!(place.to_string(), "a-b-7-100000007");
        assert_eq!(place.to_string().parse(), Ok(place));
        for text in ["", "-", "--", "a-1", "-1-2", "a-b-1", "a-1-b", "a-1-2-"] {
            assert_eq!(text.parse::<Position>(), Err(NoPosition), "{text}");
        }
    }

    #[test]
    fn a_node_goes_on_only_from_the_event_it_has_seen() {
        let other = vec![Event { at: 0, ..rows(&[7]).remove(0) }];
        let on = |seqs: &[i64]| Course::On(rows(seqs));
        for (epoch, age, rows, expected) in [
            ("a", 0, rows(&[7, 9]), on(&[9])),
            ("a", 0, rows(&[7]), on(&[])),
            ("a", FRESH_MS, rows(&[7, 9]), Course::Anew),
            ("a", -FRESH_MS - 1, rows(&[7, 9]), Course::Anew),
            ("b", 0, rows(&[7, 9]), Course::Anew),
            ("a", 0, rows(&[8, 9]), Course::Anew),
            ("a", 0, rows(&[]), Course::Restored),
            ("a", 0, other, Course::Restored),
        ] {
            assert_eq!(course(&place("a", 7), age, epoch, rows.clone()), expected, "{epoch} {age} {rows:?}");
        }
        assert_eq!(course(&Position::start("a".into()), 0, "a", rows(&[1, 2])), on(&[1, 2]));
    }

    #[test]
    fn a_follower_is_told_what_it_missed_only_if_the_event_it_saw_is_there() {
        let known = place("a", 9);
        let told = |from: &Position, rows| missed(from, &known, rows).map(|changes| changes.len());
        assert_eq!(told(&place("a", 7), rows(&[7, 8, 9])), Some(2));
        assert_eq!(told(&place("a", 7), rows(&[8, 9])), None);
        assert_eq!(told(&place("a", 11), rows(&[])), None);
        assert_eq!(told(&place("b", 7), rows(&[7, 8, 9])), None);
        assert_eq!(told(&Position { at: 0, ..place("a", 7) }, rows(&[7, 8, 9])), None);
        assert_eq!(told(&known, rows(&[])), Some(0));
    }
}
