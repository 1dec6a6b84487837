//! Which keys sign and which still verify.

use countersign_db::Timestamp;
use countersign_token::VerifyingKey;

use super::rows::KeyRow;

/// Whether tokens under this key are still accepted and the key is still published: for `grace_period` seconds after it
/// stopped signing (docs/wire.md 11.1).
pub(crate) fn verifies(row: &KeyRow, grace_period: u32, now: Timestamp) -> bool {
    row.expires_at.is_none_or(|end| now < end.plus_seconds(grace_period.into()))
}

/// Whether new tokens may be signed under this key.
pub(crate) fn signs(row: &KeyRow, algorithm: &str, now: Timestamp) -> bool {
    self::algorithm(row) == Some(algorithm) && row.expires_at.is_none_or(|end| now < end)
}

/// What a key is for, if that can be known. Where the row does not say it, Better Auth goes by its settings, which are not ours to
/// read; the curve of the public key says the same. RSA's keys are for several algorithms, none of which we sign with.
pub(crate) fn algorithm(row: &KeyRow) -> Option<&str> {
    let of_its_curve = || Some(VerifyingKey::from_jwk(&row.public_key).ok()?.algorithm().as_str());
    row.alg.as_deref().or_else(of_its_curve)
}
