//! Minting a token.

use crate::{Claims, base64, claims::REGISTERED, keys::SigningKey, verify::MAX_TOKEN_BYTES};

/// Mints a token: header `{"alg":..,"typ":"at+jwt"}` with the key's `kid` if it has one, the claims, the signature.
///
/// # Errors
/// [`CannotSign`] when no verifier could take the token, or the library cannot sign.
pub fn sign(key: &SigningKey, claims: &Claims) -> Result<String, CannotSign> {
    sign_as(key, key.minted_header(), claims)
}

/// The same under another header.
pub(crate) fn sign_as(key: &SigningKey, header: &str, claims: &Claims) -> Result<String, CannotSign> {
    if let Some(name) = REGISTERED.iter().find(|name| claims.custom.contains_key(**name)) {
        return Err(CannotSign::RegisteredClaim(name));
    }
    let mut payload = Vec::with_capacity(USUAL_PAYLOAD_BYTES);
    serde_json::to_writer(&mut payload, claims).map_err(|_| CannotSign::Library)?;
    let mut token = String::with_capacity(header.len() + payload.len() * 4 / 3 + 96);
    token.push_str(header);
    token.push('.');
    base64::encode_append(&payload, &mut token);
    let signature = key.sign(token.as_bytes()).ok_or(CannotSign::Library)?;
    token.push('.');
    base64::encode_append(signature.as_ref(), &mut token);
    if token.len() > MAX_TOKEN_BYTES { Err(CannotSign::TooLong) } else { Ok(token) }
}

/// Room for the usual claims, so that the buffer seldom grows.
const USUAL_PAYLOAD_BYTES: usize = 384;

/// Why no token was minted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum CannotSign {
    /// A custom claim has the name of a claim that has its own field.
    #[error("`{0}` has a field of its own and cannot be a custom claim")]
    RegisteredClaim(&'static str),
    /// The token would be longer than any verifier takes.
    #[error("the token would be longer than {MAX_TOKEN_BYTES} bytes")]
    TooLong,
    /// A refresh token can name no session whose id is empty or this long.
    #[error("the session's id is empty or too long for a refresh token")]
    SessionId,
    /// The cryptographic library refused (ES256 draws a nonce from the system, which may fail).
    #[error("the cryptographic library cannot sign")]
    Library,
}
