//! Bringing a database up to the schema we know.
//!
//! Better Auth's tables come first, as its own CLI would do it: what is missing is added (tables, columns, indexes), what is
//! there is left alone. Then our own steps follow, each once, in order, recorded in `countersign_migration`. All of it is one
//! transaction that begins by taking a lock, so that of two processes that start at once the second finds the work done.

use std::fmt;
use std::sync::Arc;

use crate::catalog::Catalog;
use crate::schema::{BETTER_AUTH, Column, Holds, OURS, STEPS, Step, Table};
use crate::statement::Connection;
use crate::{Db, Error, Kind, Names, Timestamp, args, triggers};

/// One thing that was done to a database.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Applied {
    /// A table of Better Auth was made.
    Table(String),
    /// A column was added to a table of Better Auth.
    Column(String, String),
    /// An index of Better Auth was made.
    Index(String),
    /// A step of our own schema was run: its version and name.
    Step(i64, &'static str),
    /// The triggers that write the feed were made.
    Triggers,
}

impl fmt::Display for Applied {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Table(table) => write!(f, "made table {table}"),
            Self::Column(table, column) => write!(f, "added column {table}.{column}"),
            Self::Index(index) => write!(f, "made index {index}"),
            Self::Step(version, name) => write!(f, "ran step {version}: {name}"),
            Self::Triggers => f.write_str("made the triggers that write the feed"),
        }
    }
}

/// One thing that a database lacks, by its real name.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Missing {
    /// A table.
    Table(String),
    /// A column of a table that is there.
    Column(String, String),
    /// An index.
    Index(String),
    /// A trigger that writes the feed.
    Trigger(&'static str),
}

impl fmt::Display for Missing {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Table(table) => write!(f, "table {table} is missing"),
            Self::Column(table, column) => write!(f, "column {table}.{column} is missing"),
            Self::Index(index) => write!(f, "index {index} is missing"),
            Self::Trigger(trigger) => write!(f, "trigger {trigger} is missing"),
        }
    }
}

/// Our bookkeeping is made before the first step, for the steps are recorded in it.
const BOOKKEEPING_SQLITE: &str = "create table \"countersign_migration\" (\"version\" integer not null primary key, \"name\" text not null, \"appliedAt\" date not null)";
const BOOKKEEPING_POSTGRES: &str = "create table \"countersign_migration\" (\"version\" integer not null primary key, \
     \"name\" text not null, \"appliedAt\" timestamptz not null)";

impl Db {
    /// Brings the schema up to date and says what was done: nothing, the second time.
    ///
    /// # Errors
    /// [`Error::NewerSchema`] when a newer program was here; otherwise what the database says. Then nothing was changed.
    pub async fn migrate(&self, now: Timestamp) -> Result<Vec<Applied>, Error> {
        let mut tx = self.write().await?;
        let mut connection = tx.connection();
        lock(&mut connection).await?;
        let catalog = Catalog::read(&mut connection).await?;
        let mut applied = better_auth(&mut connection, &catalog, self.names()).await?;
        applied.extend(ours(&mut connection, &catalog, self.names(), now).await?);
        if triggers::complete(&mut connection, self.names()).await? {
            applied.push(Applied::Triggers);
        }
        tx.commit().await?;
        Ok(applied)
    }

    /// What the schema lacks; empty when [`Db::migrate`] would do nothing.
    ///
    /// # Errors
    /// What the database says.
    pub async fn schema_report(&self) -> Result<Vec<Missing>, Error> {
        let mut read = self.read().await?;
        let catalog = Catalog::read(&mut read.connection()).await?;
        let mut missing = Vec::new();
        for table in BETTER_AUTH {
            missing.extend(missing_of(table, &catalog, self.names())?.into_iter().map(|(missing, _)| missing));
        }
        for (table, columns) in OURS {
            if catalog.has_table(table) {
                let absent = columns.iter().filter(|column| !catalog.has_column(table, column));
                missing.extend(absent.map(|column| Missing::Column((*table).to_owned(), (*column).to_owned())));
            } else {
                missing.push(Missing::Table((*table).to_owned()));
            }
        }
        drop(read);
        missing.extend(self.triggers_missing().await?.into_iter().map(Missing::Trigger));
        Ok(missing)
    }
}

/// SQLite's `BEGIN IMMEDIATE` is lock enough; PostgreSQL's DDL would collide, so an advisory lock stands before it. Its number
/// is the ASCII of `counters` and means nothing else to anyone.
async fn lock(connection: &mut Connection<'_>) -> Result<(), Error> {
    if connection.kind() == Kind::Postgres {
        let sql = Arc::from("SELECT pg_advisory_xact_lock($1)");
        connection.run(&sql, args![0x636f_756e_7465_7273_i64]).await?;
    }
    Ok(())
}

/// What a Better Auth table lacks, each with the DDL that adds it.
fn missing_of(table: &'static Table, catalog: &Catalog, names: &Names) -> Result<Vec<(Missing, Lack)>, Error> {
    let real = names.real_table(table.name)?;
    let mut missing = Vec::new();
    let whole = !catalog.has_table(real);
    if whole {
        missing.push((Missing::Table(real.to_owned()), Lack::Table(table)));
    }
    for column in table.columns {
        let real_column = names.real_column(table.name, column.name)?;
        if !whole && !catalog.has_column(real, real_column) {
            missing.push((Missing::Column(real.to_owned(), real_column.to_owned()), Lack::Column(table, column)));
        }
        let index = format!("{real}_{real_column}_idx");
        if column.indexed && !catalog.indexes.contains(&index) {
            missing.push((Missing::Index(index), Lack::Index(table, column)));
        }
    }
    Ok(missing)
}

