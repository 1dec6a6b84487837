//! What goes into a statement: texts, numbers, booleans, instants, lists, and nulls that know their type.

use std::fmt;

use chrono::{DateTime, NaiveDate, NaiveDateTime, SecondsFormat, Utc};

/// An instant in milliseconds since the Unix epoch, the precision of a JavaScript `Date`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize, serde::Deserialize)]
#[serde(transparent)]
pub struct Timestamp(i64);

impl Timestamp {
    /// The latest instant whose ISO form still sorts as text: the last millisecond of the year 9999.
    const LAST: i64 = 253_402_300_799_999;
    /// The earliest such instant: the beginning of the year 0.
    const FIRST: i64 = -62_167_219_200_000;

    /// From milliseconds since the Unix epoch, held within the years 0 to 9999.
    #[must_use]
    pub const fn from_millis(millis: i64) -> Self {
        if millis > Self::LAST {
            Self(Self::LAST)
        } else if millis < Self::FIRST {
            Self(Self::FIRST)
        } else {
            Self(millis)
        }
    }

    /// From seconds since the Unix epoch, as JWT claims carry them (RFC 7519 section 2, NumericDate).
    #[must_use]
    pub const fn from_seconds(seconds: i64) -> Self {
        Self::from_millis(seconds.saturating_mul(1000))
    }

    /// Milliseconds since the Unix epoch.
    #[must_use]
    pub const fn millis(self) -> i64 {
        self.0
    }

    /// Whole seconds since the Unix epoch, rounded down.
    #[must_use]
    pub const fn seconds(self) -> i64 {
        self.0.div_euclid(1000)
    }

    /// The instant `seconds` later (or earlier, where negative).
    #[must_use]
    pub const fn plus_seconds(self, seconds: i64) -> Self {
        self.plus_millis(seconds.saturating_mul(1000))
    }

    /// The instant `millis` later (or earlier, where negative).
    #[must_use]
    pub const fn plus_millis(self, millis: i64) -> Self {
        Self::from_millis(self.0.saturating_add(millis))
    }

    /// `2026-11-23T13:05:05.235Z`, as JavaScript's `toISOString` writes it.
    #[must_use]
    pub fn to_iso(self) -> String {
        self.to_utc().to_rfc3339_opts(SecondsFormat::Millis, true)
    }

    /// Reads an ISO-8601 instant: with `Z` or an offset, with or without a fraction. A form without a zone, as SQLite's
    /// `CURRENT_TIMESTAMP` writes, is taken as UTC; a date alone as its midnight.
    #[must_use]
    pub fn parse_iso(text: &str) -> Option<Self> {
        let text = text.trim();
        if let Ok(instant) = DateTime::parse_from_rfc3339(text) {
            return Some(Self::from_millis(instant.timestamp_millis()));
        }
        let plain = ["%Y-%m-%d %H:%M:%S%.f", "%Y-%m-%dT%H:%M:%S%.f"]
            .iter()
            .find_map(|form| NaiveDateTime::parse_from_str(text, form).ok());
        let midnight = || NaiveDate::parse_from_str(text, "%Y-%m-%d").ok()?.and_hms_opt(0, 0, 0);
        plain.or_else(midnight).map(|utc| Self::from_millis(utc.and_utc().timestamp_millis()))
    }

    /// The same instant in the driver's type.
    pub(crate) fn to_utc(self) -> DateTime<Utc> {
        DateTime::from_timestamp_millis(self.0).unwrap_or(DateTime::UNIX_EPOCH)
    }

    /// From the driver's type; microseconds are dropped.
    pub(crate) fn from_utc(instant: DateTime<Utc>) -> Self {
        Self::from_millis(instant.timestamp_millis())
    }
}

/// One argument of a statement. A null carries its type, because PostgreSQL types a placeholder before it sees the value.
#[derive(Clone, PartialEq, Eq)]
pub enum Value {
    /// A text.
    Text(String),
    /// A whole number.
    Int(i64),
    /// A truth value: `boolean` in PostgreSQL, 0 or 1 in SQLite.
    Bool(bool),
    /// An instant, coded as [`TimeCoding`](crate::TimeCoding) says.
    Time(Timestamp),
    /// Any number that JSON can say: a whole one where it has no fraction, else a float.
    Number(serde_json::Number),
    /// A JSON value: `jsonb` in PostgreSQL, text in SQLite.
    Json(serde_json::Value),
    /// No text.
    NullText,
    /// No number.
    NullInt,
    /// No truth value.
    NullBool,
    /// No instant.
    NullTime,
    /// No JSON value.
    NullJson,
}

impl Value {
    /// As JSON: instants as text, nulls of every type as null.
    #[must_use]
    pub fn to_json(&self) -> serde_json::Value {
        match self {
            Self::Text(text) => text.as_str().into(),
            Self::Int(whole) => (*whole).into(),
            Self::Bool(truth) => (*truth).into(),
            Self::Time(time) => time.to_iso().into(),
            Self::Number(number) => number.clone().into(),
            Self::Json(json) => json.clone(),
            Self::NullText | Self::NullInt | Self::NullBool | Self::NullTime | Self::NullJson => {
                serde_json::Value::Null
            }
        }
    }
}

