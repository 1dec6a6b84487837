//! The SQL of accounts. A credential account belongs to the provider `credential` and carries the user's own id.

use countersign_db::{Error, FromRow, Read, Row, Timestamp, Tx, args};

use crate::User;

/// A user beside the hash of their password.
#[derive(Debug)]
pub(crate) struct Credential {
    pub(crate) user: User,
    /// None if the user has no password.
    pub(crate) hash: Option<String>,
}

impl FromRow for Credential {
    fn from_row(row: &Row<'_>) -> Result<Self, Error> {
        Ok(Self { user: User::from_row(row)?, hash: row.opt_text("passwordHash")? })
    }
}

pub(crate) async fn credential_by_email(read: &mut Read, email: &str) -> Result<Option<Credential>, Error> {
    read.opt(
        "SELECT {user.*@u}, {account.password@a:passwordHash} FROM {user} AS u LEFT JOIN {account} AS a \
         ON {account.userId@a} = {user.id@u} AND {account.accountId@a} = {user.id@u} \
         AND {account.providerId@a} = 'credential' WHERE {user.email@u} = $1 \
         ORDER BY {account.createdAt@a} LIMIT 1",
        args![email],
    )
    .await
}

pub(crate) async fn credential_by_user(read: &mut Read, user_id: &str) -> Result<Option<Credential>, Error> {
    read.opt(
        "SELECT {user.*@u}, {account.password@a:passwordHash} FROM {user} AS u JOIN {account} AS a \
         ON {account.userId@a} = {user.id@u} AND {account.providerId@a} = 'credential' WHERE {user.id@u} = $1 \
         ORDER BY {account.createdAt@a} LIMIT 1",
        args![user_id],
    )
    .await
}

/// A new credential account.
pub(crate) struct NewCredential<'a> {
    pub(crate) id: String,
    pub(crate) user_id: &'a str,
    pub(crate) hash: &'a str,
    pub(crate) now: Timestamp,
}

pub(crate) async fn insert_credential(tx: &mut Tx, new: NewCredential<'_>) -> Result<u64, Error> {
    tx.run(
        "INSERT INTO {account} ({account.id}, {account.accountId}, {account.providerId}, {account.userId}, \
         {account.password}, {account.createdAt}, {account.updatedAt}) VALUES ($1, $2, 'credential', $2, $3, $4, $4)",
        args![new.id, new.user_id, new.hash, new.now],
    )
    .await
}

pub(crate) async fn update_credential(tx: &mut Tx, user_id: &str, hash: &str, now: Timestamp) -> Result<u64, Error> {
    tx.run(
        "UPDATE {account} SET {account.password} = $2, {account.updatedAt} = $3 \
         WHERE {account.userId} = $1 AND {account.providerId} = 'credential'",
        args![user_id, hash, now],
    )
    .await
}
