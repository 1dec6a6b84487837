//! The SQL of users.

use countersign_db::{Error, FromRow, Read, Row, Timestamp, Tx, Value, args};

use super::Profile;
use crate::User;

impl FromRow for User {
    fn from_row(row: &Row<'_>) -> Result<Self, Error> {
        Ok(Self {
            id: row.text("id")?,
            name: row.text("name")?,
            email: row.text("email")?,
            email_verified: row.bool("emailVerified")?,
            image: row.opt_text("image")?,
            created_at: row.time("createdAt")?,
            updated_at: row.time("updatedAt")?,
            role: row.opt_text("role")?,
            banned: row.opt_bool("banned")?,
            ban_reason: row.opt_text("banReason")?,
            ban_expires: row.opt_time("banExpires")?,
            additional: row.additional("user")?,
        })
    }
}

/// Inserts a user; the number of rows inserted.
pub(crate) async fn insert(tx: &mut Tx, user: &User) -> Result<u64, Error> {
    tx.run(
        "INSERT INTO {user} ({user.id}, {user.name}, {user.email}, {user.emailVerified}, {user.image}, \
         {user.createdAt}, {user.updatedAt}, {user.role}, {user.banned}, {user.banReason}, {user.banExpires}{user.+}) \
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11{user.+$12})",
        columns(user),
    )
    .await
}

/// The same, unless its id or its address is there already.
pub(crate) async fn insert_if_new(tx: &mut Tx, user: &User) -> Result<u64, Error> {
    tx.run(
        "INSERT INTO {user} ({user.id}, {user.name}, {user.email}, {user.emailVerified}, {user.image}, \
         {user.createdAt}, {user.updatedAt}, {user.role}, {user.banned}, {user.banReason}, {user.banExpires}{user.+}) \
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11{user.+$12}) ON CONFLICT DO NOTHING",
        columns(user),
    )
    .await
}

fn columns(user: &User) -> Vec<Value> {
    let mut columns = args![
        user.id.clone(),
        user.name.clone(),
        user.email.clone(),
        user.email_verified,
        user.image.clone(),
        user.created_at,
        user.updated_at,
        user.role.clone(),
        user.banned,
        user.ban_reason.clone(),
        user.ban_expires,
    ];
    columns.extend(user.additional.values());
    columns
}

pub(crate) async fn by_id(read: &mut Read, id: &str) -> Result<Option<User>, Error> {
    read.opt("SELECT {user.*} FROM {user} WHERE {user.id} = $1", args![id]).await
}

pub(crate) async fn by_email(read: &mut Read, email: &str) -> Result<Option<User>, Error> {
    read.opt("SELECT {user.*} FROM {user} WHERE {user.email} = $1", args![email]).await
}

/// Up to `limit` users in the order of their ids: those with ids greater than `after`, or the first.
pub(crate) async fn page(read: &mut Read, after: Option<&str>, limit: i64) -> Result<Vec<User>, Error> {
    match after {
        Some(after) => {
            let next = "SELECT {user.*} FROM {user} WHERE {user.id} > $1 ORDER BY {user.id} LIMIT $2";
            read.all(next, args![after, limit]).await
        }
        None => read.all("SELECT {user.*} FROM {user} ORDER BY {user.id} LIMIT $1", args![limit]).await,
    }
}

pub(crate) async fn update_profile(tx: &mut Tx, id: &str, profile: &Profile, now: Timestamp) -> Result<u64, Error> {
    let Profile { name, image, additional } = profile;
    let mut args = args![id, name.clone(), image.is_some(), image.clone().flatten(), now];
    args.extend(additional.values());
    tx.run(
        "UPDATE {user} SET {user.name} = COALESCE($2, {user.name}), \
         {user.image} = CASE WHEN $3 THEN $4 ELSE {user.image} END, {user.updatedAt} = $5{user.=$6} WHERE {user.id} = $1",
        args,
    )
    .await
}

/// Whether and why a user is suspended.
#[derive(Clone, Debug)]
pub(crate) struct Ban {
    pub(crate) banned: bool,
    pub(crate) reason: Option<String>,
    pub(crate) expires: Option<Timestamp>,
}

pub(crate) async fn set_ban(tx: &mut Tx, id: &str, ban: &Ban, now: Timestamp) -> Result<u64, Error> {
    tx.run(
        "UPDATE {user} SET {user.banned} = $2, {user.banReason} = $3, {user.banExpires} = $4, {user.updatedAt} = $5 \
         WHERE {user.id} = $1",
        args![id, ban.banned, ban.reason.clone(), ban.expires, now],
    )
    .await
}

pub(crate) async fn set_role(tx: &mut Tx, id: &str, role: &str, now: Timestamp) -> Result<u64, Error> {
    tx.run("UPDATE {user} SET {user.role} = $2, {user.updatedAt} = $3 WHERE {user.id} = $1", args![id, role, now]).await
}

pub(crate) async fn delete(tx: &mut Tx, id: &str) -> Result<u64, Error> {
    tx.run("DELETE FROM {user} WHERE {user.id} = $1", args![id]).await
}
