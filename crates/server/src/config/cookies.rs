//! How cookies are named and marked, and which marks a browser would not take or a thief would like.

use countersign_engine::config::Problem;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{Config, is_header_token};

/// Cookies that go to other hosts of a domain, too.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct CrossSubDomainCookies {
    /// Whether they do.
    pub enabled: bool,
    /// The domain they go to with everything below it: `example.com`. Without it: the host of `base_url`.
    pub domain: Option<String>,
}

/// Cookies one by one.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Cookies {
    /// What the session is known by.
    pub session_token: Cookie,
    /// What remembers the session for a short while, if `session.cookie_cache` is on.
    pub session_data: Cookie,
    /// What says that the session goes with the browser.
    pub dont_remember: Cookie,
    /// What binds a visit to an identity provider to the browser that began it.
    pub state: Cookie,
}

/// One cookie.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Cookie {
    /// Its name instead of prefix, dot and usual name; `__Secure-` is put before it as before any.
    pub name: Option<String>,
    /// Its attributes; what is not said here is as `advanced.default_cookie_attributes` has it.
    pub attributes: CookieAttributes,
}

/// Attributes of cookies (RFC 6265 section 4.1.2).
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct CookieAttributes {
    /// The domain it goes to, with everything below it.
    pub domain: Option<String>,
    /// The path below which it goes: `/` if not said.
    pub path: Option<String>,
    /// Whether it goes over TLS alone.
    pub secure: Option<bool>,
    /// Whether scripts cannot read it. It can only be true.
    pub http_only: Option<bool>,
    /// With which requests of other sites it goes: `lax` if not said.
    pub same_site: Option<SameSite>,
    /// Whether it is kept apart for each site that frames ours (CHIPS).
    pub partitioned: Option<bool>,
}

/// With which requests of other sites a cookie goes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum SameSite {
    /// With none.
    Strict,
    /// Where the browser goes to ours.
    #[default]
    Lax,
    /// With all.
    None,
}

/// A cookie as it is written: its name, and every attribute but its age.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Marked {
    pub(crate) name: String,
    pub(crate) domain: Option<String>,
    pub(crate) path: String,
    pub(crate) secure: bool,
    pub(crate) same_site: SameSite,
    pub(crate) partitioned: bool,
}

/// `session_token`, `session_data`, `dont_remember` and `state`.
pub(crate) fn marked(config: &Config) -> [Marked; 4] {
    let Cookies { session_token, session_data, dont_remember, state } = &config.advanced.cookies;
    [
        ("session_token", session_token),
        ("session_data", session_data),
        ("dont_remember", dont_remember),
        ("state", state),
    ]
    .map(|(usual, own)| mark(config, usual, own))
}

fn mark(config: &Config, usual: &str, own: &Cookie) -> Marked {
    let advanced = &config.advanced;
    let (own_attributes, default) = (&own.attributes, &advanced.default_cookie_attributes);
    let across = &advanced.cross_sub_domain_cookies;
    let common = || across.domain.clone().unwrap_or_else(|| config.engine.base_url.host().to_owned());
    let named = || format!("{}.{usual}", advanced.cookie_prefix);
    let domain = own_attributes.domain.as_ref().or(default.domain.as_ref()).cloned();
    Marked {
        name: secure_prefix(config).to_owned() + &own.name.clone().unwrap_or_else(named),
        domain: domain.or_else(|| across.enabled.then(common)),
        path: own_attributes.path.as_ref().or(default.path.as_ref()).cloned().unwrap_or_else(|| "/".to_owned()),
        secure: own_attributes.secure.or(default.secure).unwrap_or_else(|| config.secure_cookies()),
        same_site: own_attributes.same_site.or(default.same_site).unwrap_or_default(),
        partitioned: own_attributes.partitioned.or(default.partitioned).unwrap_or(false),
    }
}

fn secure_prefix(config: &Config) -> &'static str {
    if config.secure_cookies() { "__Secure-" } else { "" }
}

/// What is wrong with these settings.
pub(super) fn problems(config: &Config) -> Vec<Problem> {
    let advanced = &config.advanced;
    let marked = marked(config);
    let mut found = names(config, &marked);
    let across = &advanced.cross_sub_domain_cookies;
    let (enabled, domain) = ("advanced.cross_sub_domain_cookies.enabled", "advanced.cross_sub_domain_cookies.domain");
    let host = config.engine.base_url.host();
    match &across.domain {
        Some(_) if !across.enabled => {
            found.push((domain, "has no effect unless `advanced.cross_sub_domain_cookies.enabled` is true".to_owned()));
        }
        Some(given) if !holds(given, host) => found.push((domain, not_ours(given, host))),
        None if across.enabled && !holds(host, host) => found.push((
            enabled,
            format!("needs a domain name in `base_url`, like https://auth.example.com; {host} has no sub-domains"),
        )),
        _ => {}
    }
    let [token, data, remember, visit] = &marked;
    let Cookies { session_token, session_data, dont_remember, state } = &advanced.cookies;
    for (key, attributes, of) in [
        ("advanced.default_cookie_attributes", &advanced.default_cookie_attributes, vec![token, data, remember, visit]),
        ("advanced.cookies.session_token.attributes", &session_token.attributes, vec![token]),
        ("advanced.cookies.session_data.attributes", &session_data.attributes, vec![data]),
        ("advanced.cookies.dont_remember.attributes", &dont_remember.attributes, vec![remember]),
        ("advanced.cookies.state.attributes", &state.attributes, vec![visit]),
    ] {
        found.extend(attribute_problems(config, attributes, &of).into_iter().map(|why| (key, why)));
    }
    found.into_iter().map(|(key, why)| Problem { key, why }).collect()
}

