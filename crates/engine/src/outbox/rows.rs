//! The SQL of the outbox. Instants are milliseconds since 1970, on both databases.

use std::borrow::Cow;

use countersign_db::{Error, FromRow, Read, Row, Timestamp, Tx, args};

use serde::{Deserialize, Serialize};

use super::{Content, Freight, Letter};

/// The column `content` of a letter.
#[derive(Default, Serialize, Deserialize)]
pub(crate) struct Written<'a> {
    #[serde(flatten)]
    pub(crate) content: Content,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) language: Option<Cow<'a, str>>,
}

impl Written<'_> {
    pub(crate) fn text(&self) -> String {
        serde_json::to_string(self).unwrap_or_default()
    }
}

/// What is stored of a new letter or message.
pub(crate) struct New<'a> {
    pub(crate) id: String,
    /// The name of a letter's kind, [`WEBHOOK`], or [`NOTHING`].
    pub(crate) kind: &'static str,
    pub(crate) to: &'a str,
    pub(crate) content: String,
    pub(crate) now: Timestamp,
    pub(crate) expires_at: Timestamp,
}

/// A letter whose time to be tried has come.
#[derive(Debug)]
pub(crate) struct Due {
    pub(crate) id: String,
    /// When that was; whoever changes it has claimed the letter.
    pub(crate) next_at: i64,
}

impl FromRow for Due {
    fn from_row(row: &Row<'_>) -> Result<Self, Error> {
        Ok(Self { id: row.text("id")?, next_at: row.int("nextAt")? })
    }
}

/// A row with what it holds.
#[derive(Debug)]
pub(crate) struct Stored<T> {
    pub(crate) holds: Holds<T>,
    /// How often it was tried, this time included.
    pub(crate) attempts: i64,
}

/// What a row holds.
#[derive(Debug)]
pub(crate) enum Holds<T> {
    Freight(T),
    /// Nothing: storing it was all it was for.
    Nothing,
    /// Something this program cannot read; a newer one beside it may.
    Unreadable,
}

/// The kind of a row that holds nothing.
pub(crate) const NOTHING: &str = "nothing";
/// The kind of a message for the webhook.
pub(crate) const WEBHOOK: &str = "webhook";

impl<T: Freight> FromRow for Stored<T> {
    fn from_row(row: &Row<'_>) -> Result<Self, Error> {
        let freight = match row.opt_text("content")? {
            Some(content) => T::from_content(row, &content)?,
            None => None,
        };
        let holds = match freight {
            _ if row.text("kind")? == NOTHING => Holds::Nothing,
            Some(freight) => Holds::Freight(freight),
            None => Holds::Unreadable,
        };
        Ok(Self { holds, attempts: row.int("attempts")? })
    }
}

pub(crate) async fn insert(tx: &mut Tx, new: New<'_>) -> Result<u64, Error> {
    tx.run(
        "INSERT INTO {countersign_outbox} ({countersign_outbox.id}, {countersign_outbox.kind}, \
         {countersign_outbox.recipient}, {countersign_outbox.content}, {countersign_outbox.createdAt}, \
         {countersign_outbox.expiresAt}, {countersign_outbox.nextAt}, {countersign_outbox.attempts}) \
         VALUES ($1, $2, $3, $4, $5, $6, $5, 0)",
        args![new.id, new.kind, new.to, new.content, new.now.millis(), new.expires_at.millis()],
    )
    .await
}

/// Up to `limit` letters, or messages for the webhook, that are due, the longest due first.
pub(crate) async fn due(read: &mut Read, webhook: bool, now: Timestamp, limit: i64) -> Result<Vec<Due>, Error> {
    read.all(
        "SELECT {countersign_outbox.id} AS id, {countersign_outbox.nextAt} AS \"nextAt\" FROM {countersign_outbox} \
         WHERE {countersign_outbox.nextAt} <= $1 AND ({countersign_outbox.kind} = 'webhook') = $2 \
         ORDER BY {countersign_outbox.nextAt}, {countersign_outbox.id} LIMIT $3",
        args![now.millis(), webhook, limit],
    )
    .await
}

