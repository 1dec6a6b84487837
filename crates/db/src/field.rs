//! Fields of one's own beside Better Auth's, as its option `additionalFields` adds them to a table.

use std::sync::Arc;

use crate::Value;

/// What a column holds; each database has its own type for it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Holds {
    /// A text.
    Text,
    /// A truth value.
    Bool,
    /// An instant.
    Time,
    /// A number: `integer` on both databases, which on PostgreSQL holds whole numbers of 32 bits and on SQLite any.
    Number,
    /// A list: `jsonb` on PostgreSQL, JSON text on SQLite.
    List,
}

/// An additional field and its column.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Field {
    /// Its name on the wire.
    pub name: String,
    /// The name of its column. Without it: that of the field, spelt as the columns beside it are.
    pub column: Option<String>,
    /// What it holds.
    pub holds: Holds,
    /// Whether each row has a value.
    pub required: bool,
    /// The value of rows that were there before the column.
    pub default: Option<Value>,
    /// Whether it is ever shown.
    pub returned: bool,
}

/// The additional fields of one row, in the order of the schema.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Additional(Vec<(Arc<Field>, Value)>);

impl Additional {
    /// The values, to be stored where a template says `{user.+$12}`.
    pub fn values(&self) -> impl Iterator<Item = Value> {
        self.0.iter().map(|(_, value)| value.clone())
    }

    /// What is shown: names on the wire, and values.
    pub fn shown(&self) -> impl Iterator<Item = (&str, &Value)> {
        self.0.iter().filter(|(field, _)| field.returned).map(|(field, value)| (field.name.as_str(), value))
    }
}

impl FromIterator<(Arc<Field>, Value)> for Additional {
    fn from_iter<I: IntoIterator<Item = (Arc<Field>, Value)>>(pairs: I) -> Self {
        Self(pairs.into_iter().collect())
    }
}

impl Holds {
    /// Nothing of this kind. It has a type, as a placeholder of PostgreSQL needs one.
    #[must_use]
    pub const fn null(self) -> Value {
        match self {
            Self::Text => Value::NullText,
            Self::Bool => Value::NullBool,
            Self::Time => Value::NullTime,
            Self::Number => Value::NullInt,
            Self::List => Value::NullJson,
        }
    }
}

/// New values for some of the additional fields of a table.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Changes(Vec<(Arc<Field>, Option<Value>)>);

impl Changes {
    /// Whether there is no new value among them.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.iter().all(|(_, value)| value.is_none())
    }

    /// A flag and a value for each field, to be stored where a template says `{user.=$6}`.
    pub fn values(&self) -> impl Iterator<Item = Value> {
        self.0.iter().flat_map(|(field, value)| {
            [Value::Bool(value.is_some()), value.clone().unwrap_or_else(|| field.holds.null())]
        })
    }
}

impl FromIterator<(Arc<Field>, Option<Value>)> for Changes {
    fn from_iter<I: IntoIterator<Item = (Arc<Field>, Option<Value>)>>(pairs: I) -> Self {
        Self(pairs.into_iter().collect())
    }
}
