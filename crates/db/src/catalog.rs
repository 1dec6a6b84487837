//! What a database has: its tables, their columns and their indexes, read from its own catalog.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use crate::statement::Connection;
use crate::{Error, FromRow, Kind, Row, args};

/// The tables of a database (of the current schema, on PostgreSQL).
#[derive(Debug, Default)]
pub(crate) struct Catalog {
    /// Table to columns.
    pub(crate) tables: BTreeMap<String, BTreeSet<String>>,
    pub(crate) indexes: BTreeSet<String>,
}

const SQLITE_COLUMNS: &str = "SELECT m.name AS \"table\", c.name AS \"column\" FROM sqlite_schema m, pragma_table_info(m.name) c \
     WHERE m.type = 'table' ORDER BY m.name, c.cid";
const SQLITE_INDEXES: &str = "SELECT name FROM sqlite_schema WHERE type = 'index'";
const POSTGRES_COLUMNS: &str = "SELECT table_name::text AS \"table\", column_name::text AS \"column\" \
     FROM information_schema.columns WHERE table_schema = current_schema()";
const POSTGRES_INDEXES: &str = "SELECT indexname::text AS name FROM pg_indexes WHERE schemaname = current_schema()";

struct Column {
    table: String,
    column: String,
}

impl FromRow for Column {
    fn from_row(row: &Row<'_>) -> Result<Self, Error> {
        Ok(Self { table: row.text("table")?, column: row.text("column")? })
    }
}

impl Catalog {
    pub(crate) async fn read(connection: &mut Connection<'_>) -> Result<Self, Error> {
        let (columns, indexes) = match connection.kind() {
            Kind::Sqlite => (SQLITE_COLUMNS, SQLITE_INDEXES),
            Kind::Postgres => (POSTGRES_COLUMNS, POSTGRES_INDEXES),
        };
        let mut catalog = Self::default();
        for Column { table, column } in connection.all(&Arc::from(columns), args![]).await? {
            catalog.tables.entry(table).or_default().insert(column);
        }
        catalog.indexes = connection.all::<String>(&Arc::from(indexes), args![]).await?.into_iter().collect();
        Ok(catalog)
    }

    pub(crate) fn has_table(&self, table: &str) -> bool {
        self.tables.contains_key(table)
    }

    pub(crate) fn has_column(&self, table: &str, column: &str) -> bool {
        self.tables.get(table).is_some_and(|columns| columns.contains(column))
    }
}
