//! The SQL of verifications.

use countersign_db::{Error, FromRow, Read, Row, Timestamp, Tx, args};

/// A row to store.
pub(crate) struct New<'a> {
    pub(crate) id: String,
    pub(crate) identifier: &'a str,
    pub(crate) value: &'a str,
    pub(crate) expires_at: Timestamp,
    pub(crate) now: Timestamp,
}

/// What a row says.
#[derive(Debug)]
pub(crate) struct Stored {
    pub(crate) value: String,
    pub(crate) expires_at: Timestamp,
}

impl FromRow for Stored {
    fn from_row(row: &Row<'_>) -> Result<Self, Error> {
        Ok(Self { value: row.text("value")?, expires_at: row.time("expiresAt")? })
    }
}

pub(crate) async fn insert(tx: &mut Tx, new: New<'_>) -> Result<u64, Error> {
    tx.run(
        "INSERT INTO {verification} ({verification.id}, {verification.identifier}, {verification.value}, \
         {verification.expiresAt}, {verification.createdAt}, {verification.updatedAt}) VALUES ($1, $2, $3, $4, $5, $5)",
        args![new.id, new.identifier, new.value, new.expires_at, new.now],
    )
    .await
}

/// The newest row of an identifier.
pub(crate) async fn newest(read: &mut Read, identifier: &str) -> Result<Option<Stored>, Error> {
    read.opt(
        "SELECT {verification.value@v:value}, {verification.expiresAt@v:expiresAt} FROM {verification} AS v \
         WHERE {verification.identifier@v} = $1 ORDER BY {verification.createdAt@v} DESC, {verification.id@v} DESC LIMIT 1",
        args![identifier],
    )
    .await
}

/// Takes every row of an identifier out.
pub(crate) async fn take(tx: &mut Tx, identifier: &str) -> Result<Vec<Stored>, Error> {
    tx.all(
        "DELETE FROM {verification} WHERE {verification.identifier} = $1 \
         RETURNING {verification.value} AS \"value\", {verification.expiresAt} AS \"expiresAt\"",
        args![identifier],
    )
    .await
}

/// Deletes the rows of links whose value is the id of their user.
pub(crate) async fn delete_links(tx: &mut Tx, user_id: &str) -> Result<u64, Error> {
    tx.run(
        "DELETE FROM {verification} WHERE {verification.value} = $1 \
         AND ({verification.identifier} LIKE 'reset-password:%' OR {verification.identifier} LIKE 'delete-account-%')",
        args![user_id],
    )
    .await
}

pub(crate) async fn delete_expired(tx: &mut Tx, now: Timestamp) -> Result<u64, Error> {
    tx.run("DELETE FROM {verification} WHERE {verification.expiresAt} < $1", args![now]).await
}
