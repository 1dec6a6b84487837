//! Additional fields over HTTP: how they are shown, and in which words they are refused.

use countersign_contract::{Additional as Wire, Issues};
use countersign_engine::FieldError;
use countersign_engine::db::Additional;
use serde_json::{Map, Value};

use super::problem::Failure;

/// Additional fields as the wire shows them.
pub(crate) fn wire(additional: &Additional) -> Wire {
    Wire(additional.shown().map(|(name, value)| (name.to_owned(), value.to_json())).collect())
}

/// The rows of an endpoint for fields that are not taken.
pub(crate) struct Rows<E> {
    pub(crate) not_allowed: E,
    pub(crate) missing: E,
    pub(crate) invalid: E,
}

/// Why the members of a body are not taken, in Better Auth's words.
pub(crate) fn refused<E>(error: FieldError, members: &Map<String, Value>, rows: Rows<E>) -> Failure<E> {
    let mut issues = Issues::default();
    let place = |name: &str| format!("body.{name}");
    match &error {
        FieldError::NotAllowed(_) => return Failure::Worded(rows.not_allowed, error.to_string()),
        FieldError::Missing(_) => return Failure::Worded(rows.missing, error.to_string()),
        FieldError::Type(name, kind) => issues.note_type(kind.name(), members.get(name), &place(name)),
        FieldError::TooLong(name) => issues.note(&place(name), "Too big"),
    }
    Failure::Worded(rows.invalid, issues.sentence())
}
