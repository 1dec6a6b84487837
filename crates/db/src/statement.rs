//! Running statements: a [`Read`] looks, a [`Tx`] looks and changes.

use std::ops::{Deref, DerefMut};
use std::sync::Arc;
use std::sync::atomic::Ordering;

use sqlx::pool::PoolConnection;
use sqlx::postgres::types::Oid;
use sqlx::postgres::{PgArguments, PgConnection, PgTypeInfo};
use sqlx::sqlite::{SqliteArguments, SqliteConnection};
use sqlx::types::chrono::{DateTime, Utc};
use sqlx::types::{Json, Uuid};
use sqlx::{
    Arguments as _, AssertSqlSafe, Either, Executor as _, Postgres, SqlSafeStr as _, SqlStr, Sqlite, Statement as _,
    Transaction, TypeInfo as _,
};

use crate::catalog::Catalog;
use crate::connect::Shared;
use crate::row::RowSource;
use crate::triggers::FEED_LOCK;
use crate::{Error, FromRow, Kind, Row, TimeCoding, Timestamp, Value};

/// A connection to look with. It has no way to change anything.
pub struct Read {
    shared: Arc<Shared>,
    source: Source,
}

/// A transaction: it looks as a [`Read`] does (and is taken where one is asked for), and changes. On SQLite it holds the write
/// lock from its beginning (`BEGIN IMMEDIATE`), so what it reads stays true until it commits. Dropped without
/// [`Tx::commit`], it never happened.
///
/// Hold none across a password hash, a mail or a call to another machine.
pub struct Tx(Read);

/// What statements run on.
pub(crate) enum Source {
    Sqlite(PoolConnection<Sqlite>),
    SqliteTx(Transaction<'static, Sqlite>),
    Postgres(PoolConnection<Postgres>),
    PostgresTx(Transaction<'static, Postgres>),
}

impl Read {
    pub(crate) const fn new(shared: Arc<Shared>, source: Source) -> Self {
        Self { shared, source }
    }

    /// The one row the statement must yield.
    ///
    /// # Errors
    /// [`Error::NoRow`] when there is none; otherwise what the database or the row's reader says.
    pub async fn one<T: FromRow>(&mut self, template: &'static str, args: Vec<Value>) -> Result<T, Error> {
        self.opt(template, args).await?.ok_or(Error::NoRow)
    }

    /// The first row, if there is one.
    ///
    /// # Errors
    /// What the database or the row's reader says.
    pub async fn opt<T: FromRow>(&mut self, template: &'static str, args: Vec<Value>) -> Result<Option<T>, Error> {
        let sql = self.shared.sql(template)?;
        self.connection().opt(&sql, args).await
    }

    /// All rows.
    ///
    /// # Errors
    /// What the database or the row's reader says.
    pub async fn all<T: FromRow>(&mut self, template: &'static str, args: Vec<Value>) -> Result<Vec<T>, Error> {
        let sql = self.shared.sql(template)?;
        self.connection().all(&sql, args).await
    }

    /// What the database's own clock says in this moment, also within a transaction. Instants that several nodes compare are
    /// taken from it, for their own clocks differ.
    ///
    /// # Errors
    /// What the database says.
    pub async fn clock(&mut self) -> Result<Timestamp, Error> {
        let sql = match self.connection().kind() {
            Kind::Sqlite => "SELECT CAST(unixepoch('subsec') * 1000 AS INTEGER)",
            Kind::Postgres => "SELECT CAST(extract(epoch FROM clock_timestamp()) * 1000 AS BIGINT)",
        };
        self.one::<i64>(sql, Vec::new()).await.map(Timestamp::from_millis)
    }

    /// Whether a Better Auth table has a column that we neither make nor need, one of an older version: asked once, and not again
    /// before the next start.
    ///
    /// # Errors
    /// What the database says.
    pub async fn has_column(&mut self, table: &str, column: &str) -> Result<bool, Error> {
        let shared = Arc::clone(&self.shared);
        let catalog = match shared.catalog.get() {
            Some(catalog) => catalog,
            None => {
                let catalog = Catalog::read(&mut self.connection()).await?;
                shared.catalog.get_or_init(|| catalog)
            }
        };
        Ok(catalog.has_column(shared.names.real_table(table)?, column))
    }

    pub(crate) fn connection(&mut self) -> Connection<'_> {
        let link = match &mut self.source {
            Source::Sqlite(link) => Link::Sqlite(link),
            Source::SqliteTx(link) => Link::Sqlite(link),
            Source::Postgres(link) => Link::Postgres(link),
            Source::PostgresTx(link) => Link::Postgres(link),
        };
        Connection { shared: &self.shared, link }
    }
}

impl Tx {
    pub(crate) const fn new(shared: Arc<Shared>, source: Source) -> Self {
        Self(Read::new(shared, source))
    }

