//! Cookies as Better Auth names, signs and writes them (docs/wire.md 5).

use countersign_engine::{Engine, Session};
use countersign_token::SignedCookie;
use http::{HeaderMap, HeaderValue, header};

use crate::config::Config;
use crate::config::cookies::{self, Marked};

/// How this server's cookies are named and marked.
#[derive(Clone, Debug)]
pub(crate) struct CookieNames {
    session_token: Line,
    session_data: Line,
    dont_remember: Line,
    state: Line,
}

/// A cookie's name, and what is written after its age.
#[derive(Clone, Debug)]
struct Line {
    name: String,
    attributes: String,
}

impl CookieNames {
    pub(crate) fn new(config: &Config) -> Self {
        let [session_token, session_data, dont_remember, state] = cookies::marked(config).map(Line::new);
        Self { session_token, session_data, dont_remember, state }
    }
}

impl Line {
    /// Attributes stand in Better Auth's order.
    fn new(marked: Marked) -> Self {
        let Marked { name, domain, path, secure, same_site, partitioned } = marked;
        let domain = domain.map(|domain| format!("; Domain={domain}")).unwrap_or_default();
        let secure = if secure { "; Secure" } else { "" };
        let partitioned = if partitioned { "; Partitioned" } else { "" };
        let attributes = format!("{domain}; Path={path}; HttpOnly{secure}; SameSite={same_site:?}{partitioned}");
        Self { name, attributes }
    }

    /// The whole line, under the cookie's name or that of a chunk.
    fn line(&self, name: &str, value: &str, max_age: Option<u32>) -> String {
        let age = max_age.map(|seconds| format!("; Max-Age={seconds}")).unwrap_or_default();
        format!("{name}={}{age}{}", escape(value), self.attributes)
    }

    /// A value as it is spread over cookies: one, or numbered chunks; none where they would be too many.
    fn chunks<'a>(&self, value: &'a str, max_age: Option<u32>) -> Vec<(String, &'a str)> {
        let name = &self.name;
        let room = COOKIE_MAX.saturating_sub(self.line(&format!("{name}.99"), "", max_age).len());
        match value.len().div_ceil(room.max(1)) {
            0 | 1 => vec![(name.clone(), value)],
            2..=CHUNKS_MAX => {
                let parts = (0..).map_while(|number| {
                    let start = number * room;
                    value.get(start..value.len().min(start + room)).filter(|part| !part.is_empty())
                });
                parts.enumerate().map(|(number, part)| (format!("{name}.{number}"), part)).collect()
            }
            _ => Vec::new(),
        }
    }
}

/// Seconds for which a browser remembers that it began a visit to an identity provider.
const STATE_LIFETIME: u32 = 300;
/// The longest cookie, with its name and attributes, in bytes. Browsers take a little more.
const COOKIE_MAX: usize = 4050;
/// The most chunks of a cookie. Better Auth goes to 100; the head of a request that brought them back would be refused
/// (security H5), and with it everything its browser sends.
const CHUNKS_MAX: usize = 12;

/// The cookies a request brought.
#[derive(Clone, Debug, Default)]
pub(crate) struct Cookies(Vec<(String, String)>);

impl Cookies {
    pub(crate) fn of(headers: &HeaderMap) -> Self {
        let texts = headers.get_all(header::COOKIE).into_iter().filter_map(|value| value.to_str().ok());
        let pairs = texts.flat_map(|text| text.split(';')).filter_map(|pair| pair.split_once('='));
        Self(pairs.map(|(name, value)| (name.trim().to_owned(), unescape(unquote(value.trim())))).collect())
    }

