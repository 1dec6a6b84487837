//! What an operator may set about the rules of authentication.
//!
//! Keys carry Better Auth's option names in snake_case. Every field has a default, so an empty configuration is a
//! valid one. Where settings come from (file, environment) is the server's business; here is what they mean and which
//! combinations of them make no sense.

mod account;
mod base_url;
mod cookie_cache;
mod email;
mod email_verification;
mod fields;
mod refresh;
mod tables;
mod user;
mod webhooks;

use std::borrow::Cow;
use std::fmt;

use schemars::{JsonSchema, Schema, SchemaGenerator};
use serde::{Deserialize, Serialize};
use zeroize::Zeroizing;

pub use self::account::{Account, AccountLinking};
pub use self::base_url::BaseUrl;
pub use self::cookie_cache::{CookieCache, Strategy};
pub use self::email::{Email, Relay, Smtp, Tls, Transport};
pub use self::email_verification::EmailVerification;
pub use self::fields::{Field, FieldType, Fields};
pub use self::refresh::Refresh;
pub use self::tables::{
    AccountFields, Jwks, JwksFields, SessionFields, User, UserFields, Verification, VerificationFields,
};
pub use self::user::{ChangeEmail, DeleteUser};
pub use self::webhooks::Webhooks;
pub use crate::scheme::Scheme;

/// The settings of the engine; one section per feature.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(default)]
pub struct Config {
    /// The name people read on pages and in mails.
    pub app_name: String,
    /// The public address: scheme, host and port. A path in it replaces `base_path`. Without it: `http://localhost`
    /// with the port the server listens on.
    pub base_url: BaseUrl,
    /// Signing up and in with an e-mail address and a password.
    pub email_and_password: EmailAndPassword,
    /// The accounts of users.
    pub account: Account,
    /// Showing that an address is its user's.
    pub email_verification: EmailVerification,
    /// How mails leave.
    pub email: Email,
    /// Telling a program elsewhere what happened.
    pub webhooks: Webhooks,
    /// How long a session lives and how it is renewed.
    pub session: Session,
    /// Renewing sessions with refresh tokens.
    pub refresh: Refresh,
    /// The access token.
    pub token: Token,
    /// How passwords are hashed.
    pub password_hash: PasswordHash,
    /// Rows kept in memory so that a request need not ask the database.
    pub cache: Cache,
    /// How changes made elsewhere are learnt.
    pub feed: Feed,
    /// Users.
    pub user: User,
    /// Short-lived secrets, such as those in links.
    pub verification: Verification,
    /// The keys of asymmetric access tokens.
    pub jwks: Jwks,
}

/// Signing up and in with an e-mail address and a password.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct EmailAndPassword {
    /// Whether the endpoints of this section answer at all.
    pub enabled: bool,
    /// Whether new accounts are refused.
    pub disable_sign_up: bool,
    /// Whether an address must be confirmed before the first sign-in.
    pub require_email_verification: bool,
    /// Whether signing up signs in as well.
    pub auto_sign_in: bool,
    /// The shortest password accepted, in UTF-16 code units as Better Auth counts them. NIST SP 800-63B-4 asks for 15
    /// where the password is the only factor.
    pub min_password_length: u16,
    /// The longest password accepted, in UTF-16 code units; also checked at sign-in, before hashing.
    pub max_password_length: u16,
    /// Whether passwords that are guessed first are refused where one is set. Better Auth takes them; recommended where no
    /// frontend relies on that.
    pub refuse_common_passwords: bool,
    /// Whether who forgot the password may have a link mailed to choose another; not where `email.transport` is off.
    pub send_reset_password: bool,
    /// Seconds such a link is good for.
    pub reset_password_token_expires_in: u32,
    /// Whether choosing another password with such a link ends every session of the user. Better Auth's default is false. Of a
    /// user whose address was not shown to be theirs before they end in any case.
    pub revoke_sessions_on_password_reset: bool,
}

