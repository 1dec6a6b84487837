//! Sending the messages of the engine's outbox to the one receiver that is configured (Standard Webhooks).

use std::sync::Arc;
use std::time::Duration;

use base64_simd::STANDARD;
use countersign_engine::outbox::{Carrier, NotCarried};
use countersign_engine::webhook::Message;
use countersign_engine::{Clock, Engine};
use hmac::{Hmac, KeyInit, Mac};
use http::{HeaderName, Method, StatusCode, header};
use sha2::Sha256;

use crate::config::Config;
use crate::mail::Unusable;
use crate::outbound::{Broken, Elsewhere, Question, Reach};

/// How long the receiver may take to answer.
const PATIENCE: Duration = Duration::from_secs(15);

/// The receiver, and the key that messages to it are signed with.
pub struct Webhook {
    receiver: Elsewhere,
    key: Hmac<Sha256>,
    clock: Arc<dyn Clock>,
}

impl std::fmt::Debug for Webhook {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Webhook").finish_non_exhaustive()
    }
}

impl Webhook {
    /// Reads the settings; none where no receiver is configured.
    ///
    /// # Errors
    /// What is wrong with them.
    pub fn of(config: &Config, clock: Arc<dyn Clock>) -> Result<Option<Self>, Unusable> {
        let settings = &config.engine.webhooks;
        let Some(url) = &settings.url else { return Ok(None) };
        let unusable = |why: &str| Unusable(why.to_owned());
        let key = settings.key().ok_or_else(|| unusable("`webhooks.secret` is no secret of a webhook"))?;
        let key = Hmac::new_from_slice(&key).map_err(|_| unusable("`webhooks.secret` cannot be used"))?;
        let reach = if settings.allow_private_addresses { Reach::Anywhere } else { Reach::Public };
        let receiver =
            Elsewhere::at(url.expose(), reach).map_err(|error| Unusable(format!("`webhooks.url`: {error}")))?;
        Ok(Some(Self { receiver, key, clock }))
    }

    /// Sends what waits in the outbox, for as long as it is polled.
    pub async fn send_messages(self, engine: &Engine) {
        engine.carry(Arc::new(self)).await;
    }

    /// `v1,` and the MAC over id, time and payload (Standard Webhooks, "Signature scheme").
    fn signature(&self, id: &str, timestamp: i64, payload: &str) -> String {
        let mac = self.key.clone().chain_update(format!("{id}.{timestamp}.{payload}")).finalize();
        format!("v1,{}", STANDARD.encode_to_string(mac.into_bytes()))
    }
}

impl Carrier for Webhook {
    type Freight = Message;
    const KEEPS: bool = false;

    fn patience(&self) -> Duration {
        PATIENCE
    }

    async fn carry(&self, message: &Message) -> Result<(), NotCarried> {
        let timestamp = self.clock.now().seconds();
        let signature = self.signature(&message.id, timestamp, &message.payload);
        let head = vec![
            (header::CONTENT_TYPE, "application/json".to_owned()),
            (HeaderName::from_static("webhook-id"), message.id.clone()),
            (HeaderName::from_static("webhook-timestamp"), timestamp.to_string()),
            (HeaderName::from_static("webhook-signature"), signature),
        ];
        let question = Question { method: Method::POST, head, body: message.payload.clone(), read: 0 };
        match self.receiver.ask(question).await.map(|(status, _)| status) {
            Ok(status) if status.is_success() => Ok(()),
            Ok(StatusCode::GONE) => Err(NotCarried::Never("the receiver answers 410 Gone".to_owned())),
            Ok(status) => Err(NotCarried::Later(format!("the receiver answers {status}"))),
            Err(error @ Broken::Private) => {
                Err(NotCarried::Later(format!("{error}; see `webhooks.allow_private_addresses`")))
            }
            Err(error) => Err(NotCarried::Later(error.to_string())),
        }
    }
}
