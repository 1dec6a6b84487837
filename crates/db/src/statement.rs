//! Running statements: a [`Read`] looks, a [`Tx`] looks and changes.

use std::ops::{Deref, DerefMut};
use std::sync::Arc;
use std::sync::atomic::Ordering;

use sqlx::pool::PoolConnection;
use sqlx::postgres::{PgArguments, PgConnection};
use sqlx::sqlite::{SqliteArguments, SqliteConnection};
use sqlx::{Arguments as _, AssertSqlSafe, Postgres, Sqlite, Transaction};

use crate::connect::Shared;
use crate::row::RowSource;
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
        match &mut self.link {
            Link::Sqlite(link) => {
                let row = sqlx::query_with(sql, for_sqlite(args, times)?).fetch_optional(&mut **link).await?;
                row.map(|row| T::from_row(&Row::new(RowSource::Sqlite(&row)))).transpose()
            }
            Link::Postgres(link) => {
                let row = sqlx::query_with(sql, for_postgres(args, times)?).fetch_optional(&mut **link).await?;
                row.map(|row| T::from_row(&Row::new(RowSource::Postgres(&row)))).transpose()
            }
        }
    }

    pub(crate) async fn all<T: FromRow>(&mut self, sql: &Arc<str>, args: Vec<Value>) -> Result<Vec<T>, Error> {
        let (sql, times) = self.begin(sql);
        match &mut self.link {
            Link::Sqlite(link) => {
                let rows = sqlx::query_with(sql, for_sqlite(args, times)?).fetch_all(&mut **link).await?;
                rows.iter().map(|row| T::from_row(&Row::new(RowSource::Sqlite(row)))).collect()
            }
            Link::Postgres(link) => {
                let rows = sqlx::query_with(sql, for_postgres(args, times)?).fetch_all(&mut **link).await?;
                rows.iter().map(|row| T::from_row(&Row::new(RowSource::Postgres(row)))).collect()
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
                Ok(sqlx::query_with(sql, for_postgres(args, times)?).execute(&mut **link).await?.rows_affected())
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

    fn begin(&self, sql: &Arc<str>) -> (AssertSqlSafe<Arc<str>>, TimeCoding) {
        self.shared.statements.fetch_add(1, Ordering::Relaxed);
        (AssertSqlSafe(Arc::clone(sql)), self.shared.names.time_coding())
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
                TimeCoding::BetterAuth => bound.add(time.to_iso()),
                TimeCoding::Plain => bound.add(time.millis()),
            },
            Value::NullText | Value::NullInt | Value::NullBool | Value::NullTime => bound.add(None::<String>),
        }
        .map_err(sqlx::Error::Encode)?;
    }
    Ok(bound)
}

fn for_postgres(args: Vec<Value>, times: TimeCoding) -> Result<PgArguments, Error> {
    let zoned = |time: Option<Timestamp>| time.map(Timestamp::to_utc);
    let plain = |time: Option<Timestamp>| zoned(time).map(|time| time.naive_utc());
    let mut bound = PgArguments::default();
    let add_time = |bound: &mut PgArguments, time| match times {
        TimeCoding::BetterAuth => bound.add(zoned(time)),
        TimeCoding::Plain => bound.add(plain(time)),
    };
    for value in args {
        match value {
            Value::Text(text) => bound.add(text),
            Value::Int(int) => bound.add(int),
            Value::Bool(truth) => bound.add(truth),
            Value::Time(time) => add_time(&mut bound, Some(time)),
            Value::NullText => bound.add(None::<String>),
            Value::NullInt => bound.add(None::<i64>),
            Value::NullBool => bound.add(None::<bool>),
            Value::NullTime => add_time(&mut bound, None),
        }
        .map_err(sqlx::Error::Encode)?;
    }
    Ok(bound)
}
