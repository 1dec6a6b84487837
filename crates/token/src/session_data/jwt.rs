//! The form `jwt`: a JWT under the secret itself, whose header holds nothing but the algorithm.

use super::{MAX_SESSION_DATA_BYTES, SessionData, SessionDataDraft};
use crate::{Secret, SecretUse, Secrets, base64, mac::MacKey};

/// Signs and verifies the form `jwt`. It has no `sub`, so it is no access token, though the same secret may sign both; an
/// access token holds no session and no user, so it is none of these.
#[derive(Clone, Copy, Debug)]
pub struct SessionDataJwt;

/// `{"alg":"HS256"}`. No other is taken: the algorithm belongs to the key (RFC 8725 section 3.1).
const HEADER: &str = "eyJhbGciOiJIUzI1NiJ9";

impl SessionDataJwt {
    /// The value of a cookie. `iat` and `exp`: seconds since 1970.
    #[must_use]
    pub fn sign(draft: &SessionDataDraft, (iat, exp): (i64, i64), secret: &Secret) -> String {
        let mut token = format!("{HEADER}.");
        base64::encode_append(draft.with(&format!("\"iat\":{iat},\"exp\":{exp}")).as_bytes(), &mut token);
        let mac = MacKey::new(secret.expose().as_bytes()).mac(token.as_bytes());
        token.push('.');
        base64::encode_append(&mac, &mut token);
        token
    }

    /// What it remembers, if its signature holds under one of the secrets.
    #[must_use]
    pub fn verify(raw: &str, secrets: &Secrets) -> Option<SessionData> {
        if raw.len() > MAX_SESSION_DATA_BYTES {
            return None;
        }
        let (signed, signature) = raw.rsplit_once('.')?;
        let payload = signed.strip_prefix(HEADER)?.strip_prefix('.')?;
        let mac = base64::decode_exact::<32>(signature).ok()??;
        secrets.find(SecretUse::SessionData, |_, secret| {
            MacKey::new(secret.expose().as_bytes()).verify(signed.as_bytes(), &mac).then_some(())
        })?;
        SessionData::read(&String::from_utf8(base64::decode(payload).ok()?).ok()?, None)
    }
}