    /// The first cookie of this name, as Better Auth takes it.
    fn first(&self, name: &str) -> Option<&str> {
        self.0.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str())
    }

    /// The session token out of a genuine session cookie.
    pub(crate) fn session_token(&self, names: &CookieNames, engine: &Engine) -> Option<&str> {
        SignedCookie::verify(self.first(&names.session_token.name)?, engine.secrets())
    }

    /// Whether a genuine `dont_remember` cookie is there.
    pub(crate) fn dont_remember(&self, names: &CookieNames, engine: &Engine) -> bool {
        let value = self.first(&names.dont_remember.name);
        value.and_then(|value| SignedCookie::verify(value, engine.secrets())) == Some("true")
    }

    /// The state of a visit to an identity provider that began in this browser, if the cookie is genuine.
    pub(crate) fn state(&self, names: &CookieNames, engine: &Engine) -> Option<&str> {
        SignedCookie::verify(self.first(&names.state.name)?, engine.secrets())
    }

    /// What the cache cookie says, whole or in chunks.
    pub(crate) fn session_data(&self, names: &CookieNames) -> Option<String> {
        let name = &names.session_data.name;
        let whole = self.first(name).filter(|value| !value.is_empty()).map(str::to_owned);
        whole.or_else(|| {
            let mut chunks: Vec<_> =
                self.0.iter().filter_map(|(known, value)| Some((chunk_number(name, known)?, value.as_str()))).collect();
            chunks.sort_by_key(|(number, _)| *number);
            (!chunks.is_empty()).then(|| chunks.into_iter().map(|(_, value)| value).collect())
        })
    }

    /// The names of the chunks of a cookie.
    fn chunks_of<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a str> {
        self.0.iter().map(|(known, _)| known.as_str()).filter(move |known| chunk_number(name, known).is_some())
    }
}

/// The number of a chunk, if this is the name of one; it has one spelling.
fn chunk_number(name: &str, known: &str) -> Option<u32> {
    let text = known.strip_prefix(name)?.strip_prefix('.')?;
    text.parse().ok().filter(|number: &u32| number.to_string() == text)
}

/// The cookies an answer sets. A later one replaces an earlier one of the same name.
#[derive(Clone, Debug, Default)]
pub(crate) struct SetCookies(Vec<(String, String)>);

impl SetCookies {
    fn put(&mut self, cookie: &Line, value: &str, max_age: Option<u32>) {
        self.put_as(cookie, cookie.name.clone(), value, max_age);
    }

    /// The same under the name of a chunk.
    fn put_as(&mut self, cookie: &Line, name: String, value: &str, max_age: Option<u32>) {
        let line = cookie.line(&name, value, max_age);
        self.0.retain(|(known, _)| *known != name);
        self.0.push((name, line));
    }

    /// Sets a session (CK, docs/wire.md 5.4). `was_not_remembered`: the request carried a genuine `dont_remember`.
    pub(crate) fn session(
        &mut self,
        (names, engine): (&CookieNames, &Engine),
        session: &Session,
        dont_remember: bool,
        was_not_remembered: bool,
    ) {
        let secret = engine.secrets().current();
        let max_age = (!dont_remember).then_some(engine.config().session.expires_in);
        self.put(&names.session_token, &SignedCookie::sign(&session.token, secret), max_age);
        if dont_remember {
            self.put(&names.dont_remember, &SignedCookie::sign("true", secret), None);
        } else if was_not_remembered {
            self.put(&names.dont_remember, "", Some(0));
        }
    }

    /// Sets the cache cookie, in chunks where it is too long for one (docs/wire.md 5.7), and deletes what the request brought
    /// of an earlier one. Where even the chunks are too many, none is set.
    pub(crate) fn session_data(&mut self, names: &CookieNames, brought: &Cookies, value: &str, max_age: Option<u32>) {
        let new = names.session_data.chunks(value, max_age);
        self.replace_session_data(names, brought, (new, max_age));
    }

    /// Deletes whatever the request brought of a cache cookie.
    pub(crate) fn clear_session_data(&mut self, names: &CookieNames, brought: &Cookies) {
        self.replace_session_data(names, brought, (Vec::new(), None));
    }

    fn replace_session_data(
        &mut self,
        names: &CookieNames,
        brought: &Cookies,
        (mut new, max_age): (Vec<(String, &str)>, Option<u32>),
    ) {
        let cookie = &names.session_data;
        let old = brought.0.iter().map(|(known, _)| known.as_str());
        for old in old.filter(|known| **known == cookie.name || chunk_number(&cookie.name, known).is_some()) {
            match new.iter().position(|(known, _)| known == old) {
                Some(at) => {
                    let (known, part) = new.remove(at);
                    self.put_as(cookie, known, part, max_age);
                }
                None => self.put_as(cookie, old.to_owned(), "", Some(0)),
            }
        }
        for (known, part) in new {
            self.put_as(cookie, known, part, max_age);
        }
    }

