//! Which keys sign and which still verify.

use countersign_db::Timestamp;

use super::rows::KeyRow;

/// Seconds a key goes on verifying after it stopped signing (docs/wire.md 11.1).
pub(crate) const GRACE_PERIOD: i64 = 30 * 86_400;

/// Whether tokens under this key are still accepted and the key is still published.
pub(crate) fn verifies(row: &KeyRow, now: Timestamp) -> bool {
    row.expires_at.is_none_or(|end| now < end.plus_seconds(GRACE_PERIOD))
}

/// Whether new tokens may be signed under this key.
pub(crate) fn signs(row: &KeyRow, algorithm: &str, now: Timestamp) -> bool {
    row.algorithm() == algorithm && row.expires_at.is_none_or(|end| now < end)
}