/// How long a session lives and how it is renewed.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Session {
    /// Seconds a session lives after sign-in or renewal.
    pub expires_in: u32,
    /// Seconds after which using a session renews it; 0 renews on every use.
    pub update_age: u32,
    /// Seconds after sign-in beyond which no renewal makes a session live.
    pub max_age: u32,
    /// Seconds after sign-in during which sensitive endpoints need no new sign-in; 0 switches the check off.
    pub fresh_age: u32,
    /// Whether sessions end `expires_in` after sign-in however much they are used.
    pub disable_session_refresh: bool,
    /// Whether `GET /get-session` only says that a renewal is due and `POST /get-session` does it.
    pub defer_session_refresh: bool,
    /// What the database calls the table `session`.
    pub model_name: Option<String>,
    /// What the database calls its columns.
    pub fields: SessionFields,
    /// A second cookie that remembers the session for a short while.
    pub cookie_cache: CookieCache,
    /// Fields of one's own, which sessions have beside Better Auth's: a section for each, named as it is on the wire.
    pub additional_fields: Fields,
}

/// The access token.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Token {
    /// How tokens are signed. The asymmetric ones publish their key at `/jwks`.
    pub algorithm: Algorithm,
    /// Seconds a token lives, and never longer than its session.
    pub lifetime: u32,
    /// A key of its own for HS256 access tokens, to be shared with services that verify them. Without it: the
    /// server's secret.
    pub secret: Option<Sensitive>,
    /// The `iss` claim. Without it: the origin of `base_url` for asymmetric tokens, absent for HS256.
    pub issuer: Option<String>,
    /// The `aud` claim. Without it: the origin of `base_url` for asymmetric tokens, absent for HS256.
    pub audience: Option<String>,
    /// Seconds by which `iat` and `nbf` may lie in the future, because clocks of nodes differ; at most 60.
    pub leeway: u8,
    /// The longest `exp - iat` admitted, in seconds: the longest `lifetime` ever configured while such tokens are
    /// alive. Without it: `lifetime`.
    pub max_lifetime: Option<u32>,
    /// What a token says of its user.
    pub payload: Payload,
    /// What sign-in answers with as `token`, and what `set-auth-token` holds.
    pub bearer: Bearer,
}

/// What an access token says of its user.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Payload {
    /// The id and the address.
    #[default]
    Identity,
    /// Beside them every member of the public user, as Better Auth's `jwt` plugin says them: `name`, `role` and so on.
    User,
}

/// What sign-in hands out to clients that keep no cookies.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Bearer {
    /// An access token.
    #[default]
    Access,
    /// Better Auth's signed session token, for a TypeScript server beside ours that takes the same bearers.
    Session,
}

/// How an access token is signed (RFC 7518 section 3.1, RFC 8037 section 3.1).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, Serialize, JsonSchema)]
pub enum Algorithm {
    /// HMAC with SHA-256: whoever can verify can also mint.
    #[default]
    HS256,
    /// Ed25519.
    EdDSA,
    /// ECDSA on P-256 with SHA-256.
    ES256,
}

impl Algorithm {
    /// Which of the algorithms whose keys lie in the table `jwks`; none for HS256.
    pub(crate) fn asymmetric(self) -> Option<countersign_token::Algorithm> {
        match self {
            Self::HS256 => None,
            Self::EdDSA => Some(countersign_token::Algorithm::EdDsa),
            Self::ES256 => Some(countersign_token::Algorithm::Es256),
        }
    }
}

/// How passwords are hashed. One hash takes 19 or 32 MiB while it runs, an imported one up to 128 MiB.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct PasswordHash {
    /// The scheme of new hashes: `scrypt` is Better Auth's own, `argon2id` the better one where no TypeScript server shares the
    /// database. A password hashed otherwise verifies too, and is hashed anew when its user signs in.
    pub scheme: Scheme,
    /// Hashes running at the same time. Without it: the number of cores.
    pub concurrency: Option<u16>,
    /// Milliseconds a hash may wait for its turn before the request is answered 503.
    pub queue_deadline_ms: u32,
    /// Hashes that may wait; one more is answered 503 at once.
    pub queue_max: u32,
}

/// Rows kept in memory so that a request need not ask the database.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Cache {
    /// Sessions kept.
    pub sessions: u32,
    /// Users kept.
    pub users: u32,
}

