//! Additional fields: which values are taken from a request.
//!
//! The rules are Better Auth's (docs/wire.md 7.1), but for values of the wrong type: those are refused, where it stores some
//! and breaks over others. Only configured fields are looked at, so no core column can be set this way (security P13).

use std::sync::Arc;

use countersign_db::{self as db, Additional, Changes, Kind, Timestamp, Value};
use serde_json::{Map, Value as Json};

use crate::Engine;
use crate::config::{Field, FieldType};

/// The longest text or list of one field, in bytes (security P14).
const LONGEST: usize = 32_768;

/// Members of a user that are an administrator's to set, in the order of the schema.
const ADMINISTRATIVE: [&str; 4] = ["role", "banned", "banReason", "banExpires"];

/// The same of a session.
const OF_AN_IMPERSONATION: [&str; 1] = ["impersonatedBy"];

/// Why the values of a request are not taken.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum FieldError {
    /// It is not the caller's to set.
    #[error("{0} is not allowed to be set")]
    NotAllowed(String),
    /// It is required and was not given.
    #[error("{0} is required")]
    Missing(String),
    /// The value is none of its kind.
    #[error("{0} is no {name}", name = .1.name())]
    Type(String, FieldType),
    /// The value is longer than any that is kept.
    #[error("{0} is too long")]
    TooLong(String),
}

/// What is wrong with a value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Unfit {
    Type,
    TooLong,
}

impl Engine {
    /// The additional fields of a new user, from the members of a body.
    pub(crate) fn fields_of_new_user(&self, members: &Map<String, Json>) -> Result<Additional, FieldError> {
        let fields = self.fields("user");
        let made = fields.map(|field| Ok((Arc::clone(field.column), field.on_create(members)?)));
        let made = made.collect::<Result<_, _>>()?;
        // `banned` has a value of its own from the start, so that Better Auth drops it here instead of refusing.
        refuse_any(members, ADMINISTRATIVE.into_iter().filter(|name| *name != "banned"))?;
        Ok(made)
    }

    /// The new values of a user's additional fields among the members of a body.
    ///
    /// # Errors
    /// [`FieldError`].
    pub fn changes_of_user(&self, members: &Map<String, Json>) -> Result<Changes, FieldError> {
        let changes = self.changes(self.fields("user"), members)?;
        refuse_any(members, ADMINISTRATIVE)?;
        Ok(changes)
    }

    /// The same of a session's.
    ///
    /// # Errors
    /// [`FieldError`].
    pub fn changes_of_session(&self, members: &Map<String, Json>) -> Result<Changes, FieldError> {
        let changes = self.changes(self.fields("session"), members)?;
        refuse_any(members, OF_AN_IMPERSONATION)?;
        Ok(changes)
    }

    /// The additional fields of a row of the table `user` or `session`, from what an answer once showed. What answers do not
    /// show is not there.
    pub fn fields_shown(&self, table: &str, shown: &[(String, Json)]) -> Additional {
        self.fields(table)
            .map(|field| {
                let given = shown.iter().find(|(name, _)| name == field.name).map(|(_, value)| value);
                let null = field.column.holds.null();
                (Arc::clone(field.column), given.map_or(null.clone(), |given| as_shown(field.field.kind, given, null)))
            })
            .collect()
    }

    /// The additional fields of a new session: nobody is asked for them.
    pub(crate) fn fields_of_new_session(&self) -> Additional {
        let fields = self.fields("session");
        fields.map(|field| (Arc::clone(field.column), field.unasked())).collect()
    }

    fn changes<'e>(
        &self,
        fields: impl Iterator<Item = Configured<'e>>,
        members: &Map<String, Json>,
    ) -> Result<Changes, FieldError> {
        fields.map(|field| Ok((Arc::clone(field.column), field.on_update(members)?))).collect()
    }

    /// That columns and configuration agree was checked when the engine was opened.
    fn fields(&self, table: &str) -> impl Iterator<Item = Configured<'_>> {
        let configured = match table {
            "user" => &self.config.user.additional_fields,
            _ => &self.config.session.additional_fields,
        };
        let columns = self.db.names().fields(table).unwrap_or_default();
        let fractions = self.db.kind() == Kind::Sqlite;
        columns.iter().zip(configured.iter()).map(move |(column, (name, field))| Configured {
            name,
            field,
            column,
            fractions,
        })
    }
}

/// A field as it is configured, and its column.
struct Configured<'e> {
    name: &'e str,
    field: &'e Field,
    column: &'e Arc<db::Field>,
    /// Whether the database keeps numbers other than whole ones of 32 bits in such a column.
    fractions: bool,
}

