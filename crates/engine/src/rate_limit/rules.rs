//! Whether a call is one too many. The window slides from the last call that was allowed; a denied call changes nothing
//! (docs/wire.md 3):
//!
//! ```text
//! now >= until ──> count = 1,     until = now + window    allowed
//! count >= max ──>                                        denied until `until`
//! otherwise    ──> count + 1,     until = now + window    allowed
//! ```

use countersign_db::Timestamp;

/// How many calls are allowed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rule {
    /// The window, in seconds.
    pub window: u32,
    /// Calls within it.
    pub max: u32,
}

/// What is kept of one caller's calls.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Counter {
    /// Calls that were allowed since the window was last empty.
    pub count: u32,
    /// When the window ends: `Rule::window` after the last of them.
    pub until: Timestamp,
}

/// A call that is one too many.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("too many calls")]
pub struct TooMany {
    /// Milliseconds until the next one is allowed.
    pub wait_ms: i64,
}

/// The counter after a call at `now`.
///
/// # Errors
/// [`TooMany`]; the counter stays as it is.
pub fn count(counter: Option<Counter>, rule: Rule, now: Timestamp) -> Result<Counter, TooMany> {
    let until = now.plus_seconds(rule.window.into());
    match counter {
        Some(counter) if now < counter.until && counter.count >= rule.max => {
            Err(TooMany { wait_ms: counter.until.millis().saturating_sub(now.millis()) })
        }
        Some(counter) if now < counter.until => Ok(Counter { count: counter.count.saturating_add(1), until }),
        _ => Ok(Counter { count: 1, until }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const RULE: Rule = Rule { window: 10, max: 3 };

    fn at(millis: i64) -> Timestamp {
        Timestamp::from_millis(millis)
    }

    #[test]
    fn the_window_slides_from_the_last_call_that_was_allowed() {
        let mut counter = None;
        for millis in [0, 9_999, 19_998] {
            counter = Some(count(counter, RULE, at(millis)).unwrap());
        }
        assert_eq!(counter, Some(Counter { count: 3, until: at(29_998) }));
        assert_eq!(count(counter, RULE, at(20_000)), Err(TooMany { wait_ms: 9_998 }));
        assert_eq!(count(counter, RULE, at(29_997)), Err(TooMany { wait_ms: 1 }), "what was denied changed nothing");
        assert_eq!(count(counter, RULE, at(29_998)), Ok(Counter { count: 1, until: at(39_998) }));
    }
}