/// What is wrong with one set of attributes, which mark these cookies.
fn attribute_problems(config: &Config, attributes: &CookieAttributes, of: &[&Marked]) -> Vec<String> {
    const OVER_TLS: &str = "serve over https, or set `advanced.use_secure_cookies` to true";
    let (host, endpoints) = (config.engine.base_url.host(), config.path());
    let insecure = of.iter().any(|cookie| !cookie.secure);
    let everywhere = attributes.same_site == Some(SameSite::None);
    let narrow = attributes.path.as_deref().filter(|path| !covers(path, endpoints));
    let foreign = attributes.domain.as_deref().filter(|domain| !holds(domain, host));
    let checks = [
        (attributes.http_only == Some(false)).then(|| {
            "must not have `http_only` false, or a script could take the session with it; remove it".to_owned()
        }),
        (attributes.secure == Some(false) && config.secure_cookies()).then(|| {
            "cannot have `secure` false where names begin with `__Secure-`; remove it".to_owned()
        }),
        (everywhere && insecure)
            .then(|| format!("with `same_site` none are taken by no browser unless they are secure: {OVER_TLS}")),
        (everywhere && config.advanced.disable_csrf_check).then(|| {
            "must not have `same_site` none while `advanced.disable_csrf_check` is true, or any site could act for your \
             users; set that to false"
                .to_owned()
        }),
        (attributes.partitioned == Some(true) && insecure)
            .then(|| format!("that are `partitioned` are taken by no browser unless they are secure: {OVER_TLS}")),
        narrow.map(|path| format!("must have a `path` that holds {endpoints}, where the endpoints are; {path:?} does not")),
        foreign.map(|domain| format!("has a `domain` that {}", not_ours(domain, host))),
    ];
    checks.into_iter().flatten().collect()
}

/// Names must be tokens, tell the cookies apart, and be none that a chunk of `session_data` may have.
fn names(config: &Config, marked: &[Marked; 4]) -> Vec<(&'static str, String)> {
    let Cookies { session_token, session_data, dont_remember, state } = &config.advanced.cookies;
    let given = [
        ("advanced.cookies.session_token.name", session_token),
        ("advanced.cookies.session_data.name", session_data),
        ("advanced.cookies.dont_remember.name", dont_remember),
        ("advanced.cookies.state.name", state),
    ];
    let [_, data, ..] = marked;
    let mut found = Vec::new();
    for ((key, cookie), own) in given.into_iter().zip(marked) {
        let Some(name) = &cookie.name else { continue };
        if !is_header_token(name) || name.starts_with("__") {
            let why = "may hold only letters, digits, '-', '_' and '.', and not begin with `__`, which `__Secure-` does by itself";
            found.push((key, why.to_owned()));
        }
        let same = marked.iter().filter(|other| other.name == own.name).count() > 1;
        if same || own.name.starts_with(&format!("{}.", data.name)) {
            found.push((key, format!("({name}) must be unlike the names of the other cookies and their parts")));
        }
    }
    found
}

/// Whether a browser that is at `host` takes a cookie for `domain`: the host or a domain above it, but no address and no
/// single label. Whether others may register names right below it, only a browser's list knows.
fn holds(domain: &str, host: &str) -> bool {
    let domain = domain.strip_prefix('.').unwrap_or(domain);
    let is_name = domain.contains('.') && !domain.ends_with('.') && domain.parse::<std::net::IpAddr>().is_err();
    let above = || host.strip_suffix(domain).is_some_and(|rest| rest.ends_with('.'));
    is_name && (host == domain || above())
}

fn not_ours(domain: &str, host: &str) -> String {
    format!("must be {host}, the host of `base_url`, or a domain above it, in small letters; {domain:?} is neither")
}

/// Whether a cookie of `path` goes to `endpoints` (RFC 6265 section 5.1.4).
fn covers(path: &str, endpoints: &str) -> bool {
    let visible = path.starts_with('/') && path.bytes().all(|byte| byte.is_ascii_graphic() && byte != b';');
    let rest = endpoints.strip_prefix(path);
    visible && rest.is_some_and(|rest| path.ends_with('/') || rest.is_empty() || rest.starts_with('/'))
}

#[cfg(test)]
mod tests {
    use super::*;

    const TLS: &str = "https://auth.example.com";

