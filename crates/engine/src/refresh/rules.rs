//! What a refresh token is worth.

use countersign_db::Timestamp;

/// The counter of a session.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct Counter {
    /// The generation whose token has not been spent.
    pub generation: u32,
    /// When the generation before it was spent, by the clock of the database; none while nothing was.
    pub advanced_at: Option<Timestamp>,
}

/// The verdict on a genuine refresh token of a live session.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Verdict {
    /// It is spent now.
    Advance,
    /// It was spent just now: two tabs at once, or a reply that was lost. The answer is the one given then.
    SameSuccessor,
    /// It is of a generation the database has not seen, and we minted it: the database was restored from a backup. It is
    /// believed and spent.
    Adopt,
    /// It was spent long ago: whoever shows it, two hold copies. The session ends for both (RFC 9700 section 4.14.2).
    Reuse,
}

/// Judges the token of generation `presented` against the session's counter. `now` is of the clock that wrote
/// `advanced_at`; `grace` is in seconds.
pub fn judge(presented: u32, counter: Counter, now: Timestamp, grace: u16) -> Verdict {
    let fresh = |at: Timestamp| now < at.plus_seconds(grace.into());
    if presented == counter.generation {
        Verdict::Advance
    } else if presented > counter.generation {
        Verdict::Adopt
    } else if successor(presented) == counter.generation && counter.advanced_at.is_some_and(fresh) {
        Verdict::SameSuccessor
    } else {
        Verdict::Reuse
    }
}

/// The generation that follows: one for each, whoever asks and whenever. A session's life has not room for as many as there
/// are.
pub fn successor(generation: u32) -> u32 {
    generation.saturating_add(1)
}

/// The counter after `presented` was spent at `now`.
pub fn spent(presented: u32, now: Timestamp) -> Counter {
    Counter { generation: successor(presented), advanced_at: Some(now) }
}

#[cfg(test)]
mod tests {
    use super::*;

    const GRACE: u16 = 30;

    fn at(seconds: i64) -> Timestamp {
        Timestamp::from_seconds(seconds)
    }

    #[test]
    fn the_current_generation_advances_at_any_time() {
        assert_eq!(judge(0, Counter::default(), at(0), GRACE), Verdict::Advance);
        let counter = spent(4, at(100));
        assert_eq!(counter, Counter { generation: 5, advanced_at: Some(at(100)) });
        for now in [0, 100, 1_000_000] {
            assert_eq!(judge(5, counter, at(now), GRACE), Verdict::Advance);
        }
    }

    #[test]
    fn the_one_before_has_the_same_successor_within_the_grace_and_ends_the_session_after_it() {
        let counter = spent(4, at(100));
        assert_eq!(judge(4, counter, at(100), GRACE), Verdict::SameSuccessor);
        assert_eq!(judge(4, counter, at(129), GRACE), Verdict::SameSuccessor);
        assert_eq!(judge(4, counter, at(130), GRACE), Verdict::Reuse);
        assert_eq!(judge(4, counter, at(99), GRACE), Verdict::SameSuccessor, "a clock that was set back");
        assert_eq!(judge(4, counter, at(100), 0), Verdict::Reuse, "without a grace each is good once");
        assert_eq!(judge(4, Counter { advanced_at: None, ..counter }, at(100), GRACE), Verdict::Reuse);
    }

    #[test]
    fn an_older_one_ends_the_session_also_within_the_grace() {
        for presented in 0..4 {
            assert_eq!(judge(presented, spent(4, at(100)), at(100), GRACE), Verdict::Reuse);
        }
    }

    #[test]
    fn one_that_the_database_has_not_seen_is_adopted() {
        for presented in [6, 7, u32::MAX] {
            assert_eq!(judge(presented, spent(4, at(100)), at(1_000), GRACE), Verdict::Adopt);
        }
    }
}
