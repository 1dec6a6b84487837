//! The SQL of the feed.

use countersign_db::{Error, FromRow, Read, Row, Timestamp, Tx, args};

use super::Event;
use super::rules::Refusal;

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

/// Begins a run of another name, unless one has begun since `old`. True if it was begun here.
pub(crate) async fn begin_run(tx: &mut Tx, old: &str, new: &str) -> Result<bool, Error> {
    let changed = tx
        .run(
            "UPDATE {countersign_epoch} SET {countersign_epoch.epoch} = $1 WHERE {countersign_epoch.epoch} = $2",
            args![new, old],
        )
        .await?;
    Ok(changed > 0)
}

/// Up to `limit` events from `seq` on, in order.
pub(crate) async fn from(read: &mut Read, seq: i64, limit: i64) -> Result<Vec<Event>, Error> {
    read.all(
        "SELECT {countersign_feed.*} FROM {countersign_feed} WHERE {countersign_feed.seq} >= $1 \
         ORDER BY {countersign_feed.seq} LIMIT $2",
        args![seq, limit],
    )
    .await
}

/// The ids of all suspended users, whose suspension may be older than the feed, as events before all others.
pub(crate) async fn suspended(read: &mut Read) -> Result<Vec<crate::User>, Error> {
    read.all("SELECT {user.*} FROM {user} WHERE {user.banned} = $1", args![true]).await
}

/// Writes an event that no trigger writes.
pub(crate) async fn insert(tx: &mut Tx, refusal: &Refusal<'_>, until: Timestamp, at: Timestamp) -> Result<u64, Error> {
    let Refusal { kind, subject, since } = *refusal;
    tx.run(
        "INSERT INTO {countersign_feed} ({countersign_feed.kind}, {countersign_feed.subject}, {countersign_feed.since}, \
         {countersign_feed.until}, {countersign_feed.at}) VALUES ($1, $2, $3, $4, $5)",
        args![kind, subject, since.millis(), until.millis(), at.millis()],
    )
    .await
}

/// Deletes events that can refuse nothing any more: changes of rows at once, refusals when `until` is past, and what has
/// no end only when it is older than any token may live; but nothing younger than `kept`, and never the last event, by
/// which nodes know their place. Instants in milliseconds, by the database's clock.
pub(crate) async fn prune(tx: &mut Tx, now: i64, kept: i64, longest_life: i64) -> Result<u64, Error> {
    tx.run(
        "DELETE FROM {countersign_feed} WHERE {countersign_feed.at} < $1 - $2 AND ( \
         {countersign_feed.kind} IN ('user_changed', 'session_changed') \
         OR ({countersign_feed.kind} = 'session_revoked' AND {countersign_feed.until} < $1) \
         OR {countersign_feed.at} < $1 - $3) \
         AND {countersign_feed.seq} < (SELECT max({countersign_feed.seq}) FROM {countersign_feed})",
        args![now, kept, longest_life],
    )
    .await
}
