//! The form `compact`: JSON beside its MAC, all in base64url.

use super::{MAX_SESSION_DATA_BYTES, SessionData, SessionDataDraft};
use crate::{Secret, SecretUse, Secrets, base64, mac::MacKey};

/// Signs and verifies the form `compact`.
///
/// `base64url({"session":P,"expiresAt":E,"signature":S})`, where `S` is the MAC over the members of `P` and `expiresAt` in
/// one object, in this order.
#[derive(Clone, Copy, Debug)]
pub struct SessionDataCompact;

impl SessionDataCompact {
    /// The value of a cookie. `expires_at`: milliseconds since 1970.
    #[must_use]
    pub fn sign(draft: &SessionDataDraft, expires_at: i64, secret: &Secret) -> String {
        let end = format!("\"expiresAt\":{expires_at}");
        let mac = base64::encode(MacKey::new(secret.expose().as_bytes()).mac(draft.with(&end).as_bytes()));
        base64::encode(format!("{{\"session\":{},{end},\"signature\":\"{mac}\"}}", draft.0))
    }

    /// What it remembers, if its signature holds under one of the secrets. The MAC is taken over the text as it stands, which
    /// is how JavaScript writes it: one value has one spelling, and nothing is parsed that is not genuine.
    #[must_use]
    pub fn verify(raw: &str, secrets: &Secrets) -> Option<SessionData> {
        if raw.len() > MAX_SESSION_DATA_BYTES {
            return None;
        }
        let text = String::from_utf8(base64::decode(raw).ok()?).ok()?;
        let inside = text.strip_prefix("{\"session\":")?.strip_suffix("\"}")?;
        let (remembered, signature) = inside.rsplit_once(",\"signature\":\"")?;
        let mac = base64::decode_exact::<32>(signature).ok()??;
        let (payload, end) = remembered.rsplit_once(",\"expiresAt\":")?;
        let signed = format!("{},\"expiresAt\":{end}}}", payload.strip_suffix('}')?);
        secrets.find(SecretUse::SessionData, |_, secret| {
            MacKey::new(secret.expose().as_bytes()).verify(signed.as_bytes(), &mac).then_some(())
        })?;
        SessionData::read(payload, Some(end.parse().ok()?))
    }
}
