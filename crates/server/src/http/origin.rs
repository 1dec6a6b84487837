//! Which origins are trusted, and what a request must say about where it comes from (docs/wire.md 2).

use countersign_contract::Query;
use countersign_contract::transport::Error;
use http::{HeaderMap, header};
use serde_json::Value;
use url::Url;

use super::problem::Problem;
use crate::config::Config;

/// The origins this server trusts, and whether it asks at all.
#[derive(Clone, Debug)]
pub(crate) struct Origins {
    own: String,
    patterns: Vec<String>,
    check_csrf: bool,
    check_urls: bool,
}

impl Origins {
    pub(crate) fn new(config: &Config) -> Self {
        let own = config.engine.base_url.origin().to_owned();
        let patterns = std::iter::once(own.clone()).chain(config.trusted_origins.iter().cloned()).collect();
        let advanced = &config.advanced;
        Self {
            own,
            patterns,
            check_csrf: !advanced.disable_csrf_check && !advanced.disable_origin_check,
            check_urls: !advanced.disable_origin_check,
        }
    }

    /// The origin of the configured base URL.
    pub(crate) fn own(&self) -> &str {
        &self.own
    }

    /// Whether the value of an `Origin` header is a trusted origin: the whole string, as a browser writes it
    /// (security O2), so that no path, user or odd spelling slips through.
    pub(crate) fn trusts_origin(&self, origin: &str) -> bool {
        match Url::parse(origin) {
            Ok(url) if is_web(&url) => url.origin().ascii_serialization() == origin && self.trusts_url(origin),
            Ok(_) => self.trusts_url(origin),
            Err(_) => false,
        }
    }

    /// Whether an absolute URL lies on a trusted origin.
    fn trusts_url(&self, text: &str) -> bool {
        let odd = |c: char| c.is_control() || c.is_whitespace() || c == '\\';
        let Ok(url) = Url::parse(text) else { return false };
        if text.contains(odd) || !url.username().is_empty() || url.password().is_some() {
            return false;
        }
        self.patterns.iter().any(|pattern| matches(pattern, &url))
    }

    /// Whether a redirect may lead to `target`: a safe relative path, or a URL on a trusted origin (docs/wire.md 2.1).
    pub(crate) fn trusts_target(&self, target: &str) -> bool {
        !self.check_urls || is_safe_path(target) || (!target.starts_with('/') && self.trusts_url(target))
    }

    /// The global check: a request with cookies must come from a trusted origin (docs/wire.md 2.2).
    pub(crate) fn check(&self, headers: &HeaderMap) -> Result<(), Problem> {
        if !self.check_csrf || !headers.contains_key(header::COOKIE) {
            return Ok(());
        }
        self.demand_trusted(headers)
    }

    /// The check of endpoints that sign in from a form: also without cookies, a browser must say where it comes from
    /// (docs/wire.md 2.3).
    pub(crate) fn check_form(&self, headers: &HeaderMap) -> Result<(), Problem> {
        if !self.check_csrf || headers.contains_key(header::COOKIE) {
            return Ok(());
        }
        let fetch = |name: &str| headers.get(name).and_then(|value| value.to_str().ok());
        if fetch("sec-fetch-site") == Some("cross-site") && fetch("sec-fetch-mode") == Some("navigate") {
            return Err(Problem::new(Error::CrossSiteNavigation));
        }
        let browser =
            ["sec-fetch-site", "sec-fetch-mode", "sec-fetch-dest"].iter().any(|name| headers.contains_key(*name));
        if browser || headers.contains_key(header::ORIGIN) || headers.contains_key(header::REFERER) {
            return self.demand_trusted(headers);
        }
        Ok(())
    }

