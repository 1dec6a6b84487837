//! When a letter is tried again.

use std::time::Duration;

/// How long after the first failure it is tried again, in milliseconds; each further one doubles it.
const FIRST_WAIT_MS: i64 = 5_000;
/// The longest it waits, in milliseconds.
const LONGEST_WAIT_MS: i64 = 600_000;

/// Milliseconds after which a letter that failed `attempts` times is tried again.
#[must_use]
pub fn wait(attempts: i64) -> i64 {
    let doublings = u32::try_from(attempts.saturating_sub(1).clamp(0, 16)).unwrap_or_default();
    FIRST_WAIT_MS.saturating_mul(1 << doublings).min(LONGEST_WAIT_MS)
}

/// Milliseconds for which a claim keeps a letter from others: longer than a carrier may take.
#[must_use]
pub fn claim(patience: Duration) -> i64 {
    i64::try_from(patience.as_millis()).unwrap_or(LONGEST_WAIT_MS).saturating_add(CLAIM_SLACK_MS)
}

/// What a claim lasts beyond the carrier's patience, for writing down how it went.
const CLAIM_SLACK_MS: i64 = 2_000;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_failure_doubles_the_wait_up_to_ten_minutes() {
        let waits: Vec<i64> = (1..=9).map(|attempts| wait(attempts) / 1000).collect();
        assert_eq!(waits, [5, 10, 20, 40, 80, 160, 320, 600, 600]);
        assert_eq!(wait(i64::MAX), LONGEST_WAIT_MS);
    }

    #[test]
    fn a_claim_outlasts_the_carrier() {
        assert!(claim(Duration::from_secs(30)) > 30_000);
    }
}
