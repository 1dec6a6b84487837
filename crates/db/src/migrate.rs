//! Bringing a database up to the schema we know.
//!
//! Better Auth's tables come first, as its own CLI would do it: what is missing is added (tables, columns, indexes), what is
//! there is left alone. Then our own steps follow, each once, in order, recorded in `countersign_migration`. All of it is one
//! transaction that begins by taking a lock, so that of two processes that start at once the second finds the work done.

use std::fmt;
use std::sync::Arc;

use crate::catalog::Catalog;
use crate::schema::{BETTER_AUTH, Column, OURS, STEPS, Step, Table};
use crate::statement::Connection;
use crate::{Db, Error, Field, Holds, Kind, Names, TimeCoding, Timestamp, Value, args, triggers};

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
        missing.extend(missing_of_ours(&catalog));
        drop(read);
        missing.extend(self.triggers_missing().await?.into_iter().map(Missing::Trigger));
        Ok(missing)
    }
}

/// What is missing of our own tables.
pub(crate) fn missing_of_ours(catalog: &Catalog) -> Vec<Missing> {
    let mut missing = Vec::new();
    for (table, columns) in OURS {
        if catalog.has_table(table) {
            let absent = columns.iter().filter(|column| !catalog.has_column(table, column));
            missing.extend(absent.map(|column| Missing::Column((*table).to_owned(), (*column).to_owned())));
        } else {
            missing.push(Missing::Table((*table).to_owned()));
        }
    }
    missing
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
pub(crate) fn missing_of<'n>(
    table: &'static Table,
    catalog: &Catalog,
    names: &'n Names,
) -> Result<Vec<(Missing, Lack<'n>)>, Error> {
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
        if column.indexed && !catalog.has_index(real, real_column) {
            missing.push((Missing::Index(format!("{real}_{real_column}_idx")), Lack::Index(table, column)));
        }
    }
    for field in names.fields(table.name)? {
        let real_column = names.real_column(table.name, &field.name)?;
        if !whole && !catalog.has_column(real, real_column) {
            missing.push((Missing::Column(real.to_owned(), real_column.to_owned()), Lack::Field(table, field)));
        }
    }
    Ok(missing)
}

/// What to add to a Better Auth database.
pub(crate) enum Lack<'n> {
    Table(&'static Table),
    Column(&'static Table, &'static Column),
    Field(&'static Table, &'n Field),
    Index(&'static Table, &'static Column),
}