/// Claims a letter until `until`, unless somebody else did: a compare-and-swap on the time it was due.
pub(crate) async fn claim<T: Freight>(tx: &mut Tx, due: &Due, until: i64) -> Result<Option<Stored<T>>, Error> {
    tx.opt(
        "UPDATE {countersign_outbox} SET {countersign_outbox.nextAt} = $3, \
         {countersign_outbox.attempts} = {countersign_outbox.attempts} + 1 \
         WHERE {countersign_outbox.id} = $1 AND {countersign_outbox.nextAt} = $2 RETURNING {countersign_outbox.*}",
        args![due.id.clone(), due.next_at, until],
    )
    .await
}

/// Writes down that a letter was carried. Its content is kept only where somebody shall read it here.
pub(crate) async fn carried(tx: &mut Tx, id: &str, keep: bool, now: Timestamp) -> Result<u64, Error> {
    tx.run(
        "UPDATE {countersign_outbox} SET {countersign_outbox.nextAt} = NULL, {countersign_outbox.sentAt} = $2, \
         {countersign_outbox.lastError} = NULL, \
         {countersign_outbox.content} = CASE WHEN $3 THEN {countersign_outbox.content} ELSE NULL END \
         WHERE {countersign_outbox.id} = $1",
        args![id, now.millis(), keep],
    )
    .await
}

/// Puts a letter off.
pub(crate) async fn put_off(tx: &mut Tx, id: &str, until: i64, why: &str) -> Result<u64, Error> {
    tx.run(
        "UPDATE {countersign_outbox} SET {countersign_outbox.nextAt} = $2, {countersign_outbox.lastError} = $3 \
         WHERE {countersign_outbox.id} = $1 AND {countersign_outbox.nextAt} IS NOT NULL",
        args![id, until, why],
    )
    .await
}

/// Gives a letter up.
pub(crate) async fn give_up(tx: &mut Tx, id: &str, why: &str) -> Result<u64, Error> {
    tx.run(
        "UPDATE {countersign_outbox} SET {countersign_outbox.nextAt} = NULL, {countersign_outbox.content} = NULL, \
         {countersign_outbox.lastError} = $2 WHERE {countersign_outbox.id} = $1",
        args![id, why],
    )
    .await
}

pub(crate) async fn delete(tx: &mut Tx, id: &str) -> Result<u64, Error> {
    tx.run("DELETE FROM {countersign_outbox} WHERE {countersign_outbox.id} = $1", args![id]).await
}

/// Deletes what was dealt with and is older than `before`.
pub(crate) async fn delete_old(tx: &mut Tx, before: Timestamp) -> Result<u64, Error> {
    tx.run(
        "DELETE FROM {countersign_outbox} \
         WHERE {countersign_outbox.nextAt} IS NULL AND {countersign_outbox.createdAt} < $1",
        args![before.millis()],
    )
    .await
}

/// The number of letters that are on their way: waiting for their first try, or in it.
pub(crate) async fn under_way(read: &mut Read) -> Result<i64, Error> {
    read.one(
        "SELECT count(*) FROM {countersign_outbox} \
         WHERE {countersign_outbox.nextAt} IS NOT NULL AND {countersign_outbox.lastError} IS NULL \
         AND {countersign_outbox.kind} <> 'webhook'",
        args![],
    )
    .await
}

/// The newest letters that were carried and whose content is kept, the newest first.
pub(crate) async fn kept(read: &mut Read, limit: i64) -> Result<Vec<Stored<Letter>>, Error> {
    read.all(
        "SELECT {countersign_outbox.*} FROM {countersign_outbox} WHERE {countersign_outbox.sentAt} IS NOT NULL \
         AND {countersign_outbox.content} IS NOT NULL \
         ORDER BY {countersign_outbox.createdAt} DESC, {countersign_outbox.id} DESC LIMIT $1",
        args![limit],
    )
    .await
}
