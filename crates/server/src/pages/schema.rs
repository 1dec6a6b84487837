//! A JSON schema, in words for people.

use serde_json::{Map, Value};

/// Where schemas that have a name stand in the API description.
const NAMED: &str = "#/components/schemas/";

/// One member of an object.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Member {
    pub(crate) name: String,
    pub(crate) kind: Kind,
    pub(crate) required: bool,
    pub(crate) about: String,
}

/// What a value may be: `list of ` + `Session` + `, or null`. Only a named schema has something to link to.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Kind {
    pub(crate) before: &'static str,
    pub(crate) words: String,
    pub(crate) link: Option<String>,
    pub(crate) after: &'static str,
}

impl Kind {
    pub(crate) fn of(schema: &Value) -> Self {
        if let Some(name) = reference(schema) {
            return Self { words: name.to_owned(), link: Some(name.to_owned()), ..Self::default() };
        }
        if let Some(choices) = schema.get("anyOf").and_then(Value::as_array) {
            let is_null = |choice: &&Value| choice.get("type").is_some_and(|kind| kind == "null");
            let Some(other) = choices.iter().find(|choice| !is_null(choice)) else { return Self::plain("null") };
            return Self {
                after: if choices.iter().any(|c| is_null(&c)) { ", or null" } else { "" },
                ..Self::of(other)
            };
        }
        match schema.get("type") {
            Some(Value::Array(kinds)) => {
                let kind = kinds.iter().filter_map(Value::as_str).find(|kind| *kind != "null").unwrap_or("null");
                Self { after: ", or null", ..Self::plain(kind) }
            }
            Some(Value::String(kind)) if kind == "array" => {
                Self { before: "list of ", ..schema.get("items").map_or_else(|| Self::plain("values"), Self::of) }
            }
            Some(Value::String(kind)) => Self::plain(&limited(kind, schema)),
            _ => Self::plain("any value"),
        }
    }

    fn plain(words: &str) -> Self {
        Self { words: words.to_owned(), ..Self::default() }
    }
}

/// The name a schema refers to.
pub(crate) fn reference(schema: &Value) -> Option<&str> {
    schema.get("$ref")?.as_str()?.strip_prefix(NAMED)
}

/// The members of an object; none where it is no object, or says nothing of them.
pub(crate) fn members(schema: &Value) -> Vec<Member> {
    let required = schema.get("required").and_then(Value::as_array);
    let is_required = |name: &str| required.is_some_and(|names| names.iter().any(|known| known == name));
    let properties = schema.get("properties").and_then(Value::as_object).into_iter().flat_map(Map::iter);
    let member = |(name, schema): (&String, &Value)| Member {
        name: name.clone(),
        kind: Kind::of(schema),
        required: is_required(name),
        about: text(schema, "description").to_owned(),
    };
    properties.map(member).collect()
}

/// A text of the description; empty where it is not there.
pub(crate) fn text<'a>(value: &'a Value, member: &str) -> &'a str {
    value.get(member).and_then(Value::as_str).unwrap_or_default()
}

/// A text taken apart at its backticks: whether a part is code, and the part.
pub(crate) fn spans(text: &str) -> Vec<(bool, &str)> {
    let parts = text.split('`').enumerate().map(|(at, part)| (at % 2 == 1, part));
    parts.filter(|(_, part)| !part.is_empty()).collect()
}

fn limited(kind: &str, schema: &Value) -> String {
    let mut words = if text(schema, "format") == "email" { "e-mail address".to_owned() } else { kind.to_owned() };
    if schema.get("minLength").is_some_and(|least| least == 1) {
        words.push_str(", not empty");
    }
    if let Some(most) = schema.get("maxLength").and_then(Value::as_u64) {
        words.push_str(&format!(", at most {most} bytes"));
    }
    words
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_schema_reads_as_words() {
        let words = |schema: Value| {
            let kind = Kind::of(&schema);
            format!("{}{}{}", kind.before, kind.words, kind.after)
        };
        assert_eq!(words(json!({ "type": "string" })), "string");
        assert_eq!(words(json!({ "type": ["boolean", "null"] })), "boolean, or null");
        assert_eq!(words(json!({ "type": "string", "minLength": 1 })), "string, not empty");
        assert_eq!(
            words(json!({ "type": "string", "format": "email", "maxLength": 9 })),
            "e-mail address, at most 9 bytes"
        );
        assert_eq!(words(json!({ "type": "array", "items": { "$ref": "#/components/schemas/A" } })), "list of A");
        assert_eq!(words(json!({ "anyOf": [{ "$ref": "#/components/schemas/A" }, { "type": "null" }] })), "A, or null");
        assert_eq!(words(json!({})), "any value");
    }

    #[test]
    fn what_stands_between_backticks_is_code() {
        assert_eq!(spans("go to `url`."), [(false, "go to "), (true, "url"), (false, ".")]);
        assert_eq!(spans("`a`"), [(true, "a")]);
        assert!(spans("").is_empty());
    }
}
