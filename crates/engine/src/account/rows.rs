//! The SQL of accounts. A credential account belongs to the provider `credential` and carries the user's own id.

use countersign_db::{Error, FromRow, Read, Row, Timestamp, Tx, args};

use super::Account;
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
         ON {account.userId@a} = {user.id@u} AND {account.providerId@a} = 'credential' WHERE {user.email@u} = $1 \
         ORDER BY {account.createdAt@a}, {account.id@a} LIMIT 1",
        args![email],
    )
    .await
}

pub(crate) async fn credential_by_user(read: &mut Read, user_id: &str) -> Result<Option<Credential>, Error> {
    read.opt(
        "SELECT {user.*@u}, {account.password@a:passwordHash} FROM {user} AS u JOIN {account} AS a \
         ON {account.userId@a} = {user.id@u} AND {account.providerId@a} = 'credential' WHERE {user.id@u} = $1 \
         ORDER BY {account.createdAt@a}, {account.id@a} LIMIT 1",
        args![user_id],
    )
    .await
}

/// When a user's password was set.
#[derive(Debug)]
pub(crate) struct PasswordSet(pub(crate) Timestamp);

impl FromRow for PasswordSet {
    fn from_row(row: &Row<'_>) -> Result<Self, Error> {
        Ok(Self(row.time("updatedAt")?))
    }
}

