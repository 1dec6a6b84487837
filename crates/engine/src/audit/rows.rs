//! The SQL of the audit log.

use countersign_db::{Error, Timestamp, Tx, args};

use super::Event;

pub(crate) async fn insert(tx: &mut Tx, id: String, at: Timestamp, event: &Event<'_>) -> Result<u64, Error> {
    tx.run(
        "INSERT INTO {countersign_audit} ({countersign_audit.id}, {countersign_audit.at}, {countersign_audit.event}, \
         {countersign_audit.userId}, {countersign_audit.sessionId}, {countersign_audit.detail}) \
         VALUES ($1, $2, $3, $4, $5, $6)",
        args![id, at, event.name(), event.user_id(), event.session_id().map(str::to_owned), event.detail(),],
    )
    .await
}