    /// Runs a statement for its effect and says how many rows it touched.
    ///
    /// # Errors
    /// What the database says; [`Error::Unique`] when a row with that key is there already.
    pub async fn run(&mut self, template: &'static str, args: Vec<Value>) -> Result<u64, Error> {
        let sql = self.shared.sql(template)?;
        self.connection().run(&sql, args).await
    }

    /// Makes this transaction the next of those that write the feed, until it ends, as the triggers do: so that the order of
    /// the feed is the order of commits. On SQLite a writer is alone anyway. To be taken last, before the commit.
    ///
    /// # Errors
    /// What the database says.
    pub async fn lock_feed(&mut self) -> Result<(), Error> {
        if self.connection().kind() == Kind::Postgres {
            let lock = format!("SELECT pg_advisory_xact_lock({FEED_LOCK})");
            self.connection().script(lock).await?;
        }
        Ok(())
    }

    /// Makes whoever else asks for the same key wait until this transaction ends. On SQLite a writer is alone anyway.
    ///
    /// # Errors
    /// What the database says.
    pub async fn lock_key(&mut self, key: &str) -> Result<(), Error> {
        if self.connection().kind() == Kind::Postgres {
            let lock = Arc::from("SELECT 1 FROM pg_advisory_xact_lock(hashtextextended($1, 0))");
            self.connection().run(&lock, vec![Value::Text(key.to_owned())]).await?;
        }
        Ok(())
    }

    /// Makes the changes last.
    ///
    /// # Errors
    /// What the database says; then nothing was changed, unless the connection broke in this very moment.
    pub async fn commit(self) -> Result<(), Error> {
        match self.0.source {
            Source::SqliteTx(link) => link.commit().await?,
            Source::PostgresTx(link) => link.commit().await?,
            Source::Sqlite(_) | Source::Postgres(_) => {}
        }
        Ok(())
    }
}

impl Deref for Tx {
    type Target = Read;

    fn deref(&self) -> &Read {
        &self.0
    }
}

impl DerefMut for Tx {
    fn deref_mut(&mut self) -> &mut Read {
        &mut self.0
    }
}

/// A borrowed connection of either database, on which rendered statements run.
pub(crate) struct Connection<'c> {
    shared: &'c Shared,
    link: Link<'c>,
}

enum Link<'c> {
    Sqlite(&'c mut SqliteConnection),
    Postgres(&'c mut PgConnection),
}

/// Every statement handed to the driver is either a rendered template (static text plus validated names) or DDL made from the
/// schema and such names; arguments travel beside it. That is what `AssertSqlSafe` asserts below.
impl Connection<'_> {
    pub(crate) const fn kind(&self) -> Kind {
        match self.link {
            Link::Sqlite(_) => Kind::Sqlite,
            Link::Postgres(_) => Kind::Postgres,
        }
    }

    pub(crate) async fn opt<T: FromRow>(&mut self, sql: &Arc<str>, args: Vec<Value>) -> Result<Option<T>, Error> {
        let (sql, times) = self.begin(sql);
        let names = &self.shared.names;
        match &mut self.link {
            Link::Sqlite(link) => {
                let row = sqlx::query_with(sql, for_sqlite(args, times)?).fetch_optional(&mut **link).await?;
                row.map(|row| T::from_row(&Row::new(RowSource::Sqlite(&row), names))).transpose()
            }
            Link::Postgres(link) => {
                let args = for_postgres(link, sql.clone(), args).await?;
                let row = sqlx::query_with(sql, args).fetch_optional(&mut **link).await?;
                row.map(|row| T::from_row(&Row::new(RowSource::Postgres(&row), names))).transpose()
            }
        }
    }

    pub(crate) async fn all<T: FromRow>(&mut self, sql: &Arc<str>, args: Vec<Value>) -> Result<Vec<T>, Error> {
        let (sql, times) = self.begin(sql);
        let names = &self.shared.names;
        match &mut self.link {
            Link::Sqlite(link) => {
                let rows = sqlx::query_with(sql, for_sqlite(args, times)?).fetch_all(&mut **link).await?;
                rows.iter().map(|row| T::from_row(&Row::new(RowSource::Sqlite(row), names))).collect()
            }
            Link::Postgres(link) => {
                let args = for_postgres(link, sql.clone(), args).await?;
                let rows = sqlx::query_with(sql, args).fetch_all(&mut **link).await?;
                rows.iter().map(|row| T::from_row(&Row::new(RowSource::Postgres(row), names))).collect()
            }
        }
    }

    pub(crate) async fn run(&mut self, sql: &Arc<str>, args: Vec<Value>) -> Result<u64, Error> {
        let (sql, times) = self.begin(sql);
        match &mut self.link {
            Link::Sqlite(link) => {
                Ok(sqlx::query_with(sql, for_sqlite(args, times)?).execute(&mut **link).await?.rows_affected())
            }
            Link::Postgres(link) => {
                let args = for_postgres(link, sql.clone(), args).await?;
                Ok(sqlx::query_with(sql, args).execute(&mut **link).await?.rows_affected())
            }
        }
    }

    /// Runs DDL: several statements, no arguments.
    pub(crate) async fn script(&mut self, sql: String) -> Result<(), Error> {
        let script = sqlx::raw_sql(AssertSqlSafe(sql));
        match &mut self.link {
            Link::Sqlite(link) => script.execute(&mut **link).await.map(drop)?,
            Link::Postgres(link) => script.execute(&mut **link).await.map(drop)?,
        }
        Ok(())
    }

    fn begin(&self, sql: &Arc<str>) -> (SqlStr, TimeCoding) {
        self.shared.statements.fetch_add(1, Ordering::Relaxed);
        (AssertSqlSafe(Arc::clone(sql)).into_sql_str(), self.shared.names.time_coding())
    }
}