/// How changes made elsewhere are learnt.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Feed {
    /// Milliseconds after which a node looks for changes, at the latest; 50 to 10000. PostgreSQL tells it sooner, SQLite does not.
    pub poll_interval_ms: u32,
    /// Seconds without word from the database after which this node says that it is not ready.
    pub max_staleness: u32,
}

/// A secret setting. It can be read only by asking for it, is never printed, and is wiped when dropped.
#[derive(Clone, Deserialize)]
#[serde(from = "String")]
pub struct Sensitive(Zeroizing<String>);

/// A setting, or a pair of settings, that makes no sense.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{key}` {why}")]
pub struct Problem {
    /// The setting to change, as it is written in the file: `session.update_age`.
    pub key: &'static str,
    /// What is wrong with it, as the rest of a sentence that begins with the key.
    pub why: String,
}

impl Config {
    /// Says every relation between settings that does not hold.
    ///
    /// # Errors
    /// All problems, in the order of the sections.
    pub fn validate(&self) -> Result<(), Vec<Problem>> {
        let mut problems = Problems::default();
        self.email_and_password.check(&mut problems);
        self.email_verification.check(&mut problems);
        self.email.check(&self.base_url, &mut problems);
        self.webhooks.check(&mut problems);
        self.session.check(&mut problems);
        self.refresh.check(&mut problems);
        self.token.check(&mut problems);
        self.jwks.check(&mut problems);
        self.password_hash.check(&mut problems);
        self.feed.check(&mut problems);
        self.user.delete_user.check(&mut problems);
        self.user.additional_fields.check("user.additional_fields", true, &mut problems);
        self.session.additional_fields.check("session.additional_fields", false, &mut problems);
        problems.into_result()
    }

    /// How mails leave, now that it is known where the server stands.
    #[must_use]
    pub fn transport(&self) -> Transport {
        self.email.transport(&self.base_url)
    }

    /// Whether who forgot the password may have a link mailed.
    #[must_use]
    pub fn resets_passwords(&self) -> bool {
        self.email_and_password.send_reset_password && self.transport() != Transport::Off
    }

    /// Seconds for which something once handed out may be admitted without asking the database: as long are refusals kept.
    #[must_use]
    pub fn longest_admission(&self) -> u32 {
        let cache = &self.session.cookie_cache;
        self.token.longest_lifetime().max(if cache.enabled { cache.max_age } else { 0 })
    }

    /// The `iss` claim of access tokens.
    #[must_use]
    pub fn issuer(&self) -> Option<String> {
        self.token.issuer.clone().or_else(|| self.default_party())
    }

    /// The `aud` claim of access tokens.
    #[must_use]
    pub fn audience(&self) -> Option<String> {
        self.token.audience.clone().or_else(|| self.default_party())
    }

    /// Tokens anyone can verify must say by whom and for whom they are (RFC 8725 sections 3.8 and 3.9).
    fn default_party(&self) -> Option<String> {
        (self.token.algorithm != Algorithm::HS256).then(|| self.base_url.origin().to_owned())
    }
}

impl EmailAndPassword {
    fn check(&self, problems: &mut Problems) {
        problems.unless(self.min_password_length > 0, "email_and_password.min_password_length", || {
            "must be at least 1".to_owned()
        });
        problems.unless(
            self.min_password_length <= self.max_password_length,
            "email_and_password.min_password_length",
            || {
                format!(
                    "({}) must not be greater than `email_and_password.max_password_length` ({})",
                    self.min_password_length, self.max_password_length
                )
            },
        );
        problems.unless(
            self.reset_password_token_expires_in > 0,
            "email_and_password.reset_password_token_expires_in",
            || "must be at least 1 second".to_owned(),
        );
    }
}

impl Feed {
    fn check(&self, problems: &mut Problems) {
        problems.unless((50..=10_000).contains(&self.poll_interval_ms), "feed.poll_interval_ms", || {
            format!("({}) must be from 50 to 10000 milliseconds", self.poll_interval_ms)
        });
        problems.unless(self.poll_interval_ms / 1000 < self.max_staleness, "feed.max_staleness", || {
            format!(
                "({} s) must be longer than `feed.poll_interval_ms`, or no node would ever be ready",
                self.max_staleness
            )
        });
    }
}