    fn demand_trusted(&self, headers: &HeaderMap) -> Result<(), Problem> {
        let text = |name| headers.get(name).and_then(|value| value.to_str().ok()).filter(|text| !text.is_empty());
        let trusted = match (text(header::ORIGIN), text(header::REFERER)) {
            (Some("null"), _) => {
                // A same-origin request whose origin was hidden by policy: the browser vouches for it.
                let same_origin = headers.get("sec-fetch-site").is_some_and(|site| site == "same-origin");
                if same_origin { true } else { return Err(Problem::new(Error::MissingOrNullOrigin)) }
            }
            (Some(origin), _) => self.trusts_origin(origin),
            (None, Some(referer)) => self.trusts_url(referer),
            (None, None) => return Err(Problem::new(Error::MissingOrNullOrigin)),
        };
        if trusted { Ok(()) } else { Err(Problem::new(Error::InvalidOrigin)) }
    }

    /// Checks the URLs a request names, before anything is done (docs/wire.md 2.4).
    pub(crate) fn check_targets(&self, body: Option<&Value>, query_callback: Option<&str>) -> Result<(), Problem> {
        const MEMBERS: [(&str, &str, Error); 4] = [
            ("callbackURL", "callbackURL", Error::InvalidCallbackUrl),
            ("redirectTo", "redirectURL", Error::InvalidRedirectUrl),
            ("errorCallbackURL", "errorCallbackURL", Error::InvalidErrorCallbackUrl),
            ("newUserCallbackURL", "newUserCallbackURL", Error::InvalidNewUserCallbackUrl),
        ];
        for (member, label, error) in MEMBERS {
            match body.and_then(|body| body.get(member)) {
                None | Some(Value::Null) => {}
                Some(Value::String(target)) if target.is_empty() || self.trusts_target(target) => {}
                Some(Value::String(_)) => return Err(Problem::new(error)),
                Some(_) if self.check_urls => {
                    return Err(Problem::worded(Error::UrlNotAString, format!("Invalid {label}: expected a string")));
                }
                Some(_) => {}
            }
        }
        self.check_callback(query_callback)
    }

    /// Checks the URLs that a `GET` follows, all reported as Better Auth reports them (docs/wire.md 2.4).
    pub(crate) fn check_query(&self, query: &Query) -> Result<(), Problem> {
        let names = ["callbackURL", "errorCallbackURL", "newUserCallbackURL"];
        names.into_iter().try_for_each(|name| self.check_callback(query.first(name)))
    }

    fn check_callback(&self, target: Option<&str>) -> Result<(), Problem> {
        match target {
            Some(target) if !target.is_empty() && !self.trusts_target(target) => {
                Err(Problem::new(Error::InvalidCallbackUrl))
            }
            _ => Ok(()),
        }
    }
}

fn is_web(url: &Url) -> bool {
    matches!(url.scheme(), "http" | "https")
}

/// A path of our own: one slash first, nothing a browser could take for another host, now or after decoding.
pub(crate) fn is_safe_path(target: &str) -> bool {
    let path = target.split(['?', '#']).next().unwrap_or_default();
    let lower = path.to_ascii_lowercase();
    target.starts_with('/')
        && !target.starts_with("//")
        && !target.contains(|c: char| c == '\\' || c.is_control())
        && !lower.contains("%2f")
        && !lower.contains("%5c")
}

/// Whether a pattern of docs/wire.md 2.1 covers a URL.
fn matches(pattern: &str, url: &Url) -> bool {
    let wild = pattern.contains(['*', '?']);
    match pattern.split_once("://") {
        Some(_) if wild && is_web(url) => glob(pattern, &url.origin().ascii_serialization()),
        Some((scheme, rest)) if !wild && !matches!(scheme, "http" | "https") => matches_scheme(scheme, rest, url),
        Some(_) if !wild => Url::parse(pattern).is_ok_and(|known| is_web(url) && known.origin() == url.origin()),
        None if wild && is_web(url) => {
            let host = url.host_str().unwrap_or_default();
            let host = url.port().map_or_else(|| host.to_owned(), |port| format!("{host}:{port}"));
            let numeric = pattern.chars().all(|c| c.is_ascii_digit() || ".*?:".contains(c));
            let is_ipv4 = matches!(url.host(), Some(url::Host::Ipv4(_)));
            (!numeric || is_ipv4) && glob(pattern, &host)
        }
        _ => false,
    }
}