impl Configured<'_> {
    fn on_create(&self, members: &Map<String, Json>) -> Result<Value, FieldError> {
        match members.get(self.name) {
            Some(_) if !self.field.input && self.field.default_value.is_some() => Ok(self.unasked()),
            Some(given) if !self.field.input => self.refuse(given).map(|()| self.unasked()),
            Some(given) => self.take(given),
            None if self.field.required && self.field.default_value.is_none() => {
                Err(FieldError::Missing(self.name.to_owned()))
            }
            None => Ok(self.unasked()),
        }
    }

    fn on_update(&self, members: &Map<String, Json>) -> Result<Option<Value>, FieldError> {
        match members.get(self.name) {
            Some(given) if !self.field.input => self.refuse(given).map(|()| None),
            Some(given) => self.take(given).map(Some),
            None => Ok(None),
        }
    }

    fn unasked(&self) -> Value {
        self.field.default_value().unwrap_or_else(|| self.column.holds.null())
    }

    fn refuse(&self, given: &Json) -> Result<(), FieldError> {
        if is_truthy(given) { Err(FieldError::NotAllowed(self.name.to_owned())) } else { Ok(()) }
    }

    fn take(&self, given: &Json) -> Result<Value, FieldError> {
        let wrong = || FieldError::Type(self.name.to_owned(), self.field.kind);
        if given.is_null() {
            return if self.field.required { Err(wrong()) } else { Ok(self.column.holds.null()) };
        }
        match value(self.field.kind, given) {
            Ok(Value::Number(number)) if !self.fractions && !is_whole(&number) => Err(wrong()),
            Ok(value) => Ok(value),
            Err(Unfit::Type) => Err(wrong()),
            Err(Unfit::TooLong) => Err(FieldError::TooLong(self.name.to_owned())),
        }
    }
}

/// Whether a number is one of the column type `integer` in PostgreSQL.
fn is_whole(number: &serde_json::Number) -> bool {
    number.as_i64().is_some_and(|whole| i32::try_from(whole).is_ok())
}

/// The value that is shown as this JSON value, also where it is none of its field's kind.
fn as_shown(kind: FieldType, shown: &Json, null: Value) -> Value {
    match (value(kind, shown), shown) {
        (Ok(value), _) => value,
        (Err(_), Json::String(text)) => Value::Text(text.clone()),
        (Err(_), Json::Number(number)) => Value::Number(number.clone()),
        (Err(_), Json::Bool(truth)) => Value::Bool(*truth),
        (Err(_), Json::Null | Json::Array(_) | Json::Object(_)) => null,
    }
}

/// The value a JSON value is, if it is one of this kind.
pub(crate) fn value(kind: FieldType, json: &Json) -> Result<Value, Unfit> {
    let storable = |text: &str| !text.contains('\0');
    let each = |items: &[Json], fits: fn(&Json) -> bool| items.iter().all(fits);
    match (kind, json) {
        (FieldType::String, Json::String(text)) if text.len() > LONGEST => Err(Unfit::TooLong),
        (FieldType::String, Json::String(text)) if storable(text) => Ok(Value::Text(text.clone())),
        (FieldType::Number, Json::Number(number)) => Ok(Value::Number(number.clone())),
        (FieldType::Boolean, Json::Bool(truth)) => Ok(Value::Bool(*truth)),
        (FieldType::Date, Json::String(text)) => Timestamp::parse_iso(text).map(Value::Time).ok_or(Unfit::Type),
        (FieldType::Strings | FieldType::Numbers, Json::Array(_)) if json.to_string().len() > LONGEST => {
            Err(Unfit::TooLong)
        }
        (FieldType::Strings, Json::Array(items))
            if each(items, |item| item.as_str().is_some_and(|text| !text.contains('\0'))) =>
        {
            Ok(Value::Json(json.clone()))
        }
        (FieldType::Numbers, Json::Array(items)) if each(items, Json::is_number) => Ok(Value::Json(json.clone())),
        _ => Err(Unfit::Type),
    }
}

/// Refuses members that are not the caller's to set. A value that JavaScript takes for false sets nothing.
fn refuse_any(members: &Map<String, Json>, names: impl IntoIterator<Item = &'static str>) -> Result<(), FieldError> {
    let set = |name: &&str| members.get(*name).is_some_and(is_truthy);
    names.into_iter().find(set).map_or(Ok(()), |name| Err(FieldError::NotAllowed(name.to_owned())))
}

/// Whether JavaScript would take the value for true.
#[must_use]
pub fn is_truthy(value: &Json) -> bool {
    match value {
        Json::Null => false,
        Json::Bool(flag) => *flag,
        Json::Number(number) => number.as_f64() != Some(0.0),
        Json::String(text) => !text.is_empty(),
        Json::Array(_) | Json::Object(_) => true,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn a_value_is_taken_only_where_it_is_one_of_its_kind() {
        for (kind, good, bad) in [
            (FieldType::String, vec![json!(""), json!("x")], vec![json!(5), json!("a\0b"), json!(["x"])]),
            (FieldType::Number, vec![json!(5), json!(-1.5)], vec![json!("5"), json!(true)]),
            (FieldType::Boolean, vec![json!(true), json!(false)], vec![json!(1), json!("true")]),
            (
                FieldType::Date,
                vec![json!("2020-01-01"), json!("2020-01-01T00:00:00.000Z")],
                vec![json!("soon"), json!(5)],
            ),
            (FieldType::Strings, vec![json!([]), json!(["a"])], vec![json!("a"), json!([1]), json!(["\0"])]),
            (FieldType::Numbers, vec![json!([]), json!([1, 2.5])], vec![json!(1), json!(["1"])]),
        ] {
            for good in good {
                assert!(value(kind, &good).is_ok(), "{kind:?} {good}");
            }
            for bad in bad.into_iter().chain([Json::Null, json!({})]) {
                assert_eq!(value(kind, &bad), Err(Unfit::Type), "{kind:?} {bad}");
            }
        }
        assert_eq!(value(FieldType::String, &json!("x".repeat(LONGEST + 1))), Err(Unfit::TooLong));
        assert_eq!(value(FieldType::Strings, &json!(["x".repeat(LONGEST)])), Err(Unfit::TooLong));
    }
}
