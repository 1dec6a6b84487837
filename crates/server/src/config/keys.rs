//! The keys that exist and what fits them, read from the schema of the configuration.

use serde_json::Value as Json;
use toml::{Table, Value};

use super::{Config, Error};

/// A node of the schema: a section or a setting.
#[derive(Clone, Copy)]
pub(super) struct Node<'a>(&'a Json);

/// What fits a setting.
enum Kind<'a> {
    Section(Vec<(&'a str, Node<'a>)>),
    /// A section whose keys are names of one's own.
    Names,
    Flag,
    Whole(i64, i64),
    Choice(Vec<&'a str>),
    List,
    Text,
    /// Whatever fits another setting beside it.
    Any,
}

/// The schema as a tree of keys.
pub(super) struct Keys(Json);

impl Keys {
    pub(super) fn all() -> Self {
        Self(Config::schema().to_value())
    }

    fn root(&self) -> Node<'_> {
        Node(&self.0)
    }

    /// Checks that every key of the table exists and that its value fits.
    pub(super) fn check(&self, table: &Table, file: &str) -> Result<(), Error> {
        self.check_section(self.root(), table, &mut Vec::new(), file)
    }

    fn check_section<'t>(
        &self,
        section: Node<'_>,
        table: &'t Table,
        path: &mut Vec<&'t str>,
        file: &str,
    ) -> Result<(), Error> {
        for (key, value) in table {
            path.push(key);
            let place = |key: String| format!("`{key}`");
            let given = || format!("`{}` in {file}", path.join("."));
            let Some(node) = section.child(key) else {
                return Err(Error::Unknown { given: given(), nearest: self.nearest(path).map(place) });
            };
            match (node.kind(), value) {
                (Kind::Section(_) | Kind::Names, Value::Table(inner)) => self.check_section(node, inner, path, file)?,
                (kind, value) if kind.fits(value) => {}
                (kind, _) => return Err(Error::Unfit { given: given(), expected: kind.to_string() }),
            }
            path.pop();
        }
        Ok(())
    }

    /// Reads the text of an environment variable as a value of the key at `path`.
    pub(super) fn value(&self, path: &[&str], variable: &str, text: &str) -> Result<Value, Error> {
        let node = path.iter().try_fold(self.root(), |node, key| node.child(key)).ok_or_else(|| Error::Unknown {
            given: variable.to_owned(),
            nearest: self.nearest(path).map(|key| variable_of(&key)),
        })?;
        let kind = node.kind();
        kind.read(text)
            .filter(|value| kind.fits(value))
            .ok_or_else(|| Error::Unfit { given: variable.to_owned(), expected: kind.to_string() })
    }

    /// The known key that looks most like the one at `path`. Options as TypeScript spells them count as theirs.
    fn nearest(&self, path: &[&str]) -> Option<String> {
        let given = snake_case(&path.join("."));
        let mut known = Vec::new();
        self.root().collect(&mut String::new(), &mut known);
        known
            .into_iter()
            .map(|key| (likeness(&given, &key), key))
            .filter(|(likeness, _)| *likeness > 0.5)
            .max_by(|(a, _), (b, _)| a.total_cmp(b))
            .map(|(_, key)| key)
    }
}

/// How much two keys look alike, from 0 to 1: as a whole, or their last parts where only the section is wrong.
fn likeness(given: &str, known: &str) -> f64 {
    let last = |key: &str| key.rsplit('.').next().unwrap_or_default().to_owned();
    let whole = strsim::normalized_damerau_levenshtein(given, known);
    let end = strsim::normalized_damerau_levenshtein(&last(given), &last(known));
    whole.max(0.9 * end)
}

/// The environment variable of a key: `rate_limit.enabled` is `COUNTERSIGN__RATE_LIMIT__ENABLED`.
fn variable_of(key: &str) -> String {
    format!("{}{}", super::source::PREFIX, key.replace('.', "__").to_ascii_uppercase())
}

fn snake_case(key: &str) -> String {
    let mut snake = String::new();
    for c in key.chars() {
        if c.is_ascii_uppercase() && !snake.is_empty() && !snake.ends_with(['.', '_']) {
            snake.push('_');
        }
        snake.push(c.to_ascii_lowercase());
    }
    snake
}

impl<'a> Node<'a> {
    fn child(self, key: &str) -> Option<Self> {
        let known = self.0.get("properties").and_then(|known| known.get(key));
        known.or_else(|| self.0.get("additionalProperties").filter(|named| named.is_object())).map(Self)
    }

