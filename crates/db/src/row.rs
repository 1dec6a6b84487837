//! What comes out of a statement: columns by name, each in the one type its reader expects.

use std::sync::Arc;

use chrono::{DateTime, NaiveDateTime, Utc};
use sqlx::postgres::{PgRow, PgTypeInfo};
use sqlx::sqlite::{SqliteRow, SqliteTypeInfo};
use sqlx::types::Uuid;
use sqlx::{Decode, Postgres, Row as _, Sqlite, TypeInfo, ValueRef};

use crate::{Additional, Error, Holds, Names, Timestamp, Value};

/// One row of a result. Columns are read by the names the statement gives them.
pub struct Row<'r> {
    source: RowSource<'r>,
    names: &'r Names,
    prefix: &'r str,
}

#[derive(Clone, Copy)]
pub(crate) enum RowSource<'r> {
    Sqlite(&'r SqliteRow),
    Postgres(&'r PgRow),
}

/// A value that one row holds.
pub trait FromRow: Sized {
    /// Reads the value.
    ///
    /// # Errors
    /// [`Error::Column`] when a column is absent, null where it must not be, or of another type.
    fn from_row(row: &Row<'_>) -> Result<Self, Error>;
}

impl<'r> Row<'r> {
    pub(crate) const fn new(source: RowSource<'r>, names: &'r Names) -> Self {
        Self { source, names, prefix: "" }
    }

    /// The same row seen through a prefix, for a join that selects `{session.*@s:s_}`: `row.under("s_").text("id")` reads
    /// the column `s_id`.
    #[must_use]
    pub const fn under(&self, prefix: &'r str) -> Row<'r> {
        Row { source: self.source, names: self.names, prefix }
    }

    /// A text.
    ///
    /// # Errors
    /// [`Error::Column`] when the column is absent, null or no text.
    pub fn text(&self, column: &str) -> Result<String, Error> {
        required(column, self.opt_text(column)?)
    }

    /// A text, or none.
    ///
    /// # Errors
    /// [`Error::Column`] when the column is absent or no text.
    pub fn opt_text(&self, column: &str) -> Result<Option<String>, Error> {
        match self.cell(column)? {
            Cell::Null => Ok(None),
            Cell::Text(text) => Ok(Some(text)),
            _ => Err(Error::column(column, "is no text")),
        }
    }

    /// A whole number.
    ///
    /// # Errors
    /// [`Error::Column`] when the column is absent, null or no whole number.
    pub fn int(&self, column: &str) -> Result<i64, Error> {
        required(column, self.opt_int(column)?)
    }

    /// A whole number, or none.
    ///
    /// # Errors
    /// [`Error::Column`] when the column is absent or no whole number.
    pub fn opt_int(&self, column: &str) -> Result<Option<i64>, Error> {
        match self.cell(column)? {
            Cell::Null => Ok(None),
            Cell::Int(int) => Ok(Some(int)),
            _ => Err(Error::column(column, "is no whole number")),
        }
    }

    /// A truth value.
    ///
    /// # Errors
    /// [`Error::Column`] when the column is absent, null or no truth value.
    pub fn bool(&self, column: &str) -> Result<bool, Error> {
        required(column, self.opt_bool(column)?)
    }

    /// A truth value, or none. In SQLite it is the number 0 or 1.
    ///
    /// # Errors
    /// [`Error::Column`] when the column is absent or no truth value.
    pub fn opt_bool(&self, column: &str) -> Result<Option<bool>, Error> {
        match self.cell(column)? {
            Cell::Null => Ok(None),
            Cell::Bool(truth) => Ok(Some(truth)),
            Cell::Int(0) => Ok(Some(false)),
            Cell::Int(1) => Ok(Some(true)),
            _ => Err(Error::column(column, "is no truth value")),
        }
    }

    /// An instant.
    ///
    /// # Errors
    /// [`Error::Column`] when the column is absent, null or no instant.
    pub fn time(&self, column: &str) -> Result<Timestamp, Error> {
        required(column, self.opt_time(column)?)
    }

    /// An instant, or none, in any of the forms a Better Auth database holds: PostgreSQL's own with or without zone, ISO-8601
    /// text, or a number of milliseconds since the Unix epoch.
    ///
    /// # Errors
    /// [`Error::Column`] when the column is absent or no instant.
    pub fn opt_time(&self, column: &str) -> Result<Option<Timestamp>, Error> {
        let time = match self.cell(column)? {
            Cell::Null => return Ok(None),
            Cell::Time(time) => Some(time),
            Cell::Int(millis) => Some(Timestamp::from_millis(millis)),
            #[expect(
                clippy::cast_possible_truncation,
                reason = "a float's milliseconds saturate, and the timestamp is clamped anyway"
            )]
            Cell::Float(millis) => Some(Timestamp::from_millis(millis as i64)),
            Cell::Text(text) => Timestamp::parse_iso(&text),
            Cell::Bool(_) | Cell::Json(_) | Cell::Other => None,
        };
        time.map(Some).ok_or_else(|| Error::column(column, "is no instant"))
    }

    /// The additional fields of a table whose columns the statement selects with `{table.*}`. A value that is not what its field
    /// holds, as another program may have stored it, is taken as it is.
    ///
    /// # Errors
    /// [`Error::Column`] when a column is absent.
    pub fn additional(&self, table: &str) -> Result<Additional, Error> {
        let fields = self.names.fields(table)?.iter();
        fields.map(|field| Ok((Arc::clone(field), self.cell(&field.name)?.taken_for(field.holds)))).collect()
    }

    fn cell(&self, column: &str) -> Result<Cell, Error> {
        if self.prefix.is_empty() {
            self.source.cell(column)
        } else {
            self.source.cell(&format!("{}{column}", self.prefix))
        }
    }

    fn first(&self) -> Result<String, Error> {
        let name = match self.source {
            RowSource::Sqlite(row) => row.try_column(0).map(|column| sqlx::Column::name(column).to_owned()),
            RowSource::Postgres(row) => row.try_column(0).map(|column| sqlx::Column::name(column).to_owned()),
        };
        name.map_err(|_| Error::column("0", "is not in the row"))
    }
}

/// The first column, for `SELECT count(*)` and its like.
impl FromRow for i64 {
    fn from_row(row: &Row<'_>) -> Result<Self, Error> {
        row.int(&row.first()?)
    }
}

/// The first column.
impl FromRow for String {
    fn from_row(row: &Row<'_>) -> Result<Self, Error> {
        row.text(&row.first()?)
    }
}

/// The first column.
impl FromRow for Option<String> {
    fn from_row(row: &Row<'_>) -> Result<Self, Error> {
        row.opt_text(&row.first()?)
    }
}

/// What a column holds, whichever database it came from.
enum Cell {
    Null,
    Text(String),
    Int(i64),
    Float(f64),
    Bool(bool),
    Time(Timestamp),
    Json(serde_json::Value),
    Other,
}

impl Cell {
    /// The value of a field, as Better Auth reads one.
    fn taken_for(self, holds: Holds) -> Value {
        match (self, holds) {
            (Self::Null | Self::Other, _) => holds.null(),
            (Self::Int(number), Holds::Bool) => Value::Bool(number == 1),
            (Self::Int(millis), Holds::Time) => Value::Time(Timestamp::from_millis(millis)),
            (Self::Text(text), Holds::Time) => Timestamp::parse_iso(&text).map_or(Value::Text(text), Value::Time),
            (Self::Text(text), Holds::List) => serde_json::from_str(&text).map_or(Value::NullJson, Value::Json),
            (Self::Text(text), _) => Value::Text(text),
            (Self::Int(number), _) => Value::Number(number.into()),
            (Self::Float(number), _) => serde_json::Number::from_f64(number).map_or(holds.null(), Value::Number),
            (Self::Bool(truth), _) => Value::Bool(truth),
            (Self::Time(time), _) => Value::Time(time),
            (Self::Json(json), _) => Value::Json(json),
        }
    }
}

impl RowSource<'_> {
    fn cell(self, column: &str) -> Result<Cell, Error> {
        let cell = match self {
            Self::Sqlite(row) => sqlite_cell(row, column),
            Self::Postgres(row) => postgres_cell(row, column),
        };
        cell.map_err(|error| match error {
            sqlx::Error::ColumnNotFound(_) => Error::column(column, "is not in the row"),
            _ => Error::column(column, "cannot be read"),
        })
    }
}

