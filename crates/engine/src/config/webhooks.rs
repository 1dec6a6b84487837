//! Telling a program elsewhere what happened.

use base64_simd::STANDARD;
use schemars::JsonSchema;
use serde::Deserialize;
use url::Url;
use zeroize::Zeroizing;

use super::{Problems, Sensitive};
use crate::webhook::Kind;

/// Telling a program elsewhere what happened (`docs/webhooks.md`).
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Webhooks {
    /// Where messages are posted to: `https://app.example/hooks/auth`. Without it none are written.
    pub url: Option<Sensitive>,
    /// What they are signed with: `whsec_` and 24 to 64 random bytes in base64.
    pub secret: Option<Sensitive>,
    /// What is told. Without it: everything.
    pub events: Vec<Kind>,
    /// Whether the receiver may stand on this machine or in a private network, and be spoken to without TLS.
    pub allow_private_addresses: bool,
    /// Seconds after which a message that was not taken is not tried again.
    pub give_up_after: u32,
}

/// What a secret begins with (Standard Webhooks, "Signature scheme").
const PREFIX: &str = "whsec_";

impl Webhooks {
    /// Whether messages of this kind are written.
    #[must_use]
    pub fn tell(&self, kind: Kind) -> bool {
        self.url.is_some() && self.events.contains(&kind)
    }

    /// The key that messages are signed with, if `secret` holds one.
    #[must_use]
    pub fn key(&self) -> Option<Zeroizing<Vec<u8>>> {
        let text = self.secret.as_ref()?.expose().strip_prefix(PREFIX)?;
        let key = STANDARD.decode_to_vec(text).ok().map(Zeroizing::new)?;
        (24..=64).contains(&key.len()).then_some(key)
    }

    pub(super) fn check(&self, problems: &mut Problems) {
        let Some(url) = &self.url else { return };
        let parsed = Url::parse(url.expose()).ok().filter(|url| url.host_str().is_some_and(|host| !host.is_empty()));
        let fits = parsed.as_ref().is_some_and(|url| match url.scheme() {
            "https" => true,
            "http" => self.allow_private_addresses,
            _ => false,
        });
        problems.unless(fits, "webhooks.url", || {
            "must be a URL that begins with https://, or http:// with `webhooks.allow_private_addresses`".to_owned()
        });
        let named = parsed.is_some_and(|url| !url.username().is_empty() || url.password().is_some());
        problems.unless(!named, "webhooks.url", || "must not hold a user name or password".to_owned());
        problems.unless(self.key().is_some(), "webhooks.secret", || {
            "must be whsec_ and 24 to 64 random bytes in base64, as `echo whsec_$(openssl rand -base64 32)` makes them"
                .to_owned()
        });
        problems.unless(self.give_up_after > 0, "webhooks.give_up_after", || "must be at least 1 second".to_owned());
    }
}

impl Default for Webhooks {
    fn default() -> Self {
        Self {
            url: None,
            secret: None,
            events: Kind::ALL.to_vec(),
            allow_private_addresses: false,
            give_up_after: 259_200,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Config;

    fn keys(url: &str, secret: &str, private: bool) -> Vec<&'static str> {
        let mut config = Config::default();
        config.webhooks.url = Some(url.to_owned().into());
        config.webhooks.secret = Some(secret.to_owned().into());
        config.webhooks.allow_private_addresses = private;
        config.validate().err().unwrap_or_default().iter().map(|problem| problem.key).collect()
    }

    #[test]
    fn a_receiver_is_spoken_to_over_tls_and_with_a_secret_of_its_own() {
        let good = format!("whsec_{}", STANDARD.encode_to_string([7; 32]));
        assert_eq!(keys("https://app.example/hook?x=1", &good, false), [""; 0]);
        assert_eq!(keys("http://127.0.0.1:8080", &good, true), [""; 0]);
        for url in ["http://app.example", "ftp://app.example", "app.example", "https://", ""] {
            assert_eq!(keys(url, &good, false), ["webhooks.url"], "{url}");
        }
        assert_eq!(keys("https://user:pass@app.example", &good, false), ["webhooks.url"]);
        let short = format!("whsec_{}", STANDARD.encode_to_string([7; 23]));
        for secret in ["", "whsec_", "whsec_!", &good[6..], &short] {
            assert_eq!(keys("https://app.example", secret, false), ["webhooks.secret"], "{secret}");
        }
    }
}
