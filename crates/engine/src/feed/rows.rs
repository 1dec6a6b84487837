//! The SQL of the feed.

use countersign_db::{Error, FromRow, Read, Row, Tx, args};

use super::Event;

impl FromRow for Event {
    fn from_row(row: &Row<'_>) -> Result<Self, Error> {
        Ok(Self {
            seq: row.int("seq")?,
            kind: row.text("kind")?,
            subject: row.text("subject")?,
            since: row.opt_int("since")?,
            until: row.opt_int("until")?,
            at: row.int("at")?,
        })
    }
}

/// The name of the present run of `seq`. A restored database begins a new one.
pub(crate) async fn epoch(read: &mut Read) -> Result<String, Error> {
    read.one("SELECT {countersign_epoch.epoch} FROM {countersign_epoch}", args![]).await
}

/// Up to `limit` events after `seq`, in order.
pub(crate) async fn after(read: &mut Read, seq: i64, limit: i64) -> Result<Vec<Event>, Error> {
    read.all(
        "SELECT {countersign_feed.*} FROM {countersign_feed} WHERE {countersign_feed.seq} > $1 \
         ORDER BY {countersign_feed.seq} LIMIT $2",
        args![seq, limit],
    )
    .await
}

/// The first event written at or after an instant, in milliseconds.
pub(crate) async fn first_since(read: &mut Read, at: i64) -> Result<Option<i64>, Error> {
    let first: Vec<i64> = read
        .all(
            "SELECT {countersign_feed.seq} FROM {countersign_feed} WHERE {countersign_feed.at} >= $1 \
             ORDER BY {countersign_feed.seq} LIMIT 1",
            args![at],
        )
        .await?;
    Ok(first.first().copied())
}

/// The ids of all suspended users, whose suspension may be older than the feed, as events before all others.
pub(crate) async fn suspended(read: &mut Read) -> Result<Vec<crate::User>, Error> {
    read.all("SELECT {user.*} FROM {user} WHERE {user.banned} = $1", args![true]).await
}

/// Deletes events that can refuse nothing any more: changes of rows at once, refusals when `until` is past, and what has
/// no end only when it is older than any token may live. Instants in milliseconds.
pub(crate) async fn prune(tx: &mut Tx, now: i64, longest_life: i64) -> Result<u64, Error> {
    tx.run(
        "DELETE FROM {countersign_feed} WHERE {countersign_feed.at} < $1 - 3600000 AND ( \
         {countersign_feed.kind} IN ('user_changed', 'session_changed') \
         OR ({countersign_feed.kind} = 'session_revoked' AND {countersign_feed.until} < $1) \
         OR {countersign_feed.at} < $1 - $2)",
        args![now, longest_life],
    )
    .await
}
