//! What a browser keeps of its session, so that others can read it without asking.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::Problems;

/// A second cookie that remembers the session and its user for a short while, so that Better Auth's `getCookieCache` and its
/// middleware for Next.js can read them.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct CookieCache {
    /// Whether it is written and read.
    pub enabled: bool,
    /// Seconds for which it is good.
    pub max_age: u32,
    /// How it is written. A TypeScript server and a middleware beside this server must use the same.
    pub strategy: Strategy,
    /// Another text than before makes all that were written worthless at once.
    pub version: String,
}

/// How a cache cookie is written.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Strategy {
    /// JSON and its signature; the shortest.
    #[default]
    Compact,
    /// A JWT (RFC 7519), which other programs can verify with a library.
    Jwt,
    /// An encrypted JWT (RFC 7516): the browser cannot read what is in it.
    Jwe,
}

impl CookieCache {
    pub(super) fn check(&self, expires_in: u32, problems: &mut Problems) {
        problems.unless((1..=expires_in).contains(&self.max_age), "session.cookie_cache.max_age", || {
            format!("({} s) must be from 1 second to `session.expires_in` ({expires_in} s)", self.max_age)
        });
        problems.unless(!self.version.is_empty(), "session.cookie_cache.version", || "must not be empty".to_owned());
    }
}

impl Default for CookieCache {
    fn default() -> Self {
        Self { enabled: false, max_age: 300, strategy: Strategy::Compact, version: "1".to_owned() }
    }
}