    /// The settings complained about, for a server at `base_url`.
    fn keys(base_url: &str, configure: impl FnOnce(&mut crate::config::Advanced)) -> Vec<&'static str> {
        let mut config = Config::default();
        config.engine.base_url = base_url.parse().unwrap();
        configure(&mut config.advanced);
        config.validate().err().unwrap_or_default().iter().map(|problem| problem.key).collect()
    }

    fn across(base_url: &str, domain: Option<&str>) -> Vec<&'static str> {
        keys(base_url, |advanced| {
            advanced.cross_sub_domain_cookies.enabled = true;
            advanced.cross_sub_domain_cookies.domain = domain.map(str::to_owned);
        })
    }

    fn default_attributes(base_url: &str, configure: impl FnOnce(&mut CookieAttributes)) -> Vec<&'static str> {
        keys(base_url, |advanced| configure(&mut advanced.default_cookie_attributes))
    }

    #[test]
    fn a_domain_is_that_of_the_server_or_one_above_it() {
        const ENABLED: [&str; 1] = ["advanced.cross_sub_domain_cookies.enabled"];
        const DOMAIN: [&str; 1] = ["advanced.cross_sub_domain_cookies.domain"];
        for good in [None, Some("auth.example.com"), Some("example.com"), Some(".example.com")] {
            assert_eq!(across(TLS, good), [""; 0], "{good:?}");
        }
        for bad in
            ["com", ".com", "", ".", "ample.com", "other.com", "x.auth.example.com", "Example.com", "example.com."]
        {
            assert_eq!(across(TLS, Some(bad)), DOMAIN, "{bad:?}");
        }
        for alone in ["http://localhost:3000", "http://127.0.0.1:3000", "http://[::1]:3000"] {
            assert_eq!(across(alone, None), ENABLED, "{alone}");
            assert_eq!(across(alone, Some("127.0.0.1")), DOMAIN, "{alone}");
        }
        let idle = |advanced: &mut crate::config::Advanced| {
            advanced.cross_sub_domain_cookies.domain = Some("example.com".to_owned());
        };
        assert_eq!(keys(TLS, idle), DOMAIN);
        let given = |domain: &str| default_attributes(TLS, |all| all.domain = Some(domain.to_owned()));
        assert_eq!(given("example.com"), [""; 0]);
        assert_eq!(given("evil.com"), ["advanced.default_cookie_attributes"]);
    }

    #[test]
    fn what_no_browser_would_take_or_a_thief_would_like_is_refused() {
        const ALL: [&str; 1] = ["advanced.default_cookie_attributes"];
        let none = |all: &mut CookieAttributes| all.same_site = Some(SameSite::None);
        let partitioned = |all: &mut CookieAttributes| all.partitioned = Some(true);
        let framed = |all: &mut CookieAttributes| {
            none(all);
            partitioned(all);
        };
        assert_eq!(default_attributes(TLS, framed), [""; 0]);
        for configure in [none as fn(&mut CookieAttributes), partitioned] {
            assert_eq!(default_attributes("http://localhost:3000", configure), ALL);
        }
        let marked = |all: &mut CookieAttributes| {
            none(all);
            all.secure = Some(true);
        };
        assert_eq!(default_attributes("http://localhost:3000", marked), [""; 0], "browsers trust this machine");
        assert_eq!(default_attributes(TLS, |all| all.http_only = Some(false)), ALL);
        assert_eq!(default_attributes(TLS, |all| all.http_only = Some(true)), [""; 0]);
        assert_eq!(default_attributes(TLS, |all| all.secure = Some(false)), ALL);
        let open = |advanced: &mut crate::config::Advanced| {
            advanced.disable_csrf_check = true;
            advanced.cookies.session_token.attributes.same_site = Some(SameSite::None);
        };
        assert_eq!(keys(TLS, open), ["advanced.cookies.session_token.attributes"]);
        for (path, fits) in [
            ("/", true),
            ("/api", true),
            ("/api/", true),
            ("/api/auth", true),
            ("/ap", false),
            ("/app", false),
            ("api", false),
            ("", false),
            ("/;", false),
        ] {
            let found = keys(TLS, |advanced| advanced.cookies.session_data.attributes.path = Some(path.to_owned()));
            assert_eq!(found.is_empty(), fits, "{path:?}: {found:?}");
        }
    }

    #[test]
    fn names_tell_cookies_apart() {
        let named = |token: &str, data: &str| {
            keys(TLS, |advanced| {
                advanced.cookies.session_token.name = Some(token.to_owned());
                advanced.cookies.session_data.name = Some(data.to_owned());
            })
        };
        let (token, data) = ("advanced.cookies.session_token.name", "advanced.cookies.session_data.name");
        assert_eq!(named("sid", "data"), [""; 0]);
        assert_eq!(named("sid", "sid"), [token, data]);
        assert_eq!(named("data.0", "data"), [token], "a part of the other");
        assert_eq!(named("better-auth.dont_remember", "data"), [token]);
        for bad in ["", "a b", "a;", "a=", "ä", "__Host-sid", "__Secure-sid"] {
            assert_eq!(named(bad, "data"), [token], "{bad:?}");
        }
    }
}
