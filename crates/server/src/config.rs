//! Everything an operator may set, and where settings come from.
//!
//! Defaults, then `countersign.toml` in the working directory, then the environment; the later wins. A key nobody
//! knows is an error, because a misspelt security setting that is silently ignored is worse than a server that does
//! not start.

mod colour;
pub(crate) mod cookies;
mod keys;
mod network;
mod pages;
mod problem;
mod secret;
mod social;
mod source;

use std::collections::BTreeMap;
use std::net::SocketAddr;

use countersign_contract::all;
use countersign_engine::config::{self as engine, Problem, Sensitive};
use countersign_engine::db::{Names, TimeCoding};
use schemars::JsonSchema;
use schemars::generate::SchemaSettings;
use serde::{Deserialize, Serialize};
use url::Url;

use crate::http::origin::{glob, is_safe_path};

pub use self::colour::Colour;
pub use self::cookies::{Cookie, CookieAttributes, Cookies, CrossSubDomainCookies, SameSite};
pub use self::network::Network;
pub use self::pages::{Colors, Pages};
pub use self::problem::Error;
pub use self::secret::{Found, Origin};
pub use self::social::{Authentication, ProfileMembers, SocialProvider, SocialProviders};
pub use self::source::Sources;

/// All settings of the server: the engine's and those that are about HTTP, the database and the log.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(default)]
#[schemars(title = "countersign.toml", extend("additionalProperties" = false))]
pub struct Config {
    /// The settings of the engine, on the same level in the file.
    #[serde(flatten)]
    pub engine: engine::Config,
    /// The path below which the endpoints answer; not used where `base_url` has a path.
    pub base_path: String,
    /// Paths below it that are answered 404 as if they were not there: `/sign-up/email`. The hosted pages stay; what they do
    /// is switched off by the settings of the feature.
    pub disabled_paths: Vec<String>,
    /// Origins besides that of `base_url` from which browsers may call: `https://app.example`, `https://*.app.example`,
    /// `myapp://`. `BETTER_AUTH_TRUSTED_ORIGINS` (comma-separated) adds to these.
    pub trusted_origins: Vec<String>,
    /// The secret everything is signed with. Better given as `BETTER_AUTH_SECRET`.
    pub secret: Option<Sensitive>,
    /// Several secrets for rotation, `2:new,1:old`: the first signs, all verify. Better given as
    /// `BETTER_AUTH_SECRETS`.
    pub secrets: Option<Sensitive>,
    /// Where users and sessions are kept.
    pub database: Database,
    /// Identity providers at which users may sign in, by the ids that frontends name them by.
    pub social_providers: SocialProviders,
    /// How often one address may call.
    pub rate_limit: RateLimit,
    /// Cookies, checks on requests, and proxies.
    pub advanced: Advanced,
    /// Bearers besides access tokens.
    pub bearer: Bearer,
    /// The listening socket and what one request may take.
    pub server: Server,
    /// What is written to standard error.
    pub log: Log,
    /// The page of numbers for Prometheus.
    pub metrics: Metrics,
    /// The hosted pages: their languages and their looks.
    pub pages: Pages,
    /// What happens to browsers for which something failed.
    pub on_api_error: OnApiError,
}

/// Where users and sessions are kept.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Database {
    /// `sqlite:FILE` or `postgres://USER:PASSWORD@HOST/NAME`. `DATABASE_URL` in the environment. Default:
    /// `sqlite:countersign.db`.
    pub url: Sensitive,
    /// Whether a TypeScript Better Auth works on the same database. `countersign migrate` asks for it where it finds one that
    /// Better Auth made. Access tokens then need a key of their own.
    pub shared: bool,
    /// Whether columns are named in camelCase, as Better Auth's own adapter and Prisma name them. Drizzle's are snake_case.
    pub camel_case: bool,
    /// Whether the names of tables have an `s` more: `users`, `sessions`.
    pub use_plural: bool,
    /// How instants lie in a SQLite database. PostgreSQL says it itself.
    pub dates: Dates,
}

/// How instants lie in a SQLite database.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Dates {
    /// As ISO-8601 text: Better Auth's own adapter, and Prisma's driver adapters.
    #[default]
    Text,
    /// As whole milliseconds since 1970: Drizzle, and Prisma's engine.
    Milliseconds,
}

