//! What can go wrong between us and a database, without a word of what was in the statement's arguments.

use sqlx::error::{DatabaseError, ErrorKind};

/// Why the database did not do what was asked. No variant holds or shows an argument's value.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// A row with this key is there already. The fault of whoever chose the key; often an expected answer.
    #[error("a row like this is there already ({constraint})")]
    Unique {
        /// PostgreSQL: the constraint's name (`user_email_key`); SQLite: the columns (`user.email`).
        constraint: String,
    },
    /// A row that is referred to does not exist (or no longer does).
    #[error("the row referred to does not exist")]
    ForeignKey,
    /// A column that must have a value was given none, or a check refused it: our own mistake.
    #[error("the database refused the row ({constraint})")]
    Constraint {
        /// The column or constraint.
        constraint: String,
    },
    /// The database cannot be reached, or went away. Trying again later may help.
    #[error("{0}")]
    Unreachable(String),
    /// The database is there and busy: a lock was not given in time, or a deadlock was broken. Trying again may help.
    #[error("the database is busy: {0}")]
    Busy(String),
    /// The statement promised one row and found none.
    #[error("no such row")]
    NoRow,
    /// A row does not hold what we expected of this column.
    #[error("column `{column}`: {problem}")]
    Column {
        /// The column's name in the row.
        column: String,
        /// What is wrong with it.
        problem: &'static str,
    },
    /// A statement's template names what does not exist, or is malformed: our own mistake.
    #[error("SQL template: {0}")]
    Template(String),
    /// A table or column name of the configuration is not an identifier, or maps what does not exist.
    #[error("{0}")]
    Name(String),
    /// The database's URL is not one we can use.
    #[error("{0}")]
    Url(String),
    /// The database was made by a newer version of this program.
    #[error("the database is at schema version {found}, this program knows versions up to {known}: run a newer one")]
    NewerSchema {
        /// The version the database says it has.
        found: i64,
        /// The last version known here.
        known: i64,
    },
    /// An additional field that every row must have a value of is new, and there are rows.
    #[error(
        "table `{table}` has rows, and the new field `{field}` is required: give it a `default_value`, or add it with \
         `required = false` first"
    )]
    Unfillable {
        /// The table's real name.
        table: String,
        /// The field.
        field: String,
    },
    /// Anything else the database said.
    #[error("the database refused the statement: {message} (code {code})")]
    Sql {
        /// SQLSTATE (PostgreSQL) or extended result code (SQLite).
        code: String,
        /// The database's words, left out where they could quote an argument.
        message: String,
    },
}

impl Error {
    /// Is there already a row with this key?
    #[must_use]
    pub const fn is_unique(&self) -> bool {
        matches!(self, Self::Unique { .. })
    }

    /// Could the same call succeed later, with nothing changed here?
    #[must_use]
    pub const fn is_temporary(&self) -> bool {
        matches!(self, Self::Unreachable(_) | Self::Busy(_))
    }

    /// A column that is not what was expected.
    pub(crate) fn column(column: &str, problem: &'static str) -> Self {
        Self::Column { column: column.to_owned(), problem }
    }
}

/// The driver's error is taken apart here and dropped: its `Debug` form quotes PostgreSQL's `DETAIL`, which holds row values.
impl From<sqlx::Error> for Error {
    fn from(error: sqlx::Error) -> Self {
        match error {
            sqlx::Error::Database(error) => of_database(error.as_ref()),
            sqlx::Error::RowNotFound => Self::NoRow,
            sqlx::Error::PoolTimedOut => Self::Busy("no connection became free in time".to_owned()),
            sqlx::Error::PoolClosed => Self::Unreachable("the connections to the database are closed".to_owned()),
            sqlx::Error::WorkerCrashed => Self::Unreachable("the database's thread has ended".to_owned()),
            sqlx::Error::Io(error) => Self::Unreachable(format!("the connection to the database failed: {error}")),
            sqlx::Error::Tls(error) => Self::Unreachable(format!("no TLS connection to the database: {error}")),
            sqlx::Error::ColumnNotFound(column) => Self::column(&column, "is not in the row"),
            sqlx::Error::BeginFailed => Self::Busy("no transaction could be begun".to_owned()),
            _ => Self::Sql {
                code: "driver".to_owned(),
                message: "the driver and the database did not understand each other".to_owned(),
            },
        }
    }
}

fn of_database(error: &dyn DatabaseError) -> Error {
    let code = error.code().unwrap_or_default().into_owned();
    let constraint = || match error.constraint() {
        Some(name) => name.to_owned(),
        None => error.message().rsplit(": ").next().unwrap_or_default().to_owned(),
    };
    match error.kind() {
        ErrorKind::UniqueViolation => Error::Unique { constraint: constraint() },
        ErrorKind::ForeignKeyViolation => Error::ForeignKey,
        ErrorKind::NotNullViolation | ErrorKind::CheckViolation | ErrorKind::ExclusionViolation => {
            Error::Constraint { constraint: constraint() }
        }
        _ if is_postgres(&code) => of_postgres(code, error.message()),
        _ => of_sqlite(code, error.message()),
    }
}

/// SQLSTATE has five characters (PostgreSQL appendix A); SQLite's codes are numbers of at most four digits.
fn is_postgres(code: &str) -> bool {
    code.len() == 5
}

/// By SQLSTATE class: 08 connection, 53 resources, 57 operator intervention, 40 rollback, 55 lock not available.
/// The words of classes 22 (data) and P0 (raised by a function) can quote an argument and are left out.
fn of_postgres(code: String, message: &str) -> Error {
    match code.get(..2) {
        Some("08" | "57" | "53") => Error::Unreachable(format!("PostgreSQL ended the connection: {message}")),
        Some("40" | "55") => Error::Busy(message.to_owned()),
        Some("22" | "P0") => Error::Sql { code, message: "a value is out of range or malformed".to_owned() },
        _ => Error::Sql { code, message: message.to_owned() },
    }
}

/// By primary result code, the low byte: 5 busy, 6 locked, 8 read-only, 10 I/O, 13 full, 14 cannot open.
fn of_sqlite(code: String, message: &str) -> Error {
    match code.parse::<u32>().map(|code| code & 0xff) {
        Ok(5 | 6) => Error::Busy(message.to_owned()),
        Ok(8 | 10 | 13 | 14) => Error::Unreachable(format!("SQLite cannot use its file: {message}")),
        _ => Error::Sql { code, message: message.to_owned() },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn leaves_out_words_that_could_quote_an_argument() {
        let shown = of_postgres("22P02".to_owned(), "invalid input syntax for type integer: \"hunter2\"").to_string();
        assert!(!shown.contains("hunter2"), "{shown}");
        assert!(shown.contains("22P02"), "{shown}");
    }

    #[test]
    fn tells_what_may_pass_from_what_will_not() {
        assert!(of_sqlite("5".to_owned(), "database is locked").is_temporary());
        assert!(of_sqlite("517".to_owned(), "database is locked").is_temporary());
        assert!(of_postgres("40P01".to_owned(), "deadlock detected").is_temporary());
        assert!(of_postgres("57P01".to_owned(), "terminating connection").is_temporary());
        assert!(!of_postgres("42703".to_owned(), "column \"x\" does not exist").is_temporary());
        assert!(!of_sqlite("1".to_owned(), "no such table: x").is_temporary());
    }
}