impl Session {
    fn check(&self, problems: &mut Problems) {
        problems.unless(self.expires_in > 0, "session.expires_in", || "must be at least 1 second".to_owned());
        problems.unless(self.update_age <= self.expires_in, "session.update_age", || {
            format!(
                "({} s) must not be greater than `session.expires_in` ({} s), or no session would ever be renewed",
                self.update_age, self.expires_in
            )
        });
        problems.unless(self.max_age >= self.expires_in, "session.max_age", || {
            format!(
                "({} s) must not be less than `session.expires_in` ({} s), or sessions would outlive it from the start",
                self.max_age, self.expires_in
            )
        });
        if self.cookie_cache.enabled {
            self.cookie_cache.check(self.expires_in, problems);
        }
    }
}

impl Token {
    /// The longest `exp - iat` a verifier admits, in seconds.
    #[must_use]
    pub fn longest_lifetime(&self) -> u32 {
        self.max_lifetime.unwrap_or(self.lifetime)
    }

    fn check(&self, problems: &mut Problems) {
        problems.unless(self.lifetime > 0, "token.lifetime", || "must be at least 1 second".to_owned());
        problems.unless(self.leeway <= MAX_LEEWAY, "token.leeway", || {
            format!("({} s) must not be greater than {MAX_LEEWAY} seconds", self.leeway)
        });
        problems.unless(self.longest_lifetime() >= self.lifetime, "token.max_lifetime", || {
            format!(
                "({} s) must not be less than `token.lifetime` ({} s), or every token would be refused",
                self.longest_lifetime(),
                self.lifetime
            )
        });
        problems.unless(self.secret.is_none() || self.algorithm == Algorithm::HS256, "token.secret", || {
            format!("has no use with `token.algorithm` {:?}; remove one of the two", self.algorithm)
        });
        problems.unless(self.issuer.as_deref() != Some(""), "token.issuer", || "must not be empty".to_owned());
        problems.unless(self.audience.as_deref() != Some(""), "token.audience", || "must not be empty".to_owned());
    }
}

/// The largest leeway a verifier may be given, in seconds.
const MAX_LEEWAY: u8 = 60;

impl PasswordHash {
    fn check(&self, problems: &mut Problems) {
        problems.unless(self.concurrency != Some(0), "password_hash.concurrency", || "must be at least 1".to_owned());
        problems.unless(self.queue_deadline_ms > 0, "password_hash.queue_deadline_ms", || {
            "must be at least 1 millisecond".to_owned()
        });
    }
}

impl Sensitive {
    /// The secret itself. Never log what this returns.
    #[must_use]
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl From<String> for Sensitive {
    fn from(text: String) -> Self {
        Self(Zeroizing::new(text))
    }
}

impl fmt::Debug for Sensitive {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Sensitive(..)")
    }
}

/// Both are text in a file; what else they must be is said by [`BaseUrl::from_str`] and by the reader of the secret.
macro_rules! text_in_schema {
    ($($name:ident),*) => {$(
        impl JsonSchema for $name {
            fn inline_schema() -> bool {
                true
            }

            fn schema_name() -> Cow<'static, str> {
                stringify!($name).into()
            }

            fn json_schema(generator: &mut SchemaGenerator) -> Schema {
                String::json_schema(generator)
            }
        }
    )*};
}

text_in_schema!(BaseUrl, Sensitive);

/// Collects what is wrong.
#[derive(Default)]
struct Problems(Vec<Problem>);

impl Problems {
    fn unless(&mut self, holds: bool, key: &'static str, why: impl FnOnce() -> String) {
        if !holds {
            self.0.push(Problem { key, why: why() });
        }
    }

    fn into_result(self) -> Result<(), Vec<Problem>> {
        if self.0.is_empty() { Ok(()) } else { Err(self.0) }
    }
}