/// What to add to a Better Auth database.
enum Lack {
    Table(&'static Table),
    Column(&'static Table, &'static Column),
    Index(&'static Table, &'static Column),
}

async fn better_auth(connection: &mut Connection<'_>, catalog: &Catalog, names: &Names) -> Result<Vec<Applied>, Error> {
    let mut applied = Vec::new();
    let mut indexes = Vec::new();
    for table in BETTER_AUTH {
        for (missing, lack) in missing_of(table, catalog, names)? {
            let ddl = lack.ddl(connection.kind(), names)?;
            match missing {
                Missing::Index(index) => indexes.push((index, ddl)),
                // Triggers are ours, and made when all tables are there.
                Missing::Trigger(_) => {}
                Missing::Table(table) => {
                    connection.script(ddl).await?;
                    applied.push(Applied::Table(table));
                }
                Missing::Column(table, column) => {
                    connection.script(ddl).await?;
                    applied.push(Applied::Column(table, column));
                }
            }
        }
    }
    for (index, ddl) in indexes {
        connection.script(ddl).await?;
        applied.push(Applied::Index(index));
    }
    Ok(applied)
}

impl Lack {
    /// The statement Better Auth's own migration would run.
    fn ddl(&self, kind: Kind, names: &Names) -> Result<String, Error> {
        match self {
            Self::Table(table) => {
                let mut columns =
                    vec![format!("\"{}\" text not null primary key", names.real_column(table.name, "id")?)];
                for column in table.columns {
                    columns.push(column_ddl(table, column, kind, names)?);
                }
                Ok(format!("create table \"{}\" ({})", names.real_table(table.name)?, columns.join(", ")))
            }
            Self::Column(table, column) => {
                let real = names.real_table(table.name)?;
                Ok(format!("alter table \"{real}\" add column {}", column_ddl(table, column, kind, names)?))
            }
            Self::Index(table, column) => {
                let (real, column) = (names.real_table(table.name)?, names.real_column(table.name, column.name)?);
                Ok(format!("create index \"{real}_{column}_idx\" on \"{real}\" (\"{column}\")"))
            }
        }
    }
}

fn column_ddl(table: &Table, column: &Column, kind: Kind, names: &Names) -> Result<String, Error> {
    let holds = match (column.holds, kind) {
        (Holds::Text, _) => "text",
        (Holds::Bool, Kind::Sqlite) => "integer",
        (Holds::Bool, Kind::Postgres) => "boolean",
        (Holds::Time, Kind::Sqlite) => "date",
        (Holds::Time, Kind::Postgres) => "timestamptz",
    };
    let mut ddl = format!("\"{}\" {holds}", names.real_column(table.name, column.name)?);
    if column.default_now && kind == Kind::Postgres {
        ddl.push_str(" default CURRENT_TIMESTAMP");
    }
    if column.not_null {
        ddl.push_str(" not null");
    }
    if column.unique {
        ddl.push_str(" unique");
    }
    if let Some(target) = column.references {
        let (table, id) = (names.real_table(target)?, names.real_column(target, "id")?);
        ddl.push_str(&format!(" references \"{table}\" (\"{id}\") on delete cascade"));
    }
    Ok(ddl)
}

async fn ours(
    connection: &mut Connection<'_>,
    catalog: &Catalog,
    names: &Names,
    now: Timestamp,
) -> Result<Vec<Applied>, Error> {
    if !catalog.has_table("countersign_migration") {
        let ddl = match connection.kind() {
            Kind::Sqlite => BOOKKEEPING_SQLITE,
            Kind::Postgres => BOOKKEEPING_POSTGRES,
        };
        connection.script(ddl.to_owned()).await?;
    }
    let sql = Arc::from("SELECT coalesce(max(\"version\"), 0) FROM \"countersign_migration\"");
    let found = connection.opt::<i64>(&sql, args![]).await?.unwrap_or_default();
    let known = STEPS.last().map_or(0, |step| step.version);
    if found > known {
        return Err(Error::NewerSchema { found, known });
    }
    let mut applied = Vec::new();
    for step in STEPS.iter().filter(|step| step.version > found) {
        run_step(connection, step, names, now).await?;
        applied.push(Applied::Step(step.version, step.name));
    }
    Ok(applied)
}

async fn run_step(connection: &mut Connection<'_>, step: &Step, names: &Names, now: Timestamp) -> Result<(), Error> {
    let template = match connection.kind() {
        Kind::Sqlite => step.sqlite,
        Kind::Postgres => step.postgres,
    };
    connection.script(names.render(template)?).await?;
    let sql =
        Arc::from("INSERT INTO \"countersign_migration\" (\"version\", \"name\", \"appliedAt\") VALUES ($1, $2, $3)");
    connection.run(&sql, args![step.version, step.name, now]).await.map(drop)
}
