//! The SQL of sessions.

use countersign_db::{Changes, Error, FromRow, Read, Row, Timestamp, Tx, args};

use crate::{Session, User};

impl FromRow for Session {
    fn from_row(row: &Row<'_>) -> Result<Self, Error> {
        Ok(Self {
            id: row.text("id")?,
            expires_at: row.time("expiresAt")?,
            token: row.text("token")?,
            created_at: row.time("createdAt")?,
            updated_at: row.time("updatedAt")?,
            ip_address: row.opt_text("ipAddress")?,
            user_agent: row.opt_text("userAgent")?,
            user_id: row.text("userId")?,
            impersonated_by: row.opt_text("impersonatedBy")?,
            dont_remember: row.opt_bool("dontRemember")?.unwrap_or(false),
            additional: row.additional("session")?,
        })
    }
}

/// A session beside its user.
#[derive(Debug)]
pub(crate) struct SessionAndUser {
    pub(crate) session: Session,
    pub(crate) user: User,
}

impl FromRow for SessionAndUser {
    fn from_row(row: &Row<'_>) -> Result<Self, Error> {
        Ok(Self { session: Session::from_row(&row.under("s_"))?, user: User::from_row(&row.under("u_"))? })
    }
}

/// A session beside its user, by one column.
macro_rules! session_and_user_where {
    ($condition:literal) => {
        concat!(
            "SELECT {session.*@s:s_}, {user.*@u:u_}, {countersign_session.dontRemember@c:s_dontRemember} ",
            "FROM {session} AS s JOIN {user} AS u ON {user.id@u} = {session.userId@s} ",
            "LEFT JOIN {countersign_session} AS c ON {countersign_session.sessionId@c} = {session.id@s} WHERE ",
            $condition
        )
    };
}

pub(crate) async fn by_id(read: &mut Read, id: &str) -> Result<Option<SessionAndUser>, Error> {
    read.opt(session_and_user_where!("{session.id@s} = $1"), args![id]).await
}

pub(crate) async fn by_token(read: &mut Read, token: &str) -> Result<Option<SessionAndUser>, Error> {
    read.opt(session_and_user_where!("{session.token@s} = $1"), args![token]).await
}

/// The live sessions of a user, at most 100 as in Better Auth (docs/wire.md 6.4).
pub(crate) async fn live_of_user(read: &mut Read, user_id: &str, now: Timestamp) -> Result<Vec<Session>, Error> {
    read.all(
        "SELECT {session.*@s}, {countersign_session.dontRemember@c:dontRemember} FROM {session} AS s \
         LEFT JOIN {countersign_session} AS c ON {countersign_session.sessionId@c} = {session.id@s} \
         WHERE {session.userId@s} = $1 AND {session.expiresAt@s} > $2 ORDER BY {session.createdAt@s}, {session.id@s} LIMIT 100",
        args![user_id, now],
    )
    .await
}

/// The newest hundred sessions of the user with an e-mail address, over or not.
pub(crate) async fn of_email(read: &mut Read, email: &str) -> Result<Vec<Session>, Error> {
    read.all(
        "SELECT {session.*@s}, {countersign_session.dontRemember@c:dontRemember} FROM {session} AS s \
         JOIN {user} AS u ON {user.id@u} = {session.userId@s} \
         LEFT JOIN {countersign_session} AS c ON {countersign_session.sessionId@c} = {session.id@s} \
         WHERE {user.email@u} = $1 ORDER BY {session.createdAt@s} DESC, {session.id@s} DESC LIMIT 100",
        args![email],
    )
    .await
}

/// Inserts a session; the number of rows inserted.
pub(crate) async fn insert(tx: &mut Tx, session: &Session) -> Result<u64, Error> {
    let mut args = args![
        session.id.clone(),
        session.expires_at,
        session.token.clone(),
        session.created_at,
        session.updated_at,
        session.ip_address.clone(),
        session.user_agent.clone(),
        session.user_id.clone(),
        session.impersonated_by.clone(),
    ];
    args.extend(session.additional.values());
    let inserted = tx
        .run(
            "INSERT INTO {session} ({session.id}, {session.expiresAt}, {session.token}, {session.createdAt}, \
             {session.updatedAt}, {session.ipAddress}, {session.userAgent}, {session.userId}, {session.impersonatedBy}{session.+}) \
             VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9{session.+$10})",
            args,
        )
        .await?;
    if session.dont_remember && inserted > 0 {
        tx.run(
            "INSERT INTO {countersign_session} ({countersign_session.sessionId}, {countersign_session.dontRemember}) \
             VALUES ($1, $2)",
            args![session.id.clone(), true],
        )
        .await?;
    }
    Ok(inserted)
}

/// Moves the end of a session; the number of rows changed.
pub(crate) async fn renew(tx: &mut Tx, id: &str, expires_at: Timestamp, now: Timestamp) -> Result<u64, Error> {
    tx.run(
        "UPDATE {session} SET {session.expiresAt} = $2, {session.updatedAt} = $3 WHERE {session.id} = $1",
        args![id, expires_at, now],
    )
    .await
}

/// Makes whoever would end a session wait until the transaction ends; 0 where it is gone.
pub(crate) async fn lock(tx: &mut Tx, id: &str) -> Result<u64, Error> {
    tx.run("UPDATE {session} SET {session.userId} = {session.userId} WHERE {session.id} = $1", args![id]).await
}

/// Changes additional fields of a session; the number of rows changed.
pub(crate) async fn update(tx: &mut Tx, id: &str, changes: &Changes, now: Timestamp) -> Result<u64, Error> {
    let mut args = args![id, now];
    args.extend(changes.values());
    tx.run("UPDATE {session} SET {session.updatedAt} = $2{session.=$3} WHERE {session.id} = $1", args).await
}

/// The id of a session that is no more.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Ended(pub(crate) String);

impl FromRow for Ended {
    fn from_row(row: &Row<'_>) -> Result<Self, Error> {
        Ok(Self(row.text("id")?))
    }
}

pub(crate) async fn delete(tx: &mut Tx, id: &str) -> Result<Vec<Ended>, Error> {
    tx.all("DELETE FROM {session} WHERE {session.id} = $1 RETURNING {session.id} AS id", args![id]).await
}

/// Deletes a session only if its time has passed.
pub(crate) async fn delete_ended(tx: &mut Tx, id: &str, now: Timestamp) -> Result<u64, Error> {
    tx.run("DELETE FROM {session} WHERE {session.id} = $1 AND {session.expiresAt} <= $2", args![id, now]).await
}

/// Deletes a session of `user_id` by its token; another's is left alone.
pub(crate) async fn delete_own(tx: &mut Tx, user_id: &str, token: &str) -> Result<Vec<Ended>, Error> {
    tx.all(
        "DELETE FROM {session} WHERE {session.userId} = $1 AND {session.token} = $2 RETURNING {session.id} AS id",
        args![user_id, token],
    )
    .await
}

pub(crate) async fn delete_all(tx: &mut Tx, user_id: &str) -> Result<Vec<Ended>, Error> {
    tx.all("DELETE FROM {session} WHERE {session.userId} = $1 RETURNING {session.id} AS id", args![user_id]).await
}

pub(crate) async fn delete_others(tx: &mut Tx, user_id: &str, id: &str) -> Result<Vec<Ended>, Error> {
    tx.all(
        "DELETE FROM {session} WHERE {session.userId} = $1 AND {session.id} <> $2 RETURNING {session.id} AS id",
        args![user_id, id],
    )
    .await
}