impl Default for Config {
    fn default() -> Self {
        Self {
            app_name: "Countersign".to_owned(),
            base_url: BaseUrl::local(3000),
            email_and_password: EmailAndPassword::default(),
            account: Account::default(),
            email_verification: EmailVerification::default(),
            email: Email::default(),
            webhooks: Webhooks::default(),
            session: Session::default(),
            refresh: Refresh::default(),
            token: Token::default(),
            password_hash: PasswordHash::default(),
            cache: Cache::default(),
            feed: Feed::default(),
            user: User::default(),
            verification: Verification::default(),
            jwks: Jwks::default(),
        }
    }
}

impl Default for EmailAndPassword {
    fn default() -> Self {
        Self {
            enabled: true,
            disable_sign_up: false,
            require_email_verification: false,
            auto_sign_in: true,
            min_password_length: 8,
            max_password_length: 128,
            refuse_common_passwords: false,
            send_reset_password: true,
            reset_password_token_expires_in: 3_600,
            revoke_sessions_on_password_reset: true,
        }
    }
}

impl Default for Session {
    fn default() -> Self {
        Self {
            expires_in: 604_800,
            update_age: 86_400,
            max_age: 7_776_000,
            fresh_age: 86_400,
            disable_session_refresh: false,
            defer_session_refresh: false,
            model_name: None,
            fields: SessionFields::default(),
            cookie_cache: CookieCache::default(),
            additional_fields: Fields::default(),
        }
    }
}

impl Default for Token {
    fn default() -> Self {
        Self {
            algorithm: Algorithm::HS256,
            lifetime: 604_800,
            secret: None,
            issuer: None,
            audience: None,
            leeway: 5,
            max_lifetime: None,
            payload: Payload::default(),
            bearer: Bearer::default(),
        }
    }
}

impl Default for PasswordHash {
    fn default() -> Self {
        Self { scheme: Scheme::default(), concurrency: None, queue_deadline_ms: 5_000, queue_max: 1_000 }
    }
}

impl Default for Feed {
    fn default() -> Self {
        Self { poll_interval_ms: 250, max_staleness: 30 }
    }
}

impl Default for Cache {
    fn default() -> Self {
        Self { sessions: 100_000, users: 100_000 }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn keys(config: &Config) -> Vec<&'static str> {
        config.validate().err().unwrap_or_default().iter().map(|problem| problem.key).collect()
    }

    #[test]
    fn the_defaults_make_sense() {
        assert_eq!(Config::default().validate(), Ok(()));
    }

    #[test]
    fn names_every_setting_that_contradicts_another() {
        let mut config = Config::default();
        config.email_and_password.min_password_length = 200;
        config.session.expires_in = 60;
        config.session.max_age = 59;
        config.refresh.grace = 301;
        config.token.leeway = 61;
        config.token.max_lifetime = Some(60);
        config.password_hash.concurrency = Some(0);
        config.feed.poll_interval_ms = 10_001;
        config.feed.max_staleness = 10;
        assert_eq!(
            keys(&config),
            [
                "email_and_password.min_password_length",
                "session.update_age",
                "session.max_age",
                "refresh.grace",
                "token.leeway",
                "token.max_lifetime",
                "password_hash.concurrency",
                "feed.poll_interval_ms",
                "feed.max_staleness",
            ]
        );
    }

    #[test]
    fn refuses_a_token_secret_that_nothing_would_use() {
        let mut config = Config::default();
        config.token.secret = Some("x".repeat(32).into());
        assert_eq!(keys(&config), [""; 0]);
        config.token.algorithm = Algorithm::EdDSA;
        assert_eq!(keys(&config), ["token.secret"]);
    }

    #[test]
    fn asymmetric_tokens_say_by_whom_and_for_whom_they_are() {
        let mut config = Config { base_url: "https://auth.example/x".parse().unwrap(), ..Config::default() };
        assert_eq!((config.issuer(), config.audience()), (None, None));
        config.token.algorithm = Algorithm::ES256;
        config.token.audience = Some("api".to_owned());
        assert_eq!(config.issuer().as_deref(), Some("https://auth.example"));
        assert_eq!(config.audience().as_deref(), Some("api"));
    }

    #[test]
    fn a_secret_setting_is_not_printed() {
        let printed = format!("{:?}", Sensitive::from("do not print me".to_owned()));
        assert_eq!(printed, "Sensitive(..)");
    }
}
