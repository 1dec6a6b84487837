//! What a database has: its tables, their columns and their indexes, read from its own catalog.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use crate::statement::Connection;
use crate::{Error, FromRow, Kind, Row, args};

/// The tables of a database (of the current schema, on PostgreSQL).
#[derive(Debug, Default)]
pub(crate) struct Catalog {
    /// Table to columns.
    pub(crate) tables: BTreeMap<String, BTreeMap<String, Found>>,
    /// Table and column with which an index begins.
    pub(crate) indexed: BTreeSet<(String, String)>,
}

/// A column that is there.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Found {
    /// Its type in the database's words, in lower case.
    pub(crate) holds: String,
    pub(crate) not_null: bool,
    pub(crate) has_default: bool,
}

const SQLITE_COLUMNS: &str = "SELECT m.name AS \"table\", c.name AS \"column\", lower(c.type) AS \"holds\", \
     c.\"notnull\" AS \"not_null\", c.dflt_value IS NOT NULL AS \"has_default\" \
     FROM sqlite_schema m, pragma_table_info(m.name) c WHERE m.type = 'table' AND m.name NOT LIKE 'sqlite_%'";
const SQLITE_INDEXED: &str = "SELECT m.name AS \"table\", i.name AS \"column\" FROM sqlite_schema m, \
     pragma_index_list(m.name) l, pragma_index_info(l.name) i WHERE m.type = 'table' AND i.seqno = 0 AND i.name IS NOT NULL";
const POSTGRES_COLUMNS: &str = "SELECT table_name::text AS \"table\", column_name::text AS \"column\", \
     data_type::text AS \"holds\", is_nullable = 'NO' AS \"not_null\", \
     column_default IS NOT NULL OR is_identity = 'YES' AS \"has_default\" \
     FROM information_schema.columns WHERE table_schema = current_schema()";
const POSTGRES_INDEXED: &str = "SELECT c.relname::text AS \"table\", a.attname::text AS \"column\" FROM pg_index i \
     JOIN pg_class c ON c.oid = i.indrelid JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum = i.indkey[0] \
     WHERE c.relnamespace = current_schema()::regnamespace";

struct Column {
    table: String,
    column: String,
    found: Found,
}

impl FromRow for Column {
    fn from_row(row: &Row<'_>) -> Result<Self, Error> {
        let found =
            Found { holds: row.text("holds")?, not_null: row.bool("not_null")?, has_default: row.bool("has_default")? };
        Ok(Self { table: row.text("table")?, column: row.text("column")?, found })
    }
}

struct Indexed(String, String);

impl FromRow for Indexed {
    fn from_row(row: &Row<'_>) -> Result<Self, Error> {
        Ok(Self(row.text("table")?, row.text("column")?))
    }
}

impl Catalog {
    pub(crate) async fn read(connection: &mut Connection<'_>) -> Result<Self, Error> {
        let (columns, indexed) = match connection.kind() {
            Kind::Sqlite => (SQLITE_COLUMNS, SQLITE_INDEXED),
            Kind::Postgres => (POSTGRES_COLUMNS, POSTGRES_INDEXED),
        };
        let mut catalog = Self::default();
        for Column { table, column, found } in connection.all(&Arc::from(columns), args![]).await? {
            catalog.tables.entry(table).or_default().insert(column, found);
        }
        let indexed = connection.all::<Indexed>(&Arc::from(indexed), args![]).await?;
        catalog.indexed = indexed.into_iter().map(|Indexed(table, column)| (table, column)).collect();
        Ok(catalog)
    }

    pub(crate) fn has_table(&self, table: &str) -> bool {
        self.tables.contains_key(table)
    }

    pub(crate) fn has_column(&self, table: &str, column: &str) -> bool {
        self.column(table, column).is_some()
    }

    pub(crate) fn column(&self, table: &str, column: &str) -> Option<&Found> {
        self.tables.get(table)?.get(column)
    }

    pub(crate) fn has_index(&self, table: &str, column: &str) -> bool {
        self.indexed.contains(&(table.to_owned(), column.to_owned()))
    }
}