/// SQLite types values, not columns: what this one value is decides.
fn sqlite_cell(row: &SqliteRow, column: &str) -> Result<Cell, sqlx::Error> {
    let value = row.try_get_raw(column)?;
    if value.is_null() {
        return Ok(Cell::Null);
    }
    let holds: SqliteTypeInfo = value.type_info().into_owned();
    Ok(match holds.name() {
        "TEXT" => Cell::Text(decode::<Sqlite, String>(value)?),
        "INTEGER" | "BOOLEAN" => Cell::Int(decode::<Sqlite, i64>(value)?),
        "REAL" => Cell::Float(decode::<Sqlite, f64>(value)?),
        _ => Cell::Other,
    })
}

fn postgres_cell(row: &PgRow, column: &str) -> Result<Cell, sqlx::Error> {
    let value = row.try_get_raw(column)?;
    if value.is_null() {
        return Ok(Cell::Null);
    }
    let holds: PgTypeInfo = value.type_info().into_owned();
    Ok(match holds.name() {
        "TEXT" | "VARCHAR" | "CHAR" | "NAME" => Cell::Text(decode::<Postgres, String>(value)?),
        "UUID" => Cell::Text(decode::<Postgres, Uuid>(value)?.to_string()),
        "INT8" => Cell::Int(decode::<Postgres, i64>(value)?),
        "INT4" => Cell::Int(decode::<Postgres, i32>(value)?.into()),
        "INT2" => Cell::Int(decode::<Postgres, i16>(value)?.into()),
        "FLOAT4" => Cell::Float(decode::<Postgres, f32>(value)?.into()),
        "FLOAT8" => Cell::Float(decode::<Postgres, f64>(value)?),
        "JSON" | "JSONB" => Cell::Json(decode::<Postgres, serde_json::Value>(value)?),
        "BOOL" => Cell::Bool(decode::<Postgres, bool>(value)?),
        "TIMESTAMPTZ" => Cell::Time(Timestamp::from_utc(decode::<Postgres, DateTime<Utc>>(value)?)),
        "TIMESTAMP" => Cell::Time(Timestamp::from_utc(decode::<Postgres, NaiveDateTime>(value)?.and_utc())),
        _ => Cell::Other,
    })
}

fn decode<'r, DB: sqlx::Database, T: Decode<'r, DB>>(value: DB::ValueRef<'r>) -> Result<T, sqlx::Error> {
    T::decode(value).map_err(sqlx::Error::Decode)
}

fn required<T>(column: &str, value: Option<T>) -> Result<T, Error> {
    value.ok_or_else(|| Error::column(column, "is null"))
}
