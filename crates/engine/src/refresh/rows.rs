//! The SQL of counters. A session without a row has a counter that never moved.

use countersign_db::{Error, FromRow, Read, Row, Tx, args};

use super::rules::Counter;

impl FromRow for Counter {
    fn from_row(row: &Row<'_>) -> Result<Self, Error> {
        // Only we write the column, and never a negative number.
        let generation = u32::try_from(row.int("generation")?).unwrap_or_default();
        Ok(Self { generation, advanced_at: row.opt_time("advancedAt")? })
    }
}

/// Makes a session's row if there is none and says where its counter stands. What is not to be remembered stays so.
pub(crate) async fn begin(tx: &mut Tx, session_id: &str, dont_remember: bool) -> Result<Counter, Error> {
    tx.one(
        "INSERT INTO {countersign_session} AS c ({countersign_session.sessionId}, {countersign_session.dontRemember}) \
         VALUES ($1, $2) ON CONFLICT ({countersign_session.sessionId}) DO UPDATE SET {countersign_session.dontRemember} = \
         {countersign_session.dontRemember@c} OR {countersign_session.dontRemember@excluded} \
         RETURNING {countersign_session.*}",
        args![session_id, dont_remember],
    )
    .await
}

pub(crate) async fn counter(read: &mut Read, session_id: &str) -> Result<Option<Counter>, Error> {
    read.opt(
        "SELECT {countersign_session.*} FROM {countersign_session} WHERE {countersign_session.sessionId} = $1",
        args![session_id],
    )
    .await
}

/// Compares and swaps: sets the counter to `to` if it still is `from`. False if it is not, or the session is gone.
pub(crate) async fn swap(tx: &mut Tx, session_id: &str, from: Option<Counter>, to: Counter) -> Result<bool, Error> {
    let swapped = match from {
        Some(from) => {
            tx.run(
                "UPDATE {countersign_session} SET {countersign_session.generation} = $3, {countersign_session.advancedAt} = $4 \
                 WHERE {countersign_session.sessionId} = $1 AND {countersign_session.generation} = $2",
                args![session_id, i64::from(from.generation), i64::from(to.generation), to.advanced_at],
            )
            .await
        }
        None => {
            tx.run(
                "INSERT INTO {countersign_session} ({countersign_session.sessionId}, {countersign_session.generation}, \
                 {countersign_session.advancedAt}) VALUES ($1, $2, $3) \
                 ON CONFLICT ({countersign_session.sessionId}) DO NOTHING",
                args![session_id, i64::from(to.generation), to.advanced_at],
            )
            .await
        }
    };
    match swapped {
        Ok(rows) => Ok(rows > 0),
        Err(Error::ForeignKey) => Ok(false),
        Err(error) => Err(error),
    }
}
