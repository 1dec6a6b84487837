//! The SQL of keys.

use countersign_db::{Error, FromRow, Read, Row, Timestamp, Tx, args};

/// A key, as the row says it.
#[derive(Clone)]
pub(crate) struct KeyRow {
    /// The `kid` of tokens signed under it.
    pub(crate) id: String,
    /// A public JWK.
    pub(crate) public_key: String,
    /// A sealed private JWK, quoted as a JSON string.
    pub(crate) private_key: String,
    pub(crate) created_at: Timestamp,
    pub(crate) expires_at: Option<Timestamp>,
    /// Better Auth before 1.7 does not say it.
    pub(crate) alg: Option<String>,
    pub(crate) crv: Option<String>,
}

impl FromRow for KeyRow {
    fn from_row(row: &Row<'_>) -> Result<Self, Error> {
        Ok(Self {
            id: row.text("id")?,
            public_key: row.text("publicKey")?,
            private_key: row.text("privateKey")?,
            created_at: row.time("createdAt")?,
            expires_at: row.opt_time("expiresAt")?,
            alg: row.opt_text("alg")?,
            crv: row.opt_text("crv")?,
        })
    }
}

/// Makes others who would load the keys wait for the end of this transaction, so that of two nodes that start at once on
/// an empty table the second finds the key of the first. (SQLite's transactions wait for each other anyway.)
pub(crate) async fn lock(tx: &mut Tx) -> Result<u64, Error> {
    tx.run("UPDATE {countersign_migration} SET {countersign_migration.name} = {countersign_migration.name}", args![])
        .await
}

/// All keys, the newest first.
pub(crate) async fn all(read: &mut Read) -> Result<Vec<KeyRow>, Error> {
    read.all("SELECT {jwks.*} FROM {jwks} ORDER BY {jwks.createdAt} DESC, {jwks.id} DESC", args![]).await
}

pub(crate) async fn insert(tx: &mut Tx, row: &KeyRow) -> Result<u64, Error> {
    tx.run(
        "INSERT INTO {jwks} ({jwks.id}, {jwks.publicKey}, {jwks.privateKey}, {jwks.createdAt}, {jwks.expiresAt}, \
         {jwks.alg}, {jwks.crv}) VALUES ($1, $2, $3, $4, $5, $6, $7)",
        args![
            row.id.clone(),
            row.public_key.clone(),
            row.private_key.clone(),
            row.created_at,
            row.expires_at,
            row.alg.clone(),
            row.crv.clone(),
        ],
    )
    .await
}
