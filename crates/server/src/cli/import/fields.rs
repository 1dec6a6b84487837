//! What one entry of a file says, whether it stood in CSV or in JSON.

use std::borrow::Cow;

use countersign_engine::db::Timestamp;
use serde_json::{Map, Value};

/// The members of an entry. An empty text, as CSV has it for nothing, is none.
#[derive(Debug, Default)]
pub(super) struct Fields(Map<String, Value>);

impl std::convert::From<Map<String, Value>> for Fields {
    fn from(members: Map<String, Value>) -> Self {
        Self(members)
    }
}

impl Fields {
    pub(super) fn names(&self) -> impl Iterator<Item = &str> {
        self.0.keys().map(String::as_str)
    }

    /// A text; a number is one too.
    pub(super) fn text(&self, name: &str) -> Result<Option<Cow<'_, str>>, String> {
        match self.0.get(name) {
            None | Some(Value::Null) => Ok(None),
            Some(Value::String(text)) if text.is_empty() => Ok(None),
            Some(Value::String(text)) => Ok(Some(Cow::Borrowed(text))),
            Some(Value::Number(number)) => Ok(Some(Cow::Owned(number.to_string()))),
            Some(_) => Err(format!("`{name}` is no text")),
        }
    }

    /// The same, owned.
    pub(super) fn owned(&self, name: &str) -> Result<Option<String>, String> {
        Ok(self.text(name)?.map(Cow::into_owned))
    }

    /// The same, or nothing.
    pub(super) fn or_empty(&self, name: &str) -> Result<String, String> {
        Ok(self.owned(name)?.unwrap_or_default())
    }

    /// The first of several that says something.
    pub(super) fn first(&self, names: &[&str]) -> Result<Option<String>, String> {
        for name in names {
            if let Some(text) = self.owned(name)? {
                return Ok(Some(text));
            }
        }
        Ok(None)
    }

    /// Yes or no.
    pub(super) fn flag(&self, name: &str) -> Result<bool, String> {
        if let Some(Value::Bool(truth)) = self.0.get(name) {
            return Ok(*truth);
        }
        match self.text(name)?.as_deref() {
            None | Some("false" | "f" | "0" | "FALSE" | "False") => Ok(false),
            Some("true" | "t" | "1" | "TRUE" | "True") => Ok(true),
            Some(_) => Err(format!("`{name}` is neither true nor false")),
        }
    }

    /// An instant: ISO 8601 as JavaScript or PostgreSQL write it, or milliseconds since 1970.
    pub(super) fn time(&self, name: &str) -> Result<Option<Timestamp>, String> {
        let Some(text) = self.text(name)? else { return Ok(None) };
        instant(&text).map(Some).ok_or_else(|| format!("`{name}` is no time as in 2027-01-31T12:00:00Z"))
    }

    /// An object, or a text that is one, as CSV has it.
    pub(super) fn object(&self, name: &str) -> Result<Fields, String> {
        match self.0.get(name) {
            None | Some(Value::Null) => Ok(Self::default()),
            Some(Value::Object(members)) => Ok(Self(members.clone())),
            Some(Value::String(text)) if text.is_empty() => Ok(Self::default()),
            Some(Value::String(text)) => {
                serde_json::from_str(text).map(Self).map_err(|_| format!("`{name}` is no JSON object"))
            }
            Some(_) => Err(format!("`{name}` is no object")),
        }
    }

    /// The objects of an array; none, if there is no such array.
    pub(super) fn objects(&self, name: &str) -> impl Iterator<Item = Fields> {
        let items = self.0.get(name).and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default();
        items.iter().filter_map(Value::as_object).cloned().map(Self)
    }
}

fn instant(text: &str) -> Option<Timestamp> {
    if !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit()) {
        return text.parse().ok().map(Timestamp::from_millis);
    }
    // PostgreSQL writes 2026-01-31 12:00:00.5+00, with the hours of the zone alone.
    let zone = text.len().checked_sub(3).and_then(|at| text.split_at_checked(at));
    let short = zone.is_some_and(|(_, zone)| {
        zone.starts_with(['+', '-']) && zone.bytes().skip(1).all(|b| b.is_ascii_digit()) && text.contains(':')
    });
    if short { Timestamp::parse_iso(&format!("{text}:00")) } else { Timestamp::parse_iso(text) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_an_instant_as_every_export_writes_it() {
        let at = Timestamp::parse_iso("2026-01-31T12:00:00.500Z");
        for text in [
            "2026-01-31T12:00:00.5Z",
            "2026-01-31 12:00:00.5+00",
            "2026-01-31 14:00:00.500+02",
            "2026-01-31T09:00:00.5-03:00",
            "1769860800500",
        ] {
            assert_eq!(instant(text), at, "{text}");
        }
        assert_eq!(instant("2026-01-31"), Timestamp::parse_iso("2026-01-31T00:00:00Z"));
        assert_eq!([instant("yesterday"), instant("é+0"), instant("")], [None; 3]);
    }

    #[test]
    fn nothing_is_what_csv_leaves_empty_and_json_leaves_null() {
        let fields: Map<String, Value> =
            serde_json::from_str(r#"{"a":"","b":null,"c":7,"d":"t","e":"{\"x\":1}","f":[]}"#).unwrap();
        let fields = Fields::from(fields);
        assert_eq!([fields.owned("a"), fields.owned("b"), fields.owned("absent")], [Ok(None), Ok(None), Ok(None)]);
        assert_eq!(fields.owned("c"), Ok(Some("7".to_owned())));
        assert_eq!((fields.flag("a"), fields.flag("d")), (Ok(false), Ok(true)));
        assert_eq!(fields.object("e").unwrap().owned("x"), Ok(Some("1".to_owned())));
        assert!(fields.text("f").is_err() && fields.flag("c").is_err() && fields.object("d").is_err());
    }
}
