//! What a follower of the stream of refusals knows: events in, refusals out (`docs/revocations.md`).

use std::sync::Arc;

use crate::{Notice, Revocations};

/// What a follower knows, and what it is being told.
#[derive(Clone, Debug, Default)]
pub struct Followed {
    known: Option<Arc<Known>>,
    staged: Option<Staged>,
}

/// What is known at one place in the stream.
#[derive(Clone, Debug)]
pub struct Known {
    /// Who is refused.
    pub refusals: Arc<Revocations>,
    /// The id of the last event, to be shown as `Last-Event-ID`.
    pub position: String,
    /// When the sender's database last said that this is all, in milliseconds by the follower's clock.
    pub as_of: i64,
}

/// A snapshot that is not in use yet: incomplete, or of an age that no heartbeat has told.
#[derive(Clone, Debug, Default)]
struct Staged {
    refusals: Revocations,
    whole: bool,
}

impl Followed {
    /// What may be relied upon; none before the first snapshot.
    #[must_use]
    pub fn known(&self) -> Option<&Arc<Known>> {
        self.known.as_ref()
    }

    /// A new connection begins: a snapshot that was cut off is worth nothing.
    pub fn connect(&mut self) {
        self.staged = None;
    }

    /// Takes an event in, which has this id and arrived at `now`, in milliseconds.
    pub fn take(&mut self, notice: Notice, id: Option<String>, now: i64) {
        let position = id.unwrap_or_default();
        match notice {
            Notice::Snapshot { changes, more } => {
                // One that is whole already is replaced, not added to.
                let mut staged = self.staged.take().filter(|staged| !staged.whole).unwrap_or_default();
                changes.into_iter().for_each(|change| staged.refusals.apply(change));
                staged.whole = !more;
                self.staged = Some(staged);
            }
            Notice::Change(change) => match (&mut self.staged, &mut self.known) {
                (Some(staged), _) => staged.refusals.apply(change),
                (None, Some(known)) => {
                    let known = Arc::make_mut(known);
                    Arc::make_mut(&mut known.refusals).apply(change);
                    known.position = position;
                }
                (None, None) => {}
            },
            Notice::Heartbeat { age_ms } => {
                let as_of = now.saturating_sub(i64::try_from(age_ms).unwrap_or(i64::MAX));
                self.heartbeat(position, as_of);
            }
            Notice::Unknown => {}
        }
    }

    /// Drops what can refuse nothing any more at `now`, in seconds.
    pub fn forget_expired(&mut self, now: i64) {
        if let Some(known) = &mut self.known {
            Arc::make_mut(&mut Arc::make_mut(known).refusals).forget_expired(now);
        }
    }

    /// Until a snapshot is whole, what is known is as old as it was.
    fn heartbeat(&mut self, position: String, as_of: i64) {
        match (self.staged.take(), &mut self.known) {
            (Some(Staged { refusals, whole: true }), _) => {
                self.known = Some(Arc::new(Known { refusals: Arc::new(refusals), position, as_of }));
            }
            (Some(partial), _) => self.staged = Some(partial),
            (None, Some(known)) => {
                let known = Arc::make_mut(known);
                (known.position, known.as_of) = (position, as_of);
            }
            (None, None) => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Change;

    fn off(user: &str) -> Change {
        Change::UserOff { user: user.into(), until: None }
    }

    fn snapshot(users: &[&str], more: bool) -> Notice {
        Notice::Snapshot { changes: users.iter().map(|user| off(user)).collect(), more }
    }

    fn told(notices: impl IntoIterator<Item = Notice>) -> Followed {
        let mut followed = Followed::default();
        for (id, notice) in notices.into_iter().enumerate() {
            followed.take(notice, Some(id.to_string()), 1_000);
        }
        followed
    }

    fn is_off(followed: &Followed, user: &str) -> bool {
        followed.known().unwrap().refusals.is_off(user, 1)
    }

    const ALIVE: Notice = Notice::Heartbeat { age_ms: 100 };

    #[test]
    fn a_snapshot_counts_once_it_is_whole_and_its_age_is_told() {
        assert!(told([snapshot(&["a"], false)]).known().is_none());
        assert!(told([snapshot(&["a"], true), ALIVE]).known().is_none());
        assert!(told([ALIVE, Notice::Change(off("a")), ALIVE]).known().is_none());
        let followed = told([snapshot(&["a"], true), snapshot(&["b"], false), Notice::Change(off("c")), ALIVE]);
        assert!(["a", "b", "c"].iter().all(|user| is_off(&followed, user)));
        let known = followed.known().unwrap();
        assert_eq!((known.position.as_str(), known.as_of), ("3", 900));
    }

    #[test]
    fn a_snapshot_replaces_what_was_known_and_a_snapshot_before_it() {
        let followed = told([snapshot(&["a"], false), snapshot(&["b"], false), ALIVE]);
        assert!(!is_off(&followed, "a") && is_off(&followed, "b"));
        let followed = told([snapshot(&["a"], false), ALIVE, snapshot(&["b"], false), ALIVE]);
        assert!(!is_off(&followed, "a") && is_off(&followed, "b"));
    }

    #[test]
    fn a_snapshot_that_was_cut_off_leaves_nothing_and_what_was_known_stays() {
        let mut followed = told([snapshot(&["a"], false), ALIVE, snapshot(&["b"], true)]);
        assert!(is_off(&followed, "a"));
        followed.connect();
        followed.take(ALIVE, Some("9".into()), 5_000);
        assert!(is_off(&followed, "a") && !is_off(&followed, "b"));
        assert_eq!(followed.known().unwrap().as_of, 4_900);
    }

    #[test]
    fn a_heartbeat_within_a_snapshot_makes_nothing_younger() {
        let mut followed = told([snapshot(&["a"], false), ALIVE, snapshot(&["b"], true)]);
        followed.take(ALIVE, Some("9".into()), 5_000);
        assert_eq!(followed.known().unwrap().as_of, 900);
        followed.take(snapshot(&["c"], false), Some("10".into()), 5_000);
        followed.take(ALIVE, Some("10".into()), 5_000);
        assert!(is_off(&followed, "b") && is_off(&followed, "c") && !is_off(&followed, "a"));
    }
}
