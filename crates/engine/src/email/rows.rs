//! The SQL of addresses.

use countersign_db::{Error, Timestamp, Tx, args};

use crate::User;

/// Marks an address as its user's, unless it is already, or the user has another by now.
pub(super) async fn mark_verified(tx: &mut Tx, id: &str, email: &str, now: Timestamp) -> Result<u64, Error> {
    tx.run(
        "UPDATE {user} SET {user.emailVerified} = $3, {user.updatedAt} = $4 \
         WHERE {user.id} = $1 AND {user.email} = $2 AND {user.emailVerified} <> $3",
        args![id, email, true, now],
    )
    .await
}

/// Gives a user the address `new` in place of `old`, unless they have another by now.
pub(super) async fn change(
    tx: &mut Tx,
    id: &str,
    (old, new): (&str, &str),
    now: Timestamp,
) -> Result<Option<User>, Error> {
    tx.opt(
        "UPDATE {user} SET {user.email} = $3, {user.updatedAt} = $4 \
         WHERE {user.id} = $1 AND {user.email} = $2 RETURNING {user.*}",
        args![id, old, new, now],
    )
    .await
}
