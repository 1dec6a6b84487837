//! The keys this server signs with, and the verifier that accepts what they signed.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

use arc_swap::ArcSwap;
use countersign_db::Timestamp;
use countersign_token::{
    CannotSign, Claims, FeedCredential, KeySet, Policy, Secret, Secrets, ServiceToken, SigningKey, Verifier,
    VerifyingKey, sign,
};

use crate::config::{Config, Payload};
use crate::{Caller, Engine, chance};

/// Keys and what is built from them.
pub struct Keys {
    /// What signs and checks cookies and derives other keys.
    pub(crate) secrets: Secrets,
    /// What signs access tokens now, and what is published of it.
    current: ArcSwap<Current>,
    /// What accepts access tokens.
    pub(crate) verifier: Verifier,
    /// What the credentials of followers of the feed are derived from.
    pub(crate) feed: Secrets,
    /// When keys were looked for, in seconds.
    looked: AtomicI64,
    /// Who issues service tokens; nobody where access tokens are signed with a shared secret.
    service_issuer: Option<String>,
}

/// The keys of one moment.
pub(crate) struct Current {
    pub(crate) signing: SigningKey,
    /// The public keys, for `/jwks`; none where access tokens are signed with a shared secret.
    pub(crate) public: Arc<[serde_json::Value]>,
}

/// A new access token and how long it lives.
pub struct TimedToken {
    /// The access token.
    pub token: String,
    /// The time when it was made, by this server's clock.
    pub issued_at: Timestamp,
    /// When it ends.
    pub expires_at: Timestamp,
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
        let current = ArcSwap::from_pointee(Current { signing, public: Arc::default() });
        Self { secrets, current, verifier, feed, looked: AtomicI64::default(), service_issuer: None }
    }

    /// Signs what is to be an access token.
    ///
    /// # Errors
    /// [`CannotSign`].
    pub fn sign(&self, claims: &Claims) -> Result<String, CannotSign> {
        sign(&self.current.load().signing, claims)
    }

    /// What accepts access tokens.
    pub fn verifier(&self) -> &Verifier {
        &self.verifier
    }

    /// What a service shows that follows the refusals: derived from `token.secret`, or else from the newest secret.
    pub fn feed_credential(&self) -> FeedCredential {
        FeedCredential::of(self.feed.current())
    }

    /// A service token for a service by this name: the credential where no secret is shared with it. `None` where access
    /// tokens are signed with a shared secret.
    ///
    /// # Errors
    /// [`CannotSign`].
    pub fn service_token(&self, name: &str, id: String, iat: i64, exp: i64) -> Option<Result<String, CannotSign>> {
        let token = ServiceToken { service: name.to_owned(), id, issuer: self.service_issuer.clone()?, iat, exp };
        Some(token.sign(&self.current.load().signing))
    }

    /// Until when, in seconds, whoever shows this text at `now` may follow the refusals: the credential of any of the secrets
    /// has no end.
    pub fn admits_follower(&self, credential: &str, now: i64) -> Option<i64> {
        if FeedCredential::verify(credential, &self.feed) {
            return Some(i64::MAX);
        }
        let token = ServiceToken::verify(credential, &self.verifier, self.service_issuer.as_deref()?, now).ok()?;
        Some(token.exp)
    }

    /// EdDSA or ES256 under keys that may be replaced.
    pub(crate) fn asymmetric(
        secrets: Secrets,
        (current, trusted): (Current, Vec<VerifyingKey>),
        config: &Config,
    ) -> Self {
        let feed = secrets.clone();
        let verifier = Verifier::new(KeySet::new(trusted), policy(config));
        let (current, looked) = (ArcSwap::from_pointee(current), AtomicI64::default());
        Self { secrets, current, verifier, feed, looked, service_issuer: config.issuer() }
    }

    /// Whether keys may be looked for at `now`, in seconds: not within `pause` of the last look, so that tokens under keys that are
    /// nowhere make no work.
    pub(crate) fn may_look(&self, now: i64, pause: i64) -> bool {
        let last = self.looked.load(Ordering::Relaxed);
        let is_due = now >= last.saturating_add(pause) || now < last;
        is_due && self.looked.compare_exchange(last, now, Ordering::Relaxed, Ordering::Relaxed).is_ok()
    }

    /// Takes other keys in the place of those, in all clones of the verifier too: what was signed under a key that is trusted no
    /// more is refused, what another program signs under a new one is not.
    pub(crate) fn replace(&self, (current, trusted): (Current, Vec<VerifyingKey>)) {
        self.verifier.replace_keys(trusted);
        self.current.store(Arc::new(current));
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
        Ok(self.timed_access_token(caller)?.token)
    }

    /// The same, with its end and the time, for clients that renew it.
    ///
    /// # Errors
    /// [`CannotSign`].
    pub fn timed_access_token(&self, caller: &Caller) -> Result<TimedToken, CannotSign> {
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
        if self.config.token.payload == Payload::User {
            claims.custom = caller.user.as_claims();
        }
        let token = self.keys.sign(&claims)?;
        Ok(TimedToken { token, issued_at: now, expires_at: Timestamp::from_seconds(exp) })
    }

    /// What accepts this server's access tokens, for a guard in the same process.
    pub fn verifier(&self) -> &Verifier {
        &self.keys.verifier
    }

    /// The secrets that sign cookies.
    pub fn secrets(&self) -> &Secrets {
        &self.keys.secrets
    }

    /// The public keys that verify access tokens, as they were last read; none where a shared secret does.
    pub fn public_keys(&self) -> Arc<[serde_json::Value]> {
        Arc::clone(&self.keys.current.load().public)
    }
}