    /// Deletes the cache cookie that is not believed.
    pub(crate) fn expire_session_data(&mut self, names: &CookieNames) {
        self.put(&names.session_data, "", Some(0));
    }

    /// Binds a visit to an identity provider to this browser.
    pub(crate) fn state(&mut self, (names, engine): (&CookieNames, &Engine), state: &str) {
        let value = SignedCookie::sign(state, engine.secrets().current());
        self.put(&names.state, &value, Some(STATE_LIFETIME));
    }

    /// Unbinds it.
    pub(crate) fn clear_state(&mut self, names: &CookieNames) {
        self.put(&names.state, "", Some(0));
    }

    /// Clears a session (CLR, docs/wire.md 5.5).
    pub(crate) fn clear(&mut self, names: &CookieNames, brought: &Cookies) {
        self.put(&names.session_token, "", Some(0));
        self.expire_session_data(names);
        for chunk in brought.chunks_of(&names.session_data.name) {
            self.put_as(&names.session_data, chunk.to_owned(), "", Some(0));
        }
        self.put(&names.dont_remember, "", Some(0));
    }

    pub(crate) fn merge(&mut self, later: Self) {
        self.0.retain(|(known, _)| !later.0.iter().any(|(name, _)| name == known));
        self.0.extend(later.0);
    }

    pub(crate) fn apply(self, headers: &mut HeaderMap) {
        for (_, line) in self.0 {
            if let Ok(value) = HeaderValue::try_from(line) {
                headers.append(header::SET_COOKIE, value);
            }
        }
    }
}

fn unquote(value: &str) -> &str {
    value.strip_prefix('"').and_then(|rest| rest.strip_suffix('"')).unwrap_or(value)
}

/// `encodeURIComponent`: everything but letters, digits and `-_.!~*'()`.
pub(crate) fn escape(value: &str) -> String {
    let mut escaped = String::with_capacity(value.len());
    for byte in value.bytes() {
        if byte.is_ascii_alphanumeric() || b"-_.!~*'()".contains(&byte) {
            escaped.push(char::from(byte));
        } else {
            escaped.push_str(&format!("%{byte:02X}"));
        }
    }
    escaped
}

/// The text that percent signs stand for; a text that is not escaped, or badly, stays as it is.
pub(crate) fn unescape(value: &str) -> String {
    if !value.contains('%') {
        return value.to_owned();
    }
    let mut bytes = Vec::with_capacity(value.len());
    let mut rest = value.as_bytes();
    while let Some((first, tail)) = rest.split_first() {
        let digit = |byte: &u8| char::from(*byte).to_digit(16).and_then(|digit| u8::try_from(digit).ok());
        match (first, tail) {
            (b'%', [high, low, after @ ..]) => {
                let (Some(high), Some(low)) = (digit(high), digit(low)) else { return value.to_owned() };
                bytes.push(high << 4 | low);
                rest = after;
            }
            (b'%', _) => return value.to_owned(),
            _ => {
                bytes.push(*first);
                rest = tail;
            }
        }
    }
    String::from_utf8(bytes).unwrap_or_else(|_| value.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn escaping_and_unescaping_undo_each_other() {
        for text in ["", "abc.DEF/+=", "äöü €", "%", "a b\n"] {
            assert_eq!(unescape(&escape(text)), text);
        }
        assert_eq!(escape("a/b+c="), "a%2Fb%2Bc%3D");
        for broken in ["%", "%2", "%zz", "a%"] {
            assert_eq!(unescape(broken), broken);
        }
    }

    #[test]
    fn the_first_cookie_of_a_name_counts_and_quotes_are_no_part_of_it() {
        let mut headers = HeaderMap::new();
        headers.append(header::COOKIE, "a=1; b=\"x%3D\"; a=2".parse().unwrap());
        headers.append(header::COOKIE, "c=3; a.0=p; a.x=q; a.=r".parse().unwrap());
        let cookies = Cookies::of(&headers);
        assert_eq!((cookies.first("a"), cookies.first("b"), cookies.first("c")), (Some("1"), Some("x="), Some("3")));
        assert_eq!(cookies.chunks_of("a").collect::<Vec<_>>(), ["a.0"]);
    }
}
