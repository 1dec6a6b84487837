//! An instant, for people and for machines.

use countersign_engine::db::Timestamp;

use super::page::Site;
use crate::messages::Dates;

/// An instant as a `time` element holds it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct When {
    /// ISO 8601.
    pub(crate) iso: String,
    /// `23 November 2026, 22:33 UTC`.
    pub(crate) words: String,
}

impl When {
    pub(crate) fn of(site: &Site, at: Timestamp) -> Self {
        let iso = at.to_iso();
        let words = words(&site.dates, &iso).unwrap_or_else(|| iso.clone());
        Self { iso, words }
    }
}

fn words(dates: &Dates, iso: &str) -> Option<String> {
    let month = match iso.get(5..7)? {
        "01" => dates.january(),
        "02" => dates.february(),
        "03" => dates.march(),
        "04" => dates.april(),
        "05" => dates.may(),
        "06" => dates.june(),
        "07" => dates.july(),
        "08" => dates.august(),
        "09" => dates.september(),
        "10" => dates.october(),
        "11" => dates.november(),
        _ => dates.december(),
    };
    Some(dates.at(iso.get(8..10)?.trim_start_matches('0'), month, iso.get(..4)?, iso.get(11..16)?))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::Pages;
    use crate::messages::Languages;

    #[test]
    fn an_instant_reads_like_a_date() {
        let languages = Languages::read(&Pages::default()).unwrap();
        for (tag, expected) in [
            ("en", "3 December 2026, 07:05 UTC"),
            ("de", "3. Dezember 2026, 07:05 Uhr UTC"),
            ("fr", "3 décembre 2026 à 07:05 UTC"),
        ] {
            let language = languages.wanted(Some(tag));
            assert_eq!(words(&language.messages.dates, "2026-12-03T07:05:09.001Z").unwrap(), expected);
        }
    }
}
