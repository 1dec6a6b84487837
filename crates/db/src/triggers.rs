//! The triggers on Better Auth's own tables that write the feed: a ban by another program, or a row deleted by hand, is
//! seen like one of ours.
//!
//! A table that another tool rebuilds loses its triggers without a word (SQLite), so whoever relies on them asks
//! [`Db::triggers_missing`] now and then and calls [`Db::install_triggers`].

use std::sync::Arc;

use crate::statement::Connection;
use crate::{Db, Error, Kind, Names, args};

const SQLITE: &[&str] = &[
    "countersign_session_deleted",
    "countersign_session_updated",
    "countersign_user_deleted",
    "countersign_user_updated",
];
const POSTGRES: &[&str] = &[
    "countersign_feed_written",
    "countersign_session_changed",
    "countersign_session_truncated",
    "countersign_user_changed",
    "countersign_user_truncated",
];

/// The advisory lock of PostgreSQL that whoever writes the feed holds until the commit; the triggers name it too.
pub(crate) const FEED_LOCK: i64 = 7_165_924_190_215_463_027;

const SQLITE_TRIGGERS: &str = "SELECT name FROM sqlite_schema WHERE type = 'trigger'";
const POSTGRES_TRIGGERS: &str = "SELECT t.tgname::text AS name FROM pg_trigger t JOIN pg_class c ON c.oid = t.tgrelid \
     WHERE NOT t.tgisinternal AND t.tgenabled IN ('O', 'A') AND c.relnamespace = current_schema()::regnamespace";

impl Db {
    /// The triggers that should be there and are not, or are switched off.
    ///
    /// # Errors
    /// What the database says.
    pub async fn triggers_missing(&self) -> Result<Vec<&'static str>, Error> {
        let mut read = self.read().await?;
        missing(&mut read.connection()).await
    }

    /// Makes the triggers anew.
    ///
    /// # Errors
    /// What the database says; then the old ones stand.
    pub async fn install_triggers(&self) -> Result<(), Error> {
        let mut tx = self.write().await?;
        install(&mut tx.connection(), self.names()).await?;
        tx.commit().await
    }
}

/// The same within a migration, where some are missing. True if there was something to do.
pub(crate) async fn complete(connection: &mut Connection<'_>, names: &Names) -> Result<bool, Error> {
    let incomplete = !missing(connection).await?.is_empty();
    if incomplete {
        install(connection, names).await?;
    }
    Ok(incomplete)
}

async fn missing(connection: &mut Connection<'_>) -> Result<Vec<&'static str>, Error> {
    let (sql, expected) = match connection.kind() {
        Kind::Sqlite => (SQLITE_TRIGGERS, SQLITE),
        Kind::Postgres => (POSTGRES_TRIGGERS, POSTGRES),
    };
    let found: Vec<String> = connection.all(&Arc::from(sql), args![]).await?;
    Ok(expected.iter().copied().filter(|name| !found.iter().any(|known| known == name)).collect())
}

async fn install(connection: &mut Connection<'_>, names: &Names) -> Result<(), Error> {
    let template = match connection.kind() {
        Kind::Sqlite => include_str!("../migrations/triggers.sqlite.sql"),
        Kind::Postgres => include_str!("../migrations/triggers.postgres.sql"),
    };
    let sql = names.render(template)?;
    connection.script(in_millis(&sql, connection.kind())).await
}

/// Replaces `ms[expression]` by what makes milliseconds of the expression, whichever way this database keeps instants; `ms[now]`
/// is the database's clock. PostgreSQL: in UTC, a time with a zone and one without give the same number.
fn in_millis(sql: &str, kind: Kind) -> String {
    let mut out = String::with_capacity(sql.len() * 2);
    let mut parts = sql.split("ms[");
    out.push_str(parts.next().unwrap_or_default());
    for part in parts {
        let (expression, rest) = part.split_once(']').unwrap_or((part, ""));
        let millis = match (kind, expression) {
            (Kind::Sqlite, "now") => "cast(unixepoch('subsec') * 1000 as integer)".to_owned(),
            (Kind::Sqlite, x) => format!(
                "case typeof({x}) when 'text' then cast(round((julianday({x}) - 2440587.5) * 86400000) as integer) else {x} end"
            ),
            (Kind::Postgres, "now") => "(extract(epoch from clock_timestamp()) * 1000)::bigint".to_owned(),
            (Kind::Postgres, x) => format!("(extract(epoch from {x} at time zone 'UTC') * 1000)::bigint"),
        };
        out.push_str(&millis);
        out.push_str(rest);
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_triggers_take_the_lock_that_everyone_takes() {
        let template = include_str!("../migrations/triggers.postgres.sql");
        let lock = format!("perform pg_advisory_xact_lock({FEED_LOCK});");
        assert_eq!(template.matches(&lock).count(), template.matches("pg_advisory").count());
        assert_eq!(template.matches(&lock).count(), 3);
    }
}