pub(crate) async fn password_set(read: &mut Read, user_id: &str) -> Result<Option<PasswordSet>, Error> {
    read.opt(
        "SELECT {account.updatedAt@a:updatedAt} FROM {account} AS a \
         WHERE {account.userId@a} = $1 AND {account.providerId@a} = 'credential' \
         ORDER BY {account.updatedAt@a} DESC LIMIT 1",
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
    let args = args![new.id, new.user_id, new.user_id, new.hash, new.now];
    // Better Auth 1.7.0 to 1.7.2 demands an issuer of every account (docs/databases.md).
    if tx.has_column("account", "issuer").await? {
        return tx
            .run(
                "INSERT INTO {account} ({account.id}, {account.accountId}, {account.providerId}, {account.userId}, \
                 {account.password}, {account.createdAt}, {account.updatedAt}, \"issuer\") \
                 VALUES ($1, $2, 'credential', $3, $4, $5, $5, 'local:credential')",
                args,
            )
            .await;
    }
    tx.run(
        "INSERT INTO {account} ({account.id}, {account.accountId}, {account.providerId}, {account.userId}, \
         {account.password}, {account.createdAt}, {account.updatedAt}) VALUES ($1, $2, 'credential', $3, $4, $5, $5)",
        args,
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

/// Puts a hash in the place of the one it was made for; another that came between stays. `set_at` is when the password was set,
/// where it is another.
pub(crate) async fn replace_hash(
    tx: &mut Tx,
    user_id: &str,
    (old, new): (&str, &str),
    set_at: Option<Timestamp>,
) -> Result<u64, Error> {
    tx.run(
        "UPDATE {account} SET {account.password} = $3, {account.updatedAt} = COALESCE($4, {account.updatedAt}) \
         WHERE {account.userId} = $1 AND {account.providerId} = 'credential' AND {account.password} = $2",
        args![user_id, old, new, set_at],
    )
    .await
}

impl FromRow for Account {
    fn from_row(row: &Row<'_>) -> Result<Self, Error> {
        Ok(Self {
            id: row.text("id")?,
            account_id: row.text("accountId")?,
            provider_id: row.text("providerId")?,
            user_id: row.text("userId")?,
            created_at: row.time("createdAt")?,
            updated_at: row.time("updatedAt")?,
            scope: row.opt_text("scope")?,
        })
    }
}

/// Accounts without tokens and hash.
macro_rules! account_where {
    ($condition:literal) => {
        concat!(
            "SELECT {account.id:id}, {account.accountId:accountId}, {account.providerId:providerId}, {account.userId:userId}, ",
            "{account.createdAt:createdAt}, {account.updatedAt:updatedAt}, {account.scope:scope} FROM {account} WHERE ",
            $condition
        )
    };
}

/// The accounts of a user, at most 100 as in Better Auth (docs/wire.md 6.4).
pub(crate) async fn of_user(read: &mut Read, user_id: &str) -> Result<Vec<Account>, Error> {
    read.all(
        account_where!("{account.userId} = $1 ORDER BY {account.createdAt}, {account.id} LIMIT 100"),
        args![user_id],
    )
    .await
}

pub(crate) async fn delete(tx: &mut Tx, id: &str) -> Result<u64, Error> {
    tx.run("DELETE FROM {account} WHERE {account.id} = $1", args![id]).await
}

/// An account at a provider, by what the provider calls its user.
pub(crate) async fn by_key(read: &mut Read, provider_id: &str, account_id: &str) -> Result<Option<Account>, Error> {
    read.opt(
        account_where!(
            "{account.providerId} = $1 AND {account.accountId} = $2 ORDER BY {account.createdAt}, {account.id} LIMIT 1"
        ),
        args![provider_id, account_id],
    )
    .await
}

/// What a provider handed out, as it lies in the database.
pub(crate) struct StoredTokens {
    pub(crate) access_token: Option<String>,
    pub(crate) access_token_expires_at: Option<Timestamp>,
    pub(crate) refresh_token: Option<String>,
    pub(crate) refresh_token_expires_at: Option<Timestamp>,
    pub(crate) id_token: Option<String>,
}

/// An account beside its tokens.
pub(crate) struct StoredAccount {
    pub(crate) account: Account,
    pub(crate) tokens: StoredTokens,
}

impl FromRow for StoredAccount {
    fn from_row(row: &Row<'_>) -> Result<Self, Error> {
        let tokens = StoredTokens {
            access_token: row.opt_text("accessToken")?,
            access_token_expires_at: row.opt_time("accessTokenExpiresAt")?,
            refresh_token: row.opt_text("refreshToken")?,
            refresh_token_expires_at: row.opt_time("refreshTokenExpiresAt")?,
            id_token: row.opt_text("idToken")?,
        };
        Ok(Self { account: Account::from_row(row)?, tokens })
    }
}

/// One of a user's accounts by its id, with its tokens.
pub(crate) async fn linked(read: &mut Read, user_id: &str, id: &str) -> Result<Option<StoredAccount>, Error> {
    read.opt("SELECT {account.*} FROM {account} WHERE {account.userId} = $1 AND {account.id} = $2", args![user_id, id])
        .await
}

/// A new account at a provider.
pub(crate) struct NewLinked<'a> {
    pub(crate) id: String,
    pub(crate) provider_id: &'a str,
    pub(crate) account_id: &'a str,
    pub(crate) user_id: &'a str,
    pub(crate) tokens: StoredTokens,
    pub(crate) scope: Option<String>,
    pub(crate) now: Timestamp,
}

pub(crate) async fn insert_linked(tx: &mut Tx, new: NewLinked<'_>) -> Result<u64, Error> {
    let tokens = new.tokens;
    let args = args![
        new.id,
        new.account_id,
        new.provider_id,
        new.user_id,
        tokens.access_token,
        tokens.access_token_expires_at,
        tokens.refresh_token,
        tokens.refresh_token_expires_at,
        tokens.id_token,
        new.scope,
        new.now,
    ];
    // Better Auth 1.7.0 to 1.7.2 demands an issuer of every account (docs/databases.md).
    if tx.has_column("account", "issuer").await? {
        return tx
            .run(
                "INSERT INTO {account} ({account.id}, {account.accountId}, {account.providerId}, {account.userId}, \
                 {account.accessToken}, {account.accessTokenExpiresAt}, {account.refreshToken}, \
                 {account.refreshTokenExpiresAt}, {account.idToken}, {account.scope}, {account.createdAt}, \
                 {account.updatedAt}, \"issuer\") VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $11, 'local:' || $3)",
                args,
            )
            .await;
    }
    tx.run(
        "INSERT INTO {account} ({account.id}, {account.accountId}, {account.providerId}, {account.userId}, \
         {account.accessToken}, {account.accessTokenExpiresAt}, {account.refreshToken}, {account.refreshTokenExpiresAt}, \
         {account.idToken}, {account.scope}, {account.createdAt}, {account.updatedAt}) \
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $11)",
        args,
    )
    .await
}

/// Puts tokens in the place of those that were there; what is not given stays, and so does the scope.
pub(crate) async fn update_tokens(
    tx: &mut Tx,
    id: &str,
    tokens: StoredTokens,
    scope: Option<String>,
    now: Timestamp,
) -> Result<u64, Error> {
    tx.run(
        "UPDATE {account} SET {account.accessToken} = COALESCE($2, {account.accessToken}), \
         {account.accessTokenExpiresAt} = COALESCE($3, {account.accessTokenExpiresAt}), \
         {account.refreshToken} = COALESCE($4, {account.refreshToken}), \
         {account.refreshTokenExpiresAt} = COALESCE($5, {account.refreshTokenExpiresAt}), \
         {account.idToken} = COALESCE($6, {account.idToken}), {account.scope} = COALESCE($7, {account.scope}), \
         {account.updatedAt} = $8 WHERE {account.id} = $1",
        args![
            id,
            tokens.access_token,
            tokens.access_token_expires_at,
            tokens.refresh_token,
            tokens.refresh_token_expires_at,
            tokens.id_token,
            scope,
            now
        ],
    )
    .await
}

/// Makes whoever else works on this account wait until the transaction ends; 0 where it is gone.
pub(crate) async fn lock_account(tx: &mut Tx, id: &str) -> Result<u64, Error> {
    tx.run("UPDATE {account} SET {account.accountId} = {account.accountId} WHERE {account.id} = $1", args![id]).await
}

/// Deletes the accounts of a user at providers, and names these.
pub(crate) async fn delete_linked(tx: &mut Tx, user_id: &str) -> Result<Vec<Unlinked>, Error> {
    tx.all(
        "DELETE FROM {account} WHERE {account.userId} = $1 AND {account.providerId} <> 'credential' \
         RETURNING {account.providerId} AS \"providerId\"",
        args![user_id],
    )
    .await
}

/// The provider of an account that is no more.
pub(crate) struct Unlinked(pub(crate) String);

impl FromRow for Unlinked {
    fn from_row(row: &Row<'_>) -> Result<Self, Error> {
        Ok(Self(row.text("providerId")?))
    }
}
