//! Fields of one's own for users and sessions, as Better Auth's option `additionalFields` declares them.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::fmt;

use countersign_db::{self as db, Holds, Names, Value};
use schemars::{JsonSchema, Schema, SchemaGenerator};
use serde::de::{MapAccess, Visitor};
use serde::{Deserialize, Deserializer};

use super::Problems;
use crate::fields::{Unfit, value};

/// Additional fields by their names on the wire, in the order in which they are written.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Fields(Vec<(String, Field)>);

/// An additional field.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Field {
    /// What it holds.
    #[serde(rename = "type")]
    pub kind: FieldType,
    /// Whether each row has a value: signing up asks for it, unless there is a `default_value`.
    #[serde(default = "yes")]
    pub required: bool,
    /// The value where none is given.
    #[serde(default)]
    pub default_value: Option<serde_json::Value>,
    /// Whether users may set it for themselves.
    #[serde(default = "yes")]
    pub input: bool,
    /// Whether answers show it.
    #[serde(default = "yes")]
    pub returned: bool,
    /// The name of its column, if that is another.
    #[serde(default)]
    pub field_name: Option<String>,
}

/// What an additional field holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum FieldType {
    /// A text.
    String,
    /// A number; on PostgreSQL a whole one of 32 bits.
    Number,
    /// True or false.
    Boolean,
    /// An instant, written in ISO 8601.
    Date,
    /// A list of texts.
    #[serde(rename = "string[]")]
    Strings,
    /// A list of numbers.
    #[serde(rename = "number[]")]
    Numbers,
}

const fn yes() -> bool {
    true
}

impl FieldType {
    /// Its name in the configuration, and in the sentences that say what was expected.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::String => "string",
            Self::Number => "number",
            Self::Boolean => "boolean",
            Self::Date => "date",
            Self::Strings => "string[]",
            Self::Numbers => "number[]",
        }
    }

    const fn holds(self) -> Holds {
        match self {
            Self::String => Holds::Text,
            Self::Number => Holds::Number,
            Self::Boolean => Holds::Bool,
            Self::Date => Holds::Time,
            Self::Strings | Self::Numbers => Holds::List,
        }
    }
}

impl Field {
    /// What stands where nothing is given.
    #[must_use]
    pub fn default_value(&self) -> Option<Value> {
        self.default_value.as_ref().and_then(|json| value(self.kind, json).ok())
    }

    fn column(&self, name: &str) -> db::Field {
        let simple = |value: &Value| matches!(value, Value::Text(_) | Value::Number(_) | Value::Bool(_));
        db::Field {
            name: name.to_owned(),
            column: self.field_name.clone(),
            holds: self.kind.holds(),
            required: self.required,
            default: self.default_value().filter(simple),
            returned: self.returned,
        }
    }
}

impl Fields {
    /// The fields with their names.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &Field)> {
        self.0.iter().map(|(name, field)| (name.as_str(), field))
    }

    /// Adds the fields to a table's.
    pub(super) fn name(&self, names: Names, table: &str) -> Result<Names, db::Error> {
        self.iter().try_fold(names, |names, (name, field)| names.additional(table, field.column(name)))
    }

    /// `given`: whether whoever makes a row may be asked for values.
    pub(super) fn check(&self, key: &'static str, given: bool, problems: &mut Problems) {
        for (name, field) in self.iter() {
            problems.unless(!RESERVED.contains(&name), key, || format!("cannot hold `{name}`, which is taken"));
            let unfit = field.default_value.as_ref().and_then(|json| value(field.kind, json).err());
            problems.unless(unfit.is_none(), key, || {
                let why = if unfit == Some(Unfit::TooLong) { "shorter" } else { field.kind.name() };
                format!("must have a `default_value` of `{name}` that is {why}")
            });
            let asked = given && field.input;
            problems.unless(!field.required || asked || field.default_value.is_some(), key, || {
                format!("must give `{name}` a `default_value` or `required = false`, for nobody is asked for it")
            });
        }
    }
}

/// Members of a sign-up's body that are no fields, and what some rows are read with.
const RESERVED: [&str; 5] = ["password", "callbackURL", "rememberMe", "passwordHash", "dontRemember"];

impl FromIterator<(String, Field)> for Fields {
    fn from_iter<I: IntoIterator<Item = (String, Field)>>(fields: I) -> Self {
        Self(fields.into_iter().collect())
    }
}

impl<'de> Deserialize<'de> for Fields {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct InOrder;
        impl<'de> Visitor<'de> for InOrder {
            type Value = Fields;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a section for each field")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Fields, A::Error> {
                let mut fields = Vec::new();
                while let Some(entry) = map.next_entry()? {
                    fields.push(entry);
                }
                Ok(Fields(fields))
            }
        }
        deserializer.deserialize_map(InOrder)
    }
}

impl JsonSchema for Fields {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> Cow<'static, str> {
        "Fields".into()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        BTreeMap::<String, Field>::json_schema(generator)
    }
}
