//! Databases made for a test and dropped after it, on a PostgreSQL server whose maintenance database one may connect to.

use std::str::FromStr as _;

use sqlx::postgres::PgConnectOptions;
use sqlx::{AssertSqlSafe, ConnectOptions as _, Connection as _};

use crate::Error;

/// Makes an empty database, dropping what an earlier run may have left under this name, and returns its URL.
///
/// # Errors
/// [`Error::Url`] when the URL or the name cannot be used; otherwise what PostgreSQL says.
pub async fn create_database(maintenance_url: &str, name: &str) -> Result<String, Error> {
    drop_database(maintenance_url, name).await?;
    execute(maintenance_url, format!("CREATE DATABASE {name}")).await?;
    sibling(maintenance_url, name)
}

/// Drops a database, ending the connections to it.
///
/// # Errors
/// [`Error::Url`] when the URL or the name cannot be used; otherwise what PostgreSQL says.
pub async fn drop_database(maintenance_url: &str, name: &str) -> Result<(), Error> {
    if name.is_empty() || !name.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_') {
        return Err(Error::Url(format!("`{}` cannot be the name of a scratch database", name.escape_debug())));
    }
    execute(maintenance_url, format!("DROP DATABASE IF EXISTS {name} WITH (FORCE)")).await
}

async fn execute(url: &str, sql: String) -> Result<(), Error> {
    let options = PgConnectOptions::from_str(url).map_err(|_| unreadable())?;
    let mut connection = options.connect().await?;
    sqlx::raw_sql(AssertSqlSafe(sql)).execute(&mut connection).await?;
    connection.close().await.map_err(Error::from)
}

/// The URL of another database on the same server.
fn sibling(url: &str, name: &str) -> Result<String, Error> {
    let (scheme, rest) = url.split_once("://").ok_or_else(unreadable)?;
    let (rest, query) = rest.split_once('?').map_or((rest, None), |(rest, query)| (rest, Some(query)));
    let authority = rest.split('/').next().unwrap_or_default();
    let query = query.map(|query| format!("?{query}")).unwrap_or_default();
    Ok(format!("{scheme}://{authority}/{name}{query}"))
}

fn unreadable() -> Error {
    Error::Url("the URL of the maintenance database cannot be read".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn points_at_another_database_of_the_same_server() {
        let url = sibling("postgres://me:word@127.0.0.1:5433/postgres?sslmode=disable", "t1").unwrap();
        assert_eq!(url, "postgres://me:word@127.0.0.1:5433/t1?sslmode=disable");
        assert_eq!(sibling("postgres://127.0.0.1", "t1").unwrap(), "postgres://127.0.0.1/t1");
    }
}
