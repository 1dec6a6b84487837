//! What the event stream of refusals says, as server and followers both read it (`docs/revocations.md`).

use std::borrow::Cow;

use serde::{Deserialize, Serialize};

use crate::Change;

/// One event of the stream.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Notice {
    /// A part of all refusals that are held. They replace what was known once the last part is there.
    Snapshot {
        /// What to apply, in this order.
        changes: Vec<Change>,
        /// Whether another part follows.
        more: bool,
    },
    /// One change.
    Change(Change),
    /// The stream is alive.
    Heartbeat {
        /// Milliseconds since the sender last read its database.
        age_ms: u64,
    },
    /// Sent by a newer version, and of no meaning to this one.
    Unknown,
}

/// The data of an event is not what its name promises.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("an event is not what its name promises")]
pub struct MalformedNotice;

const SNAPSHOT: &str = "snapshot";
const HEARTBEAT: &str = "heartbeat";

#[derive(Serialize, Deserialize)]
struct Snapshot<'a> {
    #[serde(borrow)]
    changes: Vec<Record<'a>>,
    more: bool,
}

#[derive(Serialize, Deserialize)]
struct Heartbeat {
    age_ms: u64,
}

/// A change as it is written. Instants are seconds since 1970.
#[derive(Serialize, Deserialize)]
struct Record<'a> {
    #[serde(borrow)]
    kind: Cow<'a, str>,
    #[serde(borrow)]
    subject: Cow<'a, str>,
    since: Option<i64>,
    until: Option<i64>,
}

impl Notice {
    /// The event's name: what the change is, `snapshot` or `heartbeat`.
    #[must_use]
    pub fn name(&self) -> &'static str {
        match self {
            Self::Snapshot { .. } => SNAPSHOT,
            Self::Change(change) => change.kind(),
            Self::Heartbeat { .. } => HEARTBEAT,
            Self::Unknown => "unknown",
        }
    }

    /// The event's data: JSON on one line.
    #[must_use]
    pub fn data(&self) -> String {
        let json = match self {
            Self::Snapshot { changes, more } => {
                serde_json::to_string(&Snapshot { changes: changes.iter().map(record).collect(), more: *more })
            }
            Self::Change(change) => serde_json::to_string(&record(change)),
            Self::Heartbeat { age_ms } => serde_json::to_string(&Heartbeat { age_ms: *age_ms }),
            Self::Unknown => return "{}".to_owned(),
        };
        // Texts and numbers always have a form in JSON.
        json.unwrap_or_default()
    }

    /// Reads an event. A kind of change nobody knows here changes nothing.
    ///
    /// # Errors
    /// [`MalformedNotice`] when the data is not what the name promises.
    pub fn read(name: &str, data: &str) -> Result<Self, MalformedNotice> {
        match name {
            SNAPSHOT => {
                let Snapshot { changes, more } = parse(data)?;
                Ok(Self::Snapshot { changes: changes.into_iter().filter_map(change).collect(), more })
            }
            HEARTBEAT => parse(data).map(|Heartbeat { age_ms }| Self::Heartbeat { age_ms }),
            name if KINDS.contains(&name) => {
                let record: Record<'_> = parse(data)?;
                if record.kind != name {
                    return Err(MalformedNotice);
                }
                Ok(change(record).map_or(Self::Unknown, Self::Change))
            }
            _ => Ok(Self::Unknown),
        }
    }
}

const KINDS: [&str; 5] = ["user_off", "user_on", "session_revoked", "token_revoked", "user_tokens_before"];

impl Change {
    /// What it is, in the feed's words.
    #[must_use]
    pub fn kind(&self) -> &'static str {
        match self {
            Self::UserOff { .. } => "user_off",
            Self::UserOn { .. } => "user_on",
            Self::SessionRevoked { .. } => "session_revoked",
            Self::TokenRevoked { .. } => "token_revoked",
            Self::UserTokensBefore { .. } => "user_tokens_before",
        }
    }
}

fn parse<'a, T: Deserialize<'a>>(data: &'a str) -> Result<T, MalformedNotice> {
    serde_json::from_str(data).map_err(|_| MalformedNotice)
}

fn record(change: &Change) -> Record<'_> {
    let (subject, since, until) = match change {
        Change::UserOff { user, until } => (user, None, *until),
        Change::UserOn { user } => (user, None, None),
        Change::SessionRevoked { session, since, until } => (session, Some(*since), Some(*until)),
        Change::TokenRevoked { jti, until } => (jti, None, Some(*until)),
        Change::UserTokensBefore { user, before, until } => (user, Some(*before), Some(*until)),
    };
    Record { kind: change.kind().into(), subject: subject.into(), since, until }
}

/// Without an end a refusal is never forgotten; without a beginning it holds at once, and for every token.
fn change(record: Record<'_>) -> Option<Change> {
    let Record { kind, subject, since, until } = record;
    let (id, last) = (subject.into_owned(), until.unwrap_or(i64::MAX));
    Some(match &*kind {
        "user_off" => Change::UserOff { user: id, until },
        "user_on" => Change::UserOn { user: id },
        "session_revoked" => Change::SessionRevoked { session: id, since: since.unwrap_or_default(), until: last },
        "token_revoked" => Change::TokenRevoked { jti: id, until: last },
        "user_tokens_before" => Change::UserTokensBefore { user: id, before: since.unwrap_or(i64::MAX), until: last },
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn changes() -> Vec<Change> {
        vec![
            Change::UserOff { user: "a".into(), until: None },
            Change::UserOff { user: "b\n\"é\"".into(), until: Some(7) },
            Change::UserOn { user: "c".into() },
            Change::SessionRevoked { session: "d".into(), since: 0, until: 9 },
            Change::TokenRevoked { jti: "e".into(), until: 9 },
            Change::UserTokensBefore { user: "f".into(), before: 5, until: 9 },
        ]
    }

    #[test]
    fn what_is_written_is_read_again_on_one_line() {
        let mut notices: Vec<Notice> = changes().into_iter().map(Notice::Change).collect();
        notices.push(Notice::Snapshot { changes: changes(), more: true });
        notices.push(Notice::Heartbeat { age_ms: 12 });
        for notice in notices {
            let data = notice.data();
            assert!(!data.contains(['\n', '\r']), "{data}");
            assert_eq!(Notice::read(notice.name(), &data), Ok(notice));
        }
    }

    #[test]
    fn every_change_that_is_written_is_of_a_kind_that_is_read() {
        let kinds: std::collections::BTreeSet<_> = changes().iter().map(Change::kind).collect();
        assert_eq!(kinds, KINDS.into());
    }

    #[test]
    fn what_a_newer_version_says_is_passed_over_and_nonsense_is_not() {
        assert_eq!(Notice::read("from_tomorrow", "whatever"), Ok(Notice::Unknown));
        let part =
            r#"{"changes":[{"kind":"from_tomorrow","subject":"x","since":null,"until":null,"new":1}],"more":false}"#;
        assert_eq!(Notice::read("snapshot", part), Ok(Notice::Snapshot { changes: Vec::new(), more: false }));
        let on = r#"{"kind":"user_on","subject":"u","since":null,"until":null}"#;
        for (name, data) in
            [("user_off", on), ("user_off", "{}"), ("snapshot", "[]"), ("heartbeat", r#"{"age_ms":-1}"#)]
        {
            assert_eq!(Notice::read(name, data), Err(MalformedNotice), "{name} {data}");
        }
    }
}
