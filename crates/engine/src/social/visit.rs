//! The way to a provider and back. What must be known on return is kept in the database under the state, as Better Auth keeps
//! it (docs/wire.md 8.2), and a cookie binds the state to the browser that began.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::sealed::{self, Purpose as SealedFor};
use crate::session::Presented;
use crate::verification::actions::Purpose;
use crate::{Caller, Engine, Error, Found, Renewal, SessionError, chance};

/// Seconds within which somebody comes back.
const LIFETIME: u32 = 600;

/// What whoever begins asks for.
#[derive(Clone, Debug, Default)]
pub struct Destination {
    /// The provider they go to.
    pub provider: String,
    /// Where it leads in the end.
    pub callback_url: String,
    /// Where it leads where it fails.
    pub error_url: Option<String>,
    /// Where it leads a user who is new.
    pub new_user_url: Option<String>,
    /// Whether a user who is new is what was asked for.
    pub request_sign_up: Option<bool>,
    /// What the frontend keeps beside it.
    pub additional: Map<String, Value>,
}

/// A visit that has begun. Secrets: no `Debug`.
pub struct Begun {
    /// What the provider sends back, and the cookie holds.
    pub state: String,
    /// What is told to the provider with the code (RFC 7636).
    pub code_verifier: String,
}

/// A visit that is over.
pub struct Resumed {
    /// What was asked for.
    pub destination: Destination,
    /// What is told to the provider with the code.
    pub code_verifier: String,
    /// Whom the account shall be linked to; none where somebody signs in.
    pub link: Option<Link>,
}

/// Who links an account.
#[derive(Clone, Deserialize, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Link {
    user_id: String,
    email: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    encrypted_session_token: Option<String>,
}

/// Why somebody who comes back is not known.
#[derive(Debug, thiserror::Error)]
pub enum ResumeError {
    /// Nobody went away with this state, or too long ago, or in another browser. In the last case it is known where failures
    /// lead.
    #[error("the state is not that of a visit which began in this browser")]
    Mismatch(Option<String>),
    /// The database failed.
    #[error(transparent)]
    Engine(#[from] Error),
}

/// What is kept, under Better Auth's names.
#[derive(Deserialize, Serialize)]
#[serde(rename_all = "camelCase")]
struct Visit {
    #[serde(rename = "callbackURL")]
    callback_url: String,
    code_verifier: String,
    #[serde(rename = "errorURL", default, skip_serializing_if = "Option::is_none")]
    error_url: Option<String>,
    #[serde(rename = "newUserURL", default, skip_serializing_if = "Option::is_none")]
    new_user_url: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    link: Option<Link>,
    expires_at: i64,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    request_sign_up: Option<bool>,
    #[serde(default)]
    oauth_state: String,
    /// Where they went, which Better Auth does not keep.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    provider: Option<String>,
}

/// The names that are not the frontend's: those above, and what Better Auth keeps besides.
const OWN: [&str; 11] = [
    "callbackURL",
    "codeVerifier",
    "errorURL",
    "newUserURL",
    "link",
    "expiresAt",
    "requestSignUp",
    "oauthState",
    "serverContext",
    "idTokenNonce",
    "provider",
];

impl Engine {
    /// Begins a visit: of the caller, who links an account, or of somebody who signs in.
    ///
    /// # Errors
    /// [`Error::Database`].
    pub async fn begin_visit(&self, destination: Destination, caller: Option<&Caller>) -> Result<Begun, Error> {
        let begun = Begun { state: chance::state(&*self.chance), code_verifier: chance::code_verifier(&*self.chance) };
        let visit = Visit {
            callback_url: destination.callback_url,
            code_verifier: begun.code_verifier.clone(),
            error_url: destination.error_url,
            new_user_url: destination.new_user_url,
            link: caller.map(|caller| self.link_of(caller)),
            expires_at: self.clock.now().plus_seconds(LIFETIME.into()).millis(),
            request_sign_up: destination.request_sign_up,
            oauth_state: begun.state.clone(),
            provider: Some(destination.provider),
        };
        // What the frontend keeps stands first, and nothing of it is taken for ours.
        let mut kept = destination.additional;
        kept.retain(|name, _| !OWN.contains(&name.as_str()));
        if let Ok(Value::Object(own)) = serde_json::to_value(visit) {
            kept.extend(own);
        }
        let mut tx = self.db.write().await?;
        let key = (Purpose::AuthState, begun.state.as_str());
        self.keep_verification(&mut tx, key, &Value::Object(kept).to_string(), LIFETIME).await?;
        tx.commit().await?;
        Ok(begun)
    }