/// How often one address may call.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct RateLimit {
    /// Whether calls are counted at all.
    pub enabled: bool,
    /// Seconds of the window for paths without a rule of their own.
    pub window: u32,
    /// Calls allowed per window, address and path.
    pub max: u32,
    /// Rules of one's own for paths below `base_path`, in the place of the built-in ones. `*` stands for any text; a path goes before a pattern, a longer pattern before a shorter.
    pub custom_rules: BTreeMap<String, CustomRule>,
    /// Where calls of paths with a rule of their own are counted, those that could be used to guess or to send mail:
    /// `memory` in this process, `database` for all nodes together. Without it: `database` on PostgreSQL, `memory` on
    /// SQLite. All other calls are counted in memory.
    pub storage: Option<RateLimitStorage>,
}

/// A rule of one's own.
#[derive(Clone, Copy, Debug, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct CustomRule {
    /// Whether calls are counted.
    pub enabled: bool,
    /// Seconds of the window.
    pub window: u32,
    /// Calls within it.
    pub max: u32,
}

/// Where calls are counted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum RateLimitStorage {
    /// In this process.
    Memory,
    /// In the database, for all nodes on it.
    Database,
}

/// Cookies, checks on requests, and proxies.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Advanced {
    /// What cookie names begin with.
    pub cookie_prefix: String,
    /// Whether cookies are `Secure` and named `__Secure-`. Without it: where `base_url` is https.
    pub use_secure_cookies: Option<bool>,
    /// Whether cookies go to other hosts of a domain, too.
    pub cross_sub_domain_cookies: CrossSubDomainCookies,
    /// Attributes of all cookies.
    pub default_cookie_attributes: CookieAttributes,
    /// Names and attributes of cookies, one by one.
    pub cookies: Cookies,
    /// Whether the check of `Origin` on requests with cookies is skipped. Dangerous.
    pub disable_csrf_check: bool,
    /// Whether origins and redirect targets are taken unchecked. Dangerous.
    pub disable_origin_check: bool,
    /// Whether a path below `base_path` may have a slash at its end.
    pub skip_trailing_slashes: bool,
    /// How the address of the caller is found.
    pub ip_address: IpAddress,
}

/// Bearers besides access tokens.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Bearer {
    /// Whether a session token that comes as a bearer must be signed. Better Auth's default is false: then the token that
    /// `/list-sessions` shows, and that lies in the database, opens the session.
    pub require_signature: bool,
}

/// How the address of the caller is found.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct IpAddress {
    /// Headers in which a trusted proxy names the caller, first match wins: `x-forwarded-for`. Believed only from
    /// `trusted_proxies`.
    pub ip_address_headers: Vec<String>,
    /// Addresses or networks of proxies in front of the server: `10.0.0.0/8`, `::1`.
    pub trusted_proxies: Vec<Network>,
}

/// The listening socket and what one request may take.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Server {
    /// The address or name listened on.
    pub host: String,
    /// The port listened on; 0 takes a free one. `PORT` in the environment.
    pub port: u16,
    /// The largest request body, in bytes; a larger one is answered 413.
    pub max_body: u32,
    /// Seconds within which the head of a request must have arrived.
    pub header_timeout: u16,
    /// Seconds within which the body of a request must have arrived.
    pub request_timeout: u16,
}

/// What is written to standard error.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Log {
    /// One line of text, or one JSON object, per event.
    pub format: LogFormat,
    /// The least important events that are written.
    pub level: LogLevel,
}

/// The page of numbers for Prometheus.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Metrics {
    /// The address and port at which `/metrics` is answered, and nothing else: `127.0.0.1:9464`. Without it there is no such
    /// page. It asks nobody who they are, so keep it where only your monitoring comes.
    pub listen: Option<SocketAddr>,
}

/// What happens to browsers for which something failed.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct OnApiError {
    /// The page `GET /error` sends on to, with `error` and `error_description` in its query: an address with http: or https:, or
    /// a path of this server. Without it `GET /error` is a page itself.
    pub error_url: Option<String>,
}

/// The shape of a log line.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum LogFormat {
    /// For people.
    #[default]
    Text,
    /// For machines.
    Json,
}

/// How important an event must be to be written.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum LogLevel {
    /// What needs a person.
    Error,
    /// What may need one.
    Warn,
    /// What happened.
    #[default]
    Info,
    /// Why it happened.
    Debug,
    /// Everything.
    Trace,
}

impl Config {
    /// Reads the settings and checks them.
    ///
    /// # Errors
    /// The first thing that is wrong, as one sentence that names the setting; see [`Error`].
    pub fn load(sources: &Sources) -> Result<Self, Error> {
        source::load(sources)
    }

