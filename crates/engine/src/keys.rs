//! The keys this server signs with, and the verifier that accepts what they signed.

use countersign_token::{
    CannotSign, Claims, FeedCredential, KeySet, Policy, Secret, Secrets, SigningKey, Verifier, VerifyingKey, sign,
};

use crate::config::Config;
use crate::{Caller, Engine, chance};

/// Keys and what is built from them.
pub struct Keys {
    /// What signs and checks cookies and derives other keys.
    pub(crate) secrets: Secrets,
    /// What signs access tokens now.
    pub(crate) signing: SigningKey,
    /// What accepts access tokens.
    pub(crate) verifier: Verifier,
    /// What the credentials of followers of the feed are derived from.
    pub(crate) feed: Secrets,
    /// The public keys, for `/jwks`; none where access tokens are signed with a shared secret.
    pub(crate) public: Vec<serde_json::Value>,
}

impl Keys {
    /// HS256 under the secrets themselves, the newest first; or under `token.secret`.
    pub fn symmetric(secrets: Secrets, token_secret: Option<&Secret>, config: &Config) -> Self {
        let key = |(version, secret): (Option<u32>, &Secret)| SigningKey::hs256(secret, version.map(|v| v.to_string()));
        let keys: Vec<SigningKey> = match token_secret {
            Some(secret) => vec![SigningKey::hs256(secret, None)],
            None => secrets.iter().map(key).collect(),
        };
        let verifier = Verifier::new(KeySet::new(keys.iter().map(SigningKey::verifying_key)), policy(config));
        let signing = keys.into_iter().next().unwrap_or_else(|| SigningKey::hs256(secrets.current(), None));
        let feed = token_secret.cloned().map_or_else(|| secrets.clone(), Secrets::single);
        Self { secrets, signing, verifier, feed, public: Vec::new() }
    }

    /// Signs what is to be an access token.
    ///
    /// # Errors
    /// [`CannotSign`].
    pub fn sign(&self, claims: &Claims) -> Result<String, CannotSign> {
        sign(&self.signing, claims)
    }

    /// What accepts access tokens.
    pub fn verifier(&self) -> &Verifier {
        &self.verifier
    }

    /// What a service shows that follows the refusals: derived from `token.secret`, or else from the newest secret.
    pub fn feed_credential(&self) -> FeedCredential {
        FeedCredential::of(self.feed.current())
    }

    /// Whether a text is such a credential, of any of the secrets.
    pub fn admits_follower(&self, credential: &str) -> bool {
        FeedCredential::verify(credential, &self.feed)
    }

    /// EdDSA or ES256 under `signing`; `verifying` holds every key still trusted.
    pub(crate) fn asymmetric(
        secrets: Secrets,
        signing: SigningKey,
        verifying: Vec<VerifyingKey>,
        public: Vec<serde_json::Value>,
        config: &Config,
    ) -> Self {
        let feed = secrets.clone();
        Self { secrets, signing, verifier: Verifier::new(KeySet::new(verifying), policy(config)), feed, public }
    }
}

fn policy(config: &Config) -> Policy {
    let policy = Policy::default().max_lifetime(config.token.longest_lifetime());
    // A leeway beyond 60 s is refused with the configuration; the default stands in here.
    let mut policy = policy.clone().leeway(config.token.leeway.into()).unwrap_or(policy);
    if let Some(issuer) = config.issuer() {
        policy = policy.issuer(issuer);
    }
    if let Some(audience) = config.audience() {
        policy = policy.audience(audience);
    }
    policy
}

impl Engine {
    /// A new access token for a live session. It never outlives the session.
    ///
    /// # Errors
    /// [`CannotSign`].
    pub fn access_token(&self, caller: &Caller) -> Result<String, CannotSign> {
        let now = self.clock.now();
        let iat = now.seconds();
        let longest = iat.saturating_add(self.config.token.lifetime.into());
        let exp = longest.min(caller.session.expires_at.seconds());
        let mut claims = Claims::new(&*caller.user.id, iat, exp);
        claims.email = Some(caller.user.email.clone());
        claims.jti = Some(chance::id(&*self.chance, now));
        claims.sid = Some(caller.session.id.clone());
        claims.iss = self.config.issuer();
        claims.aud = self.config.audience().into_iter().collect();
        self.keys.sign(&claims)
    }

    /// What accepts this server's access tokens, for a guard in the same process.
    pub fn verifier(&self) -> &Verifier {
        &self.keys.verifier
    }

    /// The secrets that sign cookies.
    pub fn secrets(&self) -> &Secrets {
        &self.keys.secrets
    }

    /// The public keys that verify access tokens; none where a shared secret does.
    pub fn public_keys(&self) -> &[serde_json::Value] {
        &self.keys.public
    }
}
