//! An instant, for people and for machines.

use countersign_engine::db::Timestamp;

/// An instant as a `time` element holds it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct When {
    /// ISO 8601.
    pub(crate) iso: String,
    /// `23 November 2026, 22:33 UTC`.
    pub(crate) words: String,
}

const MONTHS: [&str; 12] = [
    "January",
    "February",
    "March",
    "April",
    "May",
    "June",
    "July",
    "August",
    "September",
    "October",
    "November",
    "December",
];

impl When {
    pub(crate) fn of(at: Timestamp) -> Self {
        let iso = at.to_iso();
        let words = words(&iso).unwrap_or_else(|| iso.clone());
        Self { iso, words }
    }
}

fn words(iso: &str) -> Option<String> {
    let month = MONTHS.get(iso.get(5..7)?.parse::<usize>().ok()?.checked_sub(1)?)?;
    let day = iso.get(8..10)?.trim_start_matches('0');
    Some(format!("{day} {month} {}, {} UTC", iso.get(..4)?, iso.get(11..16)?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_instant_reads_like_a_date() {
        let when = When::of(Timestamp::parse_iso("2026-12-03T07:05:09.001Z").unwrap());
        assert_eq!(when.words, "3 December 2026, 07:05 UTC");
        assert_eq!(when.iso, "2026-12-03T07:05:09.001Z");
    }
}