/// A scheme of an app: the same scheme and, where the pattern has them, the same authority and a leading path.
fn matches_scheme(scheme: &str, rest: &str, url: &Url) -> bool {
    let (authority, path) = rest.split_once('/').map_or((rest, ""), |(authority, path)| (authority, path));
    let known = url.path().trim_start_matches('/');
    url.scheme().eq_ignore_ascii_case(scheme)
        && (authority.is_empty() || url.host_str() == Some(authority))
        && (path.is_empty() || known == path || known.strip_prefix(path).is_some_and(|rest| rest.starts_with('/')))
}

/// `*` is any run of characters, `?` exactly one. Linear in practice and never worse than the product of the lengths.
pub(crate) fn glob(pattern: &str, text: &str) -> bool {
    let (pattern, text): (Vec<char>, Vec<char>) = (pattern.chars().collect(), text.chars().collect());
    let mut reached = vec![false; text.len() + 1];
    if let Some(first) = reached.first_mut() {
        *first = true;
    }
    for symbol in pattern {
        let mut next = vec![false; text.len() + 1];
        let mut any = false;
        for (at, slot) in next.iter_mut().enumerate() {
            let here = reached.get(at).copied().unwrap_or(false);
            let before = at > 0 && reached.get(at - 1).copied().unwrap_or(false);
            any |= here;
            *slot = match symbol {
                '*' => any,
                '?' => before,
                exact => before && text.get(at - 1) == Some(&exact),
            };
        }
        reached = next;
    }
    reached.last().copied().unwrap_or(false)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn origins(patterns: &[&str]) -> Origins {
        let config =
            Config { trusted_origins: patterns.iter().map(|p| (*p).to_owned()).collect(), ..Config::default() };
        Origins::new(&config)
    }

    #[test]
    fn an_origin_is_trusted_only_as_a_whole_string() {
        let origins = origins(&["https://app.example", "https://*.wild.example", "myapp://", "*.host.example:8443"]);
        for good in [
            "http://localhost:3000",
            "https://app.example",
            "https://a.wild.example",
            "https://a.b.wild.example",
            "https://x.host.example:8443",
            "http://x.host.example:8443",
        ] {
            assert!(origins.trusts_origin(good), "{good}");
        }
        for bad in [
            "",
            "null",
            "http://app.example",
            "https://app.example:8443",
            "https://app.example/",
            "https://APP.example",
            "https://app.example.evil",
            "https://evil-app.example",
            "https://app.example@evil.example",
            "https://user@app.example",
            "https://wild.example",
            "https://wild.example.evil",
            "https://x.host.example",
            "http://localhost:3001",
            "http://localhost:3000.evil.example",
        ] {
            assert!(!origins.trusts_origin(bad), "{bad}");
        }
    }

    #[test]
    fn a_redirect_leads_to_a_path_of_our_own_or_to_a_trusted_origin() {
        let origins = origins(&["https://app.example", "myapp://", "other://host/path"]);
        for good in [
            "/",
            "/dash?a=b#c",
            "/a?u=%2f",
            "/..//x",
            "https://app.example/x",
            "http://localhost:3000/x",
            "myapp://anything/at/all",
            "other://host/path/below",
        ] {
            assert!(origins.trusts_target(good), "{good}");
        }
        for bad in [
            "dash",
            "//evil.example",
            "/\\evil",
            "/%2f",
            "/%5Cx",
            "/\u{1}",
            "javascript:alert(1)",
            "data:text/html,x",
            "https://evil.example",
            "https://app.example@evil.example/",
            "https://app.example\\@evil.example/",
            " https://app.example",
            "http://app.example",
            "other://host/pathological",
            "other://evil/path",
        ] {
            assert!(!origins.trusts_target(bad), "{bad}");
        }
    }

    #[test]
    fn patterns_of_digits_match_addresses_alone() {
        let origins = origins(&["10.*.*.*"]);
        assert!(origins.trusts_origin("http://10.1.2.3"));
        assert!(!origins.trusts_origin("http://10.evil.example.com"));
    }
}