fn for_sqlite(args: Vec<Value>, times: TimeCoding) -> Result<SqliteArguments, Error> {
    let mut bound = SqliteArguments::default();
    for value in args {
        match value {
            Value::Text(text) => bound.add(text),
            Value::Int(int) => bound.add(int),
            Value::Bool(truth) => bound.add(truth),
            Value::Time(time) => match times {
                TimeCoding::Text => bound.add(time.to_iso()),
                TimeCoding::Milliseconds => bound.add(time.millis()),
            },
            Value::Number(number) => match number.as_i64() {
                Some(whole) => bound.add(whole),
                None => bound.add(number.as_f64()),
            },
            Value::Json(json) => bound.add(json.to_string()),
            Value::NullText | Value::NullInt | Value::NullBool | Value::NullTime | Value::NullJson => {
                bound.add(None::<String>)
            }
        }
        .map_err(sqlx::Error::Encode)?;
    }
    Ok(bound)
}

/// PostgreSQL is asked first what each placeholder stands for: an id is a `text` in one Better Auth database and a `uuid` in
/// another. What it answered is kept with the prepared statement, so that it is asked once per connection.
async fn for_postgres(link: &mut PgConnection, sql: SqlStr, args: Vec<Value>) -> Result<PgArguments, Error> {
    let types: Vec<PgTypeInfo> = args.iter().map(declared).collect();
    let statement = link.prepare_with(sql, &types).await?;
    let wanted = match statement.parameters() {
        Some(Either::Left(wanted)) => wanted,
        _ => &[],
    };
    let mut bound = PgArguments::default();
    for (position, value) in args.into_iter().enumerate() {
        let is_uuid = wanted.get(position).is_some_and(|wanted| wanted.name() == "UUID");
        match value {
            // A text that is no UUID is nobody's id: it becomes a null, which equals nothing.
            Value::Text(text) if is_uuid => bound.add(Uuid::parse_str(&text).ok()),
            Value::NullText if is_uuid => bound.add(None::<Uuid>),
            Value::Text(text) => bound.add(text),
            Value::Int(int) => bound.add(int),
            Value::Bool(truth) => bound.add(truth),
            // Into a column without a time zone it goes in UTC, which is that of our connections.
            Value::Time(time) => bound.add(time.to_utc()),
            Value::Number(number) => match number.as_i64() {
                Some(whole) => bound.add(whole),
                None => bound.add(number.as_f64()),
            },
            Value::Json(json) => bound.add(Json(json)),
            Value::NullText => bound.add(None::<String>),
            Value::NullInt => bound.add(None::<i64>),
            Value::NullBool => bound.add(None::<bool>),
            Value::NullTime => bound.add(None::<DateTime<Utc>>),
            Value::NullJson => bound.add(None::<Json<serde_json::Value>>),
        }
        .map_err(sqlx::Error::Encode)?;
    }
    Ok(bound)
}

/// What PostgreSQL is told of an argument's type beforehand.
fn declared(value: &Value) -> PgTypeInfo {
    PgTypeInfo::with_oid(Oid(match value {
        Value::Text(_) | Value::NullText => UNKNOWN,
        Value::Int(_) | Value::NullInt => INT8,
        Value::Number(number) if number.as_i64().is_some() => INT8,
        Value::Number(_) => FLOAT8,
        Value::Json(_) | Value::NullJson => JSONB,
        Value::Bool(_) | Value::NullBool => BOOL,
        Value::Time(_) | Value::NullTime => TIMESTAMPTZ,
    }))
}

/// The OIDs of PostgreSQL's own types (`src/include/catalog/pg_type.dat`); they never change.
const BOOL: u32 = 16;
const INT8: u32 = 20;
const FLOAT8: u32 = 701;
const UNKNOWN: u32 = 705;
const TIMESTAMPTZ: u32 = 1184;
const JSONB: u32 = 3802;