    fn link_of(&self, caller: &Caller) -> Link {
        let nonce = chance::bytes(&*self.chance);
        let sealed = sealed::seal(&caller.session.token, SealedFor::LinkSessionToken, self.secrets(), nonce);
        Link { user_id: caller.user.id.clone(), email: caller.user.email.clone(), encrypted_session_token: sealed }
    }

    /// Takes in whoever comes back from a provider with a state. `bound` is what the cookie of their browser holds. A visit is over
    /// once; without the right cookie, or from another provider (RFC 9700 section 4.4), it is not.
    ///
    /// # Errors
    /// [`ResumeError`].
    pub async fn resume_visit(&self, provider: &str, state: &str, bound: Option<&str>) -> Result<Resumed, ResumeError> {
        let mut read = self.db.read().await.map_err(Error::from)?;
        let kept = self.look_up_verification(&mut read, Purpose::AuthState, state).await?;
        drop(read);
        let visit = kept.and_then(|kept| serde_json::from_str::<Visit>(&kept).ok());
        let Some(visit) = visit.filter(|visit| visit.oauth_state.is_empty() || visit.oauth_state == state) else {
            return Err(ResumeError::Mismatch(None));
        };
        let elsewhere = visit.provider.as_deref().is_some_and(|went| went != provider);
        if bound != Some(state) || elsewhere {
            return Err(ResumeError::Mismatch(visit.error_url));
        }
        let mut tx = self.db.write().await.map_err(Error::from)?;
        if self.take_verification(&mut tx, Purpose::AuthState, state).await?.is_none() {
            return Err(ResumeError::Mismatch(visit.error_url));
        }
        tx.commit().await.map_err(Error::from)?;
        Ok(Resumed {
            destination: Destination {
                provider: provider.to_owned(),
                callback_url: visit.callback_url,
                error_url: visit.error_url,
                new_user_url: visit.new_user_url,
                request_sign_up: visit.request_sign_up,
                additional: Map::new(),
            },
            code_verifier: visit.code_verifier,
            link: visit.link,
        })
    }

    /// The session in which somebody began to link an account, if it lives on.
    pub(super) async fn still_signed_in(&self, link: &Link) -> Result<Option<Caller>, SessionError> {
        let sealed = link.encrypted_session_token.as_deref();
        let token = sealed.and_then(|sealed| sealed::open(sealed, SealedFor::LinkSessionToken, self.secrets()));
        let Some(token) = token else { return Ok(None) };
        let presented = Presented::Cookie { token: &token, dont_remember: false };
        match self.find_session(presented, Renewal::Never).await? {
            Found::Live { caller, .. } => Ok(Some(caller).filter(|caller| caller.user.id == link.user_id)),
            Found::Gone | Found::Nobody => Ok(None),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_name_of_ours_is_refused_to_the_frontend() {
        let link =
            Link { user_id: "u".to_owned(), email: "e".to_owned(), encrypted_session_token: Some("s".to_owned()) };
        let visit = Visit {
            callback_url: "/a".to_owned(),
            code_verifier: "v".to_owned(),
            error_url: Some("/b".to_owned()),
            new_user_url: Some("/c".to_owned()),
            link: Some(link),
            expires_at: 1,
            request_sign_up: Some(true),
            oauth_state: "s".to_owned(),
            provider: Some("p".to_owned()),
        };
        let Value::Object(members) = serde_json::to_value(visit).unwrap() else { unreachable!("a struct") };
        assert_eq!(members.len(), 9);
        assert!(members.keys().all(|name| OWN.contains(&name.as_str())), "{members:?}");
    }
}