    fn children(self) -> Vec<(&'a str, Self)> {
        let properties = self.0.get("properties").and_then(Json::as_object);
        properties.into_iter().flatten().map(|(key, node)| (key.as_str(), Self(node))).collect()
    }

    fn collect(self, prefix: &mut String, known: &mut Vec<String>) {
        for (key, node) in self.children() {
            let length = prefix.len();
            prefix.push_str(key);
            known.push(prefix.clone());
            prefix.push('.');
            node.collect(prefix, known);
            prefix.truncate(length);
        }
    }

    fn kind(self) -> Kind<'a> {
        let children = self.children();
        if !children.is_empty() {
            return Kind::Section(children);
        }
        if self.0.get("additionalProperties").is_some_and(Json::is_object) {
            return Kind::Names;
        }
        if ["type", "enum", "oneOf", "anyOf"].iter().all(|word| self.0.get(word).is_none()) {
            return Kind::Any;
        }
        match self.type_name() {
            Some("boolean") => Kind::Flag,
            Some("integer") => Kind::Whole(self.bound("minimum"), self.bound("maximum")),
            Some("array") => Kind::List,
            _ => self.choices().map_or(Kind::Text, Kind::Choice),
        }
    }

    /// The least or greatest whole number; the schema states the greatest of 32 bits by its format alone.
    fn bound(self, name: &str) -> i64 {
        let is_32_bits = self.0.get("format").and_then(Json::as_str) == Some("uint32");
        let greatest = if is_32_bits { u32::MAX.into() } else { i64::MAX };
        let unstated = if name == "minimum" { 0 } else { greatest };
        self.0.get(name).and_then(Json::as_i64).unwrap_or(unstated)
    }

    /// The JSON type, an optional setting's too (`["integer", "null"]`).
    fn type_name(self) -> Option<&'a str> {
        let types = self.0.get("type")?;
        types.as_str().or_else(|| types.as_array()?.iter().filter_map(Json::as_str).find(|name| *name != "null"))
    }

    /// The values of an enumeration, whose members may carry descriptions.
    fn choices(self) -> Option<Vec<&'a str>> {
        let described = self.0.get("oneOf").and_then(Json::as_array);
        let plain = self.0.get("enum").and_then(Json::as_array);
        let members = described.into_iter().flatten().filter_map(|member| member.get("const"));
        let choices: Vec<&str> = members.chain(plain.into_iter().flatten()).filter_map(Json::as_str).collect();
        (!choices.is_empty()).then_some(choices)
    }
}

impl Kind<'_> {
    fn fits(&self, value: &Value) -> bool {
        match (self, value) {
            (Self::Flag, Value::Boolean(_)) | (Self::Text, Value::String(_)) | (Self::Names, Value::Table(_)) => true,
            (Self::Any, _) => true,
            (Self::Whole(least, most), Value::Integer(number)) => (least..=most).contains(&number),
            (Self::Choice(choices), Value::String(text)) => choices.contains(&text.as_str()),
            (Self::List, Value::Array(items)) => items.iter().all(Value::is_str),
            _ => false,
        }
    }

    /// A TOML value where the type asks for one, else the text itself; a list may also be comma-separated.
    fn read(&self, text: &str) -> Option<Value> {
        match self {
            Self::Text | Self::Choice(_) => Some(Value::String(text.to_owned())),
            Self::List if !text.trim_start().starts_with('[') => {
                let items = text.split(',').map(str::trim).filter(|item| !item.is_empty());
                Some(Value::Array(items.map(|item| Value::String(item.to_owned())).collect()))
            }
            Self::Flag | Self::Whole(..) | Self::List | Self::Names => text.trim().parse().ok(),
            Self::Any => Some(text.trim().parse().unwrap_or_else(|_| Value::String(text.to_owned()))),
            Self::Section(_) => None,
        }
    }
}

impl std::fmt::Display for Kind<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Section(children) => {
                let names: Vec<&str> = children.iter().map(|(name, _)| *name).collect();
                write!(f, "a section with some of the keys {}", names.join(", "))
            }
            Self::Names => f.write_str("a section with a section for each name"),
            Self::Any => f.write_str("a value"),
            Self::Flag => f.write_str("true or false"),
            Self::Whole(least, most) => write!(f, "a whole number from {least} to {most}"),
            Self::Choice(choices) => write!(f, "one of {}", choices.join(", ")),
            Self::List => f.write_str("a list of texts"),
            Self::Text => f.write_str("a text"),
        }
    }
}