async fn better_auth(connection: &mut Connection<'_>, catalog: &Catalog, names: &Names) -> Result<Vec<Applied>, Error> {
    let types = Types::of(connection.kind(), catalog, names)?;
    let mut applied = Vec::new();
    let mut indexes = Vec::new();
    for table in BETTER_AUTH {
        for (missing, lack) in missing_of(table, catalog, names)? {
            let ddl = lack.ddl(&types, names)?;
            match missing {
                Missing::Index(index) => indexes.push((index, ddl)),
                // Triggers are ours, and made when all tables are there.
                Missing::Trigger(_) => {}
                Missing::Table(table) => {
                    connection.script(ddl).await?;
                    applied.push(Applied::Table(table));
                }
                Missing::Column(table, column) => {
                    lack.check_fillable(connection, &table).await?;
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

impl Lack<'_> {
    /// Whether the rows that are there can have the column: a required one without a default would leave them without a value.
    async fn check_fillable(&self, connection: &mut Connection<'_>, table: &str) -> Result<(), Error> {
        let Self::Field(_, Field { name, required: true, default: None, .. }) = self else { return Ok(()) };
        let sql = Arc::from(format!("SELECT count(*) FROM (SELECT 1 FROM \"{table}\" LIMIT 1) AS one"));
        match connection.opt::<i64>(&sql, args![]).await? {
            Some(0) | None => Ok(()),
            Some(_) => Err(Error::Unfillable { table: table.to_owned(), field: name.clone() }),
        }
    }

    /// The statement Better Auth's own migration would run.
    fn ddl(&self, types: &Types, names: &Names) -> Result<String, Error> {
        match self {
            Self::Table(table) => {
                let id = if types.id == UUID { "uuid default pg_catalog.gen_random_uuid()" } else { types.id };
                let mut columns =
                    vec![format!("\"{}\" {id} not null primary key", names.real_column(table.name, "id")?)];
                for column in table.columns {
                    columns.push(column_ddl(table, column, types, names)?);
                }
                for field in names.fields(table.name)? {
                    columns.push(field_ddl(names.real_column(table.name, &field.name)?, field, None, types));
                }
                Ok(format!("create table \"{}\" ({})", names.real_table(table.name)?, columns.join(", ")))
            }
            Self::Column(table, column) => {
                let real = names.real_table(table.name)?;
                Ok(format!("alter table \"{real}\" add column {}", column_ddl(table, column, types, names)?))
            }
            Self::Field(table, field) => {
                let real = names.real_column(table.name, &field.name)?;
                let ddl = field_ddl(real, field, field.default.as_ref(), types);
                Ok(format!("alter table \"{}\" add column {ddl}", names.real_table(table.name)?))
            }
            Self::Index(table, column) => {
                let (real, column) = (names.real_table(table.name)?, names.real_column(table.name, column.name)?);
                Ok(format!("create index \"{real}_{column}_idx\" on \"{real}\" (\"{column}\")"))
            }
        }
    }
}

/// The types of new columns: those this database has for the same, and Better Auth's own where it has none.
struct Types {
    kind: Kind,
    id: &'static str,
    time: &'static str,
}

const UUID: &str = "uuid";

impl Types {
    fn of(kind: Kind, catalog: &Catalog, names: &Names) -> Result<Self, Error> {
        let holds = |column| {
            let found = catalog.column(names.real_table("user")?, names.real_column("user", column)?);
            Ok::<_, Error>(found.map_or("", |found| found.holds.as_str()))
        };
        let time = match (kind, holds("createdAt")?) {
            (Kind::Postgres, "timestamp without time zone") => "timestamp",
            (Kind::Postgres, _) => "timestamptz",
            (Kind::Sqlite, "datetime") => "datetime",
            (Kind::Sqlite, _) => match names.time_coding() {
                TimeCoding::Text => "date",
                TimeCoding::Milliseconds => "integer",
            },
        };
        let id = if kind == Kind::Postgres && holds("id")? == UUID { UUID } else { "text" };
        Ok(Self { kind, id, time })
    }

    fn holding(&self, holds: Holds) -> &'static str {
        match (holds, self.kind) {
            (Holds::Text, _) | (Holds::List, Kind::Sqlite) => "text",
            (Holds::Bool, Kind::Sqlite) | (Holds::Number, _) => "integer",
            (Holds::Bool, Kind::Postgres) => "boolean",
            (Holds::Time, _) => self.time,
            (Holds::List, Kind::Postgres) => "jsonb",
        }
    }
}

fn column_ddl(table: &Table, column: &Column, types: &Types, names: &Names) -> Result<String, Error> {
    let holds = if column.references.is_some() { types.id } else { types.holding(column.holds) };
    let mut ddl = format!("\"{}\" {holds}", names.real_column(table.name, column.name)?);
    if column.default_now && types.kind == Kind::Postgres {
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

/// An additional field. Its default is for the rows that are there already: new ones are given every value.
fn field_ddl(real: &str, field: &Field, default: Option<&Value>, types: &Types) -> String {
    let mut ddl = format!("\"{real}\" {}", types.holding(field.holds));
    let default = match (default, types.kind) {
        (Some(Value::Text(text)), _) => Some(format!("'{}'", text.replace('\'', "''"))),
        (Some(Value::Number(number)), _) => Some(number.to_string()),
        (Some(Value::Bool(truth)), Kind::Postgres) => Some(truth.to_string()),
        (Some(Value::Bool(truth)), Kind::Sqlite) => Some(u8::from(*truth).to_string()),
        _ => None,
    };
    ddl.extend(default.map(|default| format!(" default {default}")));
    if field.required {
        ddl.push_str(" not null");
    }
    ddl
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
    let session_id = Types::of(connection.kind(), catalog, names)?.id;
    for step in STEPS.iter().filter(|step| step.version > found) {
        run_step(connection, step, (names, session_id), now).await?;
        applied.push(Applied::Step(step.version, step.name));
    }
    Ok(applied)
}

/// `id[session]` in a step is the type of a session's id, for the column that refers to it.
async fn run_step(
    connection: &mut Connection<'_>,
    step: &Step,
    (names, session_id): (&Names, &str),
    now: Timestamp,
) -> Result<(), Error> {
    let template = match connection.kind() {
        Kind::Sqlite => step.sqlite,
        Kind::Postgres => step.postgres,
    };
    connection.script(names.render(template)?.replace("id[session]", session_id)).await?;
    let sql =
        Arc::from("INSERT INTO \"countersign_migration\" (\"version\", \"name\", \"appliedAt\") VALUES ($1, $2, $3)");
    connection.run(&sql, args![step.version, step.name, now]).await.map(drop)
}
