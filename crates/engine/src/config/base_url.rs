//! The public address of the server.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};
use url::{Host, Url};

use super::Problem;

/// The public address of the server: an absolute http(s) URL without user, query and fragment.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(try_from = "String", into = "String")]
pub struct BaseUrl {
    origin: String,
    host: String,
    path: String,
    port: u16,
    is_https: bool,
    is_local: bool,
}

impl BaseUrl {
    /// The address of a server that only this machine reaches.
    #[must_use]
    pub fn local(port: u16) -> Self {
        let origin = if port == 80 { "http://localhost".to_owned() } else { format!("http://localhost:{port}") };
        let host = "localhost".to_owned();
        Self { origin, host, path: String::new(), port, is_https: false, is_local: true }
    }

    /// Scheme, host and port, the port only where it is not the scheme's own (RFC 6454 section 6.2).
    #[must_use]
    pub fn origin(&self) -> &str {
        &self.origin
    }

    /// The host alone: a name, or an address.
    #[must_use]
    pub fn host(&self) -> &str {
        &self.host
    }

    /// The path without a trailing slash; `None` where the URL has none.
    #[must_use]
    pub fn path(&self) -> Option<&str> {
        (!self.path.is_empty()).then_some(&self.path)
    }

    /// The port browsers reach the server at.
    #[must_use]
    pub fn port(&self) -> u16 {
        self.port
    }

    /// Whether browsers reach the server over TLS.
    #[must_use]
    pub fn is_https(&self) -> bool {
        self.is_https
    }

    /// Whether the host is this machine: `localhost`, a name below it, or a loopback address.
    #[must_use]
    pub fn is_local(&self) -> bool {
        self.is_local
    }
}

impl FromStr for BaseUrl {
    type Err = Problem;

    /// Takes only what a URL parser would not have to repair: what is configured is what is later compared.
    fn from_str(text: &str) -> Result<Self, Problem> {
        let url = Url::parse(text).map_err(|_| bad_base_url("must be an absolute URL such as https://auth.example"))?;
        if !matches!(url.scheme(), "http" | "https") {
            return Err(bad_base_url("must begin with http:// or https://"));
        }
        if !url.username().is_empty() || url.password().is_some() {
            return Err(bad_base_url("must not hold a user name or password"));
        }
        if url.query().is_some() || url.fragment().is_some() {
            return Err(bad_base_url("must not hold a query or a fragment"));
        }
        let repaired = url.as_str();
        if repaired != text && repaired.strip_suffix('/') != Some(text) {
            return Err(bad_base_url(&format!("must be written as {repaired}")));
        }
        Ok(Self {
            origin: url.origin().ascii_serialization(),
            host: url.host_str().unwrap_or_default().to_owned(),
            path: url.path().trim_end_matches('/').to_owned(),
            port: url.port_or_known_default().unwrap_or_default(),
            is_https: url.scheme() == "https",
            is_local: is_local(&url),
        })
    }
}

pub(super) fn is_local(url: &Url) -> bool {
    match url.host() {
        Some(Host::Domain(name)) => name == "localhost" || name.ends_with(".localhost"),
        Some(Host::Ipv4(address)) => address.is_loopback(),
        Some(Host::Ipv6(address)) => address.is_loopback(),
        None => false,
    }
}

impl TryFrom<String> for BaseUrl {
    type Error = Problem;

    fn try_from(text: String) -> Result<Self, Problem> {
        text.parse()
    }
}

impl From<BaseUrl> for String {
    fn from(base_url: BaseUrl) -> Self {
        base_url.to_string()
    }
}

impl fmt::Display for BaseUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}{}", self.origin, self.path)
    }
}

fn bad_base_url(why: &str) -> Problem {
    Problem { key: "base_url", why: why.to_owned() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_base_url_is_taken_as_it_will_be_compared() {
        let base_url: BaseUrl = "https://auth.example:8443/api/auth".parse().unwrap();
        assert_eq!(base_url.origin(), "https://auth.example:8443");
        assert_eq!(base_url.path(), Some("/api/auth"));
        assert_eq!(base_url.port(), 8443);
        assert!(base_url.is_https() && !base_url.is_local());
        assert_eq!("http://localhost:3000/".parse(), Ok(BaseUrl::local(3000)));
        assert_eq!("http://localhost".parse(), Ok(BaseUrl::local(80)));
    }

    #[test]
    fn refuses_a_base_url_that_a_parser_would_have_to_repair() {
        for text in [
            "",
            "auth.example",
            "localhost:3000",
            "ftp://auth.example",
            "https:auth.example",
            " https://auth.example",
            "https://auth.example ",
            "https://Auth.example",
            "https://auth.example:443",
            "https://user@auth.example",
            "https://auth.example?x",
            "https://auth.example/#x",
            "https://auth.example/a/../b",
        ] {
            assert_eq!(text.parse::<BaseUrl>().map_err(|problem| problem.key), Err("base_url"), "{text}");
        }
    }
}