/// Shows the type and never the value: an argument may be a password hash or a session token.
impl fmt::Debug for Value {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Text(_) => "Text(..)",
            Self::Int(_) => "Int(..)",
            Self::Bool(_) => "Bool(..)",
            Self::Time(_) => "Time(..)",
            Self::Number(_) => "Number(..)",
            Self::Json(_) => "Json(..)",
            Self::NullText => "NullText",
            Self::NullInt => "NullInt",
            Self::NullBool => "NullBool",
            Self::NullTime => "NullTime",
            Self::NullJson => "NullJson",
        })
    }
}

/// For each Rust type: how it and its `Option` become a [`Value`].
macro_rules! values {
    ($($from:ty => $variant:ident or $null:ident, $convert:expr;)*) => { $(
        impl From<$from> for Value {
            fn from(value: $from) -> Self {
                Self::$variant($convert(value))
            }
        }
        impl From<Option<$from>> for Value {
            fn from(value: Option<$from>) -> Self {
                value.map_or(Self::$null, Self::from)
            }
        }
    )* };
}

values! {
    &str => Text or NullText, str::to_owned;
    String => Text or NullText, std::convert::identity;
    &String => Text or NullText, String::clone;
    i64 => Int or NullInt, std::convert::identity;
    i32 => Int or NullInt, i64::from;
    u32 => Int or NullInt, i64::from;
    bool => Bool or NullBool, std::convert::identity;
    Timestamp => Time or NullTime, std::convert::identity;
}

impl From<&Option<String>> for Value {
    fn from(value: &Option<String>) -> Self {
        Self::from(value.as_deref())
    }
}

/// The arguments of a statement, in the order of its placeholders: `args![id, email, expires_at]`.
#[macro_export]
macro_rules! args {
    () => { ::std::vec::Vec::<$crate::Value>::new() };
    ($($value:expr),+ $(,)?) => { ::std::vec![$($crate::Value::from($value)),+] };
}

#[cfg(test)]
mod tests {
    use super::*;

    const INSTANT: Timestamp = Timestamp(1_795_439_105_235);

    #[test]
    fn writes_an_instant_as_javascript_does() {
        assert_eq!(INSTANT.to_iso(), "2026-11-23T13:05:05.235Z");
        assert_eq!(Timestamp::from_millis(0).to_iso(), "1970-01-01T00:00:00.000Z");
    }

    #[test]
    fn reads_every_form_a_better_auth_database_holds() {
        for text in [
            "2026-11-23T13:05:05.235Z",
            "2026-11-23T14:05:05.235+01:00",
            "2026-11-23 13:05:05.235",
            " 2026-11-23T13:05:05.235 ",
        ] {
            assert_eq!(Timestamp::parse_iso(text), Some(INSTANT), "{text}");
        }
        assert_eq!(Timestamp::parse_iso("2026-11-23 13:05:05").map(Timestamp::millis), Some(1_795_439_105_000));
        assert_eq!(Timestamp::parse_iso("1970-01-02"), Some(Timestamp(86_400_000)));
        assert_eq!(Timestamp::parse_iso("yesterday"), None);
        assert_eq!(Timestamp::parse_iso(""), None);
    }

    #[test]
    fn keeps_an_instant_within_the_years_that_sort_as_text() {
        assert_eq!(Timestamp::from_millis(i64::MAX).to_iso(), "9999-12-31T23:59:59.999Z");
        assert_eq!(Timestamp::from_millis(i64::MIN).to_iso(), "0000-01-01T00:00:00.000Z");
        assert_eq!(INSTANT.plus_seconds(i64::MAX).to_iso(), "9999-12-31T23:59:59.999Z");
    }

    #[test]
    fn rounds_seconds_down_before_the_epoch_too() {
        assert_eq!(Timestamp::from_millis(-1).seconds(), -1);
        assert_eq!(INSTANT.seconds(), 1_795_439_105);
        assert_eq!(INSTANT.plus_seconds(-5).millis(), 1_795_439_100_235);
        assert_eq!(Timestamp::from_seconds(3), Timestamp(3000));
    }

    #[test]
    fn gives_an_absent_argument_the_null_of_its_type() {
        let values =
            args![None::<&str>, None::<i64>, None::<bool>, None::<Timestamp>, &None::<String>, "x", 1, true, INSTANT];
        let expected = [
            Value::NullText,
            Value::NullInt,
            Value::NullBool,
            Value::NullTime,
            Value::NullText,
            Value::Text("x".to_owned()),
            Value::Int(1),
            Value::Bool(true),
            Value::Time(INSTANT),
        ];
        assert_eq!(values, expected);
    }

    #[test]
    fn never_shows_an_argument() {
        assert_eq!(format!("{:?}", args!["hunter2", 4711, true, INSTANT]), "[Text(..), Int(..), Bool(..), Time(..)]");
    }
}
