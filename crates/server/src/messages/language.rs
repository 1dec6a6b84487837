//! Which language somebody wants.

/// The most languages of a header that are looked at; browsers send a handful.
const LOOKED_AT: usize = 32;

/// Languages that are written from right to left, by their first subtag.
const RIGHT_TO_LEFT: [&str; 9] = ["ar", "ckb", "dv", "fa", "he", "ps", "sd", "ur", "yi"];

/// Whether a text is shaped like a language tag (RFC 5646 section 2.1): `en`, `pt-BR`.
pub(super) fn is_tag(text: &str) -> bool {
    let mut parts = text.split('-');
    let is_part = |part: &str| (1..=8).contains(&part.len()) && part.bytes().all(|byte| byte.is_ascii_alphanumeric());
    let language = parts.next().unwrap_or_default();
    (2..=8).contains(&language.len()) && language.bytes().all(|byte| byte.is_ascii_alphabetic()) && parts.all(is_part)
}

/// `ltr` or `rtl`, as a `dir` attribute says it.
pub(super) fn direction(tag: &str) -> &'static str {
    let first = tag.split('-').next().unwrap_or_default().to_ascii_lowercase();
    if RIGHT_TO_LEFT.contains(&first.as_str()) { "rtl" } else { "ltr" }
}

/// The place among `known` of the language an `Accept-Language` header (RFC 9110 section 12.5.4) asks for: each language
/// it names, the dearest first, is looked up with its last subtags left out one by one (RFC 4647 section 3.4).
pub(super) fn wanted(header: &str, known: &[&str]) -> Option<usize> {
    let mut ranges: Vec<(&str, f32)> = header.split(',').take(LOOKED_AT).filter_map(range).collect();
    // Stable, so that of equals the first named counts.
    ranges.sort_by(|(_, a), (_, b)| b.total_cmp(a));
    ranges.into_iter().find_map(|(range, _)| look_up(range, known))
}

/// A language and its weight; none where it is not wanted, or cannot be read.
fn range(text: &str) -> Option<(&str, f32)> {
    let (tag, weight) = text.split_once(';').unwrap_or((text, "q=1"));
    let weight: f32 = weight.trim().strip_prefix("q=")?.trim().parse().ok()?;
    (weight > 0.0 && weight <= 1.0).then_some((tag.trim(), weight))
}

fn look_up(range: &str, known: &[&str]) -> Option<usize> {
    if range == "*" {
        return (!known.is_empty()).then_some(0);
    }
    let mut tag = range;
    loop {
        if let Some(at) = known.iter().position(|known| known.eq_ignore_ascii_case(tag)) {
            return Some(at);
        }
        tag = tag.rsplit_once('-')?.0;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_dearest_language_that_is_known_is_taken() {
        for (header, known) in [
            ("de", Some("de")),
            ("DE-at", Some("de")),
            ("fr-CA,fr;q=0.9,de;q=0.8", Some("fr")),
            ("it, de;q=0.5, fr;q=0.7", Some("fr")),
            ("it;q=1.0, de ; q=0.001", Some("de")),
            ("pt-BR", Some("pt-BR")),
            ("pt", None),
            ("it,*;q=0.1", Some("en")),
            ("de;q=0, it", None),
            ("de;q=2, fr;q=0.1", Some("fr")),
            ("de;q=x, de;level=1", None),
            ("", None),
            (",,;;--", None),
        ] {
            let tags = ["en", "de", "fr", "pt-BR"];
            assert_eq!(wanted(header, &tags).map(|at| tags[at]), known, "{header}");
        }
    }

    #[test]
    fn a_tag_is_told_from_a_path() {
        assert!(["en", "pt-BR", "zh-Hant-TW", "de-1996"].into_iter().all(is_tag));
        assert!(["", "e", "en_GB", "../en", "en-", "-en", "e1"].into_iter().all(|text| !is_tag(text)));
        assert_eq!((direction("he-IL"), direction("de")), ("rtl", "ltr"));
    }
}