    /// Says every relation between settings that does not hold, the engine's included.
    ///
    /// # Errors
    /// All problems.
    pub fn validate(&self) -> Result<(), Vec<Problem>> {
        let mut problems = self.engine.validate().err().unwrap_or_default();
        problems.extend(self.own_problems());
        problems.extend(cookies::problems(self));
        let (known, keys) = (crate::social::is_known, crate::social::has_known_keys);
        problems.extend(social::problems(&self.social_providers, known, keys));
        problems.extend(self.names().err());
        if problems.is_empty() { Ok(()) } else { Err(problems) }
    }

    /// The path below which the endpoints answer, without a trailing slash.
    #[must_use]
    pub fn path(&self) -> &str {
        self.engine.base_url.path().unwrap_or(&self.base_path)
    }

    /// The public address of the endpoints: `https://auth.example/api/auth`.
    #[must_use]
    pub fn endpoints(&self) -> String {
        format!("{}{}", self.engine.base_url.origin(), self.path())
    }

    /// Whether cookies are `Secure` and named `__Secure-`.
    #[must_use]
    pub fn secure_cookies(&self) -> bool {
        self.advanced.use_secure_cookies.unwrap_or(self.engine.base_url.is_https())
    }

    /// Whether pages show what developers look for.
    pub(crate) fn shows_developers(&self) -> bool {
        self.pages.for_developers.unwrap_or(self.engine.base_url.is_local())
    }

    /// The names of tables and columns, and how instants lie there.
    ///
    /// # Errors
    /// The first setting that is no name, or names what Better Auth does not have.
    pub fn names(&self) -> Result<Names, Problem> {
        let Database { camel_case, use_plural, dates, .. } = self.database;
        let names = if camel_case { Names::default() } else { Names::default().snake_case() };
        let names = if use_plural { names.plural() } else { names };
        self.engine.rename(names.times(match dates {
            Dates::Text => TimeCoding::Text,
            Dates::Milliseconds => TimeCoding::Milliseconds,
        }))
    }

    /// The JSON Schema of `countersign.toml`.
    #[must_use]
    pub fn schema() -> schemars::Schema {
        let mut settings = SchemaSettings::draft2020_12();
        settings.inline_subschemas = true;
        settings.into_generator().into_root_schema_for::<Self>()
    }

    fn own_problems(&self) -> Vec<Problem> {
        let timeouts = self.server.header_timeout > 0 && self.server.request_timeout > 0;
        let limits = !self.rate_limit.enabled || (self.rate_limit.window > 0 && self.rate_limit.max > 0);
        let rules = self.rate_limit.problem();
        let insecure = self.engine.base_url.is_https() && !self.secure_cookies();
        let token = &self.engine.token;
        let own_key = token.secret.is_some() || token.algorithm != engine::Algorithm::HS256;
        let headers = self.advanced.ip_address.ip_address_headers.is_empty();
        let proxies = self.advanced.ip_address.trusted_proxies.is_empty();
        [
            (
                is_base_path(&self.base_path),
                "base_path",
                "must begin with a slash and not end with one, like /api/auth",
            ),
            (self.path() != "/account", "base_path", "must not be /account, where the hosted pages stand"),
            (self.disabled_paths.iter().all(|it| is_base_path(it)), "disabled_paths", PATHS),
            (self.trusted_origins.iter().all(|it| is_origin_pattern(it)), "trusted_origins", ORIGINS),
            (self.on_api_error.error_url.as_deref().is_none_or(is_page), "on_api_error.error_url", PAGE),
            (is_header_token(&self.advanced.cookie_prefix), "advanced.cookie_prefix", PREFIX),
            (!self.database.shared || own_key, "token.secret", SHARED),
            (!insecure, "advanced.use_secure_cookies", "cannot be false where `base_url` is https"),
            (headers || !proxies, "advanced.ip_address.ip_address_headers", HEADERS),
            (
                limits,
                "rate_limit",
                "must have a window and a max of at least 1; to allow every call set `enabled` to false",
            ),
            (rules.is_none(), "rate_limit.custom_rules", &rules.unwrap_or_default()),
            (timeouts, "server", "must have a header_timeout and a request_timeout of at least 1 second"),
            (self.server.max_body > 0, "server.max_body", "must be at least 1 byte"),
        ]
        .into_iter()
        .filter(|(holds, ..)| !holds)
        .map(|(_, key, why)| Problem { key, why: why.to_owned() })
        .collect()
    }
}

