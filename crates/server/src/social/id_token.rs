//! ID tokens that come through a frontend, and the keys of their provider.

use std::sync::{Arc, Mutex, PoisonError};

use countersign_engine::db::Timestamp;
use countersign_token::{IdTokenClaims, IdTokenDemands, ProviderKeys, Refused};
use http::{Method, header};

use super::{ProviderError, ask};
use crate::outbound::Elsewhere;

/// Seconds after which keys are fetched anew, so that one the provider took back is believed no longer.
const KEPT: i64 = 3_600;
/// Seconds before that in which they are fetched already, while the old ones still hold.
const EARLY: i64 = 300;
/// Seconds before which they are not fetched again, whatever is asked: whoever makes names of keys up has nobody asked.
const BREATH: i64 = 30;

/// What verifies the ID tokens of one provider. Clones share its keys.
#[derive(Clone)]
pub(super) struct IdTokens(Arc<Inner>);

struct Inner {
    jwks: Elsewhere,
    /// Seconds after its issue in which a token is taken, where that is less than its life.
    max_age: Option<u32>,
    kept: Mutex<Kept>,
    /// Held while the keys are fetched, and by nobody who knows a key already.
    fetching: tokio::sync::Mutex<()>,
}

/// The keys as they were fetched last.
#[derive(Clone, Default)]
struct Kept {
    keys: Option<Arc<ProviderKeys>>,
    /// When they were fetched.
    fetched: Option<Timestamp>,
    /// When the provider was asked last, whatever came of it.
    asked: Option<Timestamp>,
}

fn is_past(instant: Option<Timestamp>, seconds: i64, now: Timestamp) -> bool {
    instant.is_none_or(|instant| instant.plus_seconds(seconds) <= now)
}

impl IdTokens {
    pub(super) fn new(jwks: Elsewhere, max_age: Option<u32>) -> Self {
        let (kept, fetching) = (Mutex::default(), tokio::sync::Mutex::default());
        Self(Arc::new(Inner { jwks, max_age, kept, fetching }))
    }

    pub(super) async fn verify(
        &self,
        token: &str,
        (issuers, audience, nonce): (&[String], &str, Option<&str>),
        now: Timestamp,
    ) -> Result<IdTokenClaims, Refused> {
        let demands = IdTokenDemands { issuers, audience, nonce, max_age: self.0.max_age };
        let keys = self.keys(now);
        let kept = self.kept();
        if keys.is_some() && is_past(kept.fetched, KEPT - EARLY, now) && is_past(kept.asked, BREATH, now) {
            // Not waited for: those that are known still hold.
            drop(self.fetch(now));
        }
        match keys.unwrap_or_default().verify(token, &demands, now.seconds()) {
            Err(Refused::UnknownKey) => {
                // The provider may have made a new one just now.
                self.fetch(now).await;
                self.keys(now).unwrap_or_default().verify(token, &demands, now.seconds())
            }
            judged => judged,
        }
    }

    /// The keys that still hold.
    fn keys(&self, now: Timestamp) -> Option<Arc<ProviderKeys>> {
        let kept = self.kept();
        kept.keys.filter(|_| !is_past(kept.fetched, KEPT, now))
    }

    fn kept(&self) -> Kept {
        self.0.kept.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    fn keep(&self, change: impl FnOnce(&mut Kept)) {
        change(&mut self.0.kept.lock().unwrap_or_else(PoisonError::into_inner));
    }

    /// Fetches the keys, unless that was tried just now. In a task of its own, which comes to its end whoever waits for it; whoever
    /// else asks meanwhile waits for the same.
    fn fetch(&self, now: Timestamp) -> impl Future<Output = ()> + Send + use<> {
        let this = self.clone();
        let task = tokio::spawn(async move {
            let _alone = this.0.fetching.lock().await;
            if !is_past(this.kept().asked, BREATH, now) {
                return;
            }
            this.keep(|kept| kept.asked = Some(now));
            let head = vec![(header::ACCEPT, "application/json".to_owned())];
            let fetched = ask(&this.0.jwks, Method::GET, head, String::new()).await;
            let keys =
                fetched.and_then(|set| ProviderKeys::from_jwks(&set.to_string()).map_err(|_| ProviderError::Senseless));
            match keys {
                Ok(keys) => this.keep(|kept| {
                    kept.keys = Some(Arc::new(keys));
                    kept.fetched = Some(now);
                }),
                Err(error) => tracing::warn!(%error, "the keys of a provider cannot be fetched"),
            }
        });
        async move { drop(task.await) }
    }
}