impl RateLimit {
    /// What is wrong with the rules of one's own. One that no path has would leave the path that was meant as it is.
    fn problem(&self) -> Option<String> {
        let paths = all::paths();
        self.custom_rules.iter().find_map(|(pattern, rule)| {
            if rule.window == 0 || rule.max == 0 {
                return Some(format!("of `{pattern}` must have a window and a max of at least 1; to allow every call set `enabled` to false"));
            }
            let is_none = paths.iter().all(|path| !glob(pattern, path));
            is_none.then(|| {
                format!("must hold paths below `base_path` such as /sign-in/email; there is none like `{pattern}`")
            })
        })
    }
}

const PATHS: &str = "must hold paths below `base_path`, each with a slash first and none last, like /sign-up/email";
const ORIGINS: &str = "must hold origins such as https://app.example, without spaces, commas and paths";
/// Whoever can read the other program's purposes off its secret could mint our tokens, and the other way round.
const SHARED: &str = "must be set where `database.shared` is true, for the secret has other uses in the other program; `countersign \
     secret` makes one, or set `token.algorithm` to EdDSA or ES256";
const PREFIX: &str = "may hold only letters, digits, '-', '_' and '.', and must not be empty";
const HEADERS: &str = "are believed only from known proxies; name them in `advanced.ip_address.trusted_proxies`";

const PAGE: &str = "must be like https://app.example/error, or a path such as /oops";

fn is_page(address: &str) -> bool {
    let is_web = |url: Url| matches!(url.scheme(), "http" | "https");
    !address.contains(|c: char| c.is_whitespace() || c.is_control() || c == '\\')
        && (is_safe_path(address) || Url::parse(address).is_ok_and(is_web))
}

fn is_base_path(path: &str) -> bool {
    path.starts_with('/')
        && !path.ends_with('/')
        && !path.contains("//")
        && path.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"/-_.~".contains(&byte))
}

fn is_origin_pattern(pattern: &str) -> bool {
    let authority = pattern.split_once("://").map_or(pattern, |(_, rest)| rest);
    let web = pattern.starts_with("http://") || pattern.starts_with("https://");
    !pattern.is_empty()
        && !pattern.contains(|c: char| c == ',' || c.is_whitespace() || c.is_control())
        && !(web && (authority.is_empty() || authority.contains('/')))
}

fn is_header_token(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_.".contains(&byte))
}

impl Default for Config {
    fn default() -> Self {
        Self {
            engine: engine::Config::default(),
            base_path: "/api/auth".to_owned(),
            disabled_paths: Vec::new(),
            trusted_origins: Vec::new(),
            secret: None,
            secrets: None,
            database: Database::default(),
            social_providers: SocialProviders::new(),
            rate_limit: RateLimit::default(),
            advanced: Advanced::default(),
            bearer: Bearer::default(),
            server: Server::default(),
            log: Log::default(),
            metrics: Metrics::default(),
            pages: Pages::default(),
            on_api_error: OnApiError::default(),
        }
    }
}

impl Default for Database {
    fn default() -> Self {
        Self {
            url: "sqlite:countersign.db".to_owned().into(),
            shared: false,
            camel_case: true,
            use_plural: false,
            dates: Dates::default(),
        }
    }
}

impl Default for RateLimit {
    fn default() -> Self {
        Self { enabled: true, window: 10, max: 100, custom_rules: BTreeMap::new(), storage: None }
    }
}

impl Default for CustomRule {
    fn default() -> Self {
        Self { enabled: true, window: 10, max: 100 }
    }
}

impl Default for Advanced {
    fn default() -> Self {
        Self {
            cookie_prefix: "better-auth".to_owned(),
            use_secure_cookies: None,
            cross_sub_domain_cookies: CrossSubDomainCookies::default(),
            default_cookie_attributes: CookieAttributes::default(),
            cookies: Cookies::default(),
            disable_csrf_check: false,
            disable_origin_check: false,
            skip_trailing_slashes: false,
            ip_address: IpAddress::default(),
        }
    }
}

impl Default for Bearer {
    fn default() -> Self {
        Self { require_signature: true }
    }
}

impl Default for Server {
    fn default() -> Self {
        Self { host: "127.0.0.1".to_owned(), port: 3000, max_body: 65_536, header_timeout: 10, request_timeout: 30 }
    }
}
