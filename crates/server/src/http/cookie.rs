//! Cookies as Better Auth names, signs and writes them (docs/wire.md 5).

use countersign_engine::{Engine, Session};
use countersign_token::SignedCookie;
use http::{HeaderMap, HeaderValue, header};

use crate::config::Config;

/// How this server's cookies are named.
#[derive(Clone, Debug)]
pub(crate) struct CookieNames {
    prefix: String,
    secure: bool,
}

impl CookieNames {
    pub(crate) fn new(config: &Config) -> Self {
        let secure = config.secure_cookies();
        let prefix = format!("{}{}.", if secure { "__Secure-" } else { "" }, config.advanced.cookie_prefix);
        Self { prefix, secure }
    }

    pub(crate) fn session_token(&self) -> String {
        format!("{}session_token", self.prefix)
    }

    fn session_data(&self) -> String {
        format!("{}session_data", self.prefix)
    }

    fn dont_remember(&self) -> String {
        format!("{}dont_remember", self.prefix)
    }

    /// `name=value` with the attributes of every cookie of ours, in Better Auth's order.
    fn line(&self, name: &str, value: &str, max_age: Option<u32>) -> String {
        let age = max_age.map(|seconds| format!("; Max-Age={seconds}")).unwrap_or_default();
        let secure = if self.secure { "; Secure" } else { "" };
        format!("{name}={}{age}; Path=/; HttpOnly{secure}; SameSite=Lax", escape(value))
    }
}

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
        SignedCookie::verify(self.first(&names.session_token())?, engine.secrets())
    }

    /// Whether a genuine `dont_remember` cookie is there.
    pub(crate) fn dont_remember(&self, names: &CookieNames, engine: &Engine) -> bool {
        let value = self.first(&names.dont_remember());
        value.and_then(|value| SignedCookie::verify(value, engine.secrets())) == Some("true")
    }

    fn chunks_of<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a str> {
        let is_chunk = move |known: &&str| {
            let number = known.strip_prefix(name).and_then(|rest| rest.strip_prefix('.'));
            number.is_some_and(|number| !number.is_empty() && number.bytes().all(|b| b.is_ascii_digit()))
        };
        self.0.iter().map(|(known, _)| known.as_str()).filter(is_chunk)
    }
}

/// The cookies an answer sets. A later one replaces an earlier one of the same name.
#[derive(Clone, Debug, Default)]
pub(crate) struct SetCookies(Vec<(String, String)>);

impl SetCookies {
    fn put(&mut self, names: &CookieNames, name: String, value: &str, max_age: Option<u32>) {
        let line = names.line(&name, value, max_age);
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
        self.put(names, names.session_token(), &SignedCookie::sign(&session.token, secret), max_age);
        if dont_remember {
            self.put(names, names.dont_remember(), &SignedCookie::sign("true", secret), None);
        } else if was_not_remembered {
            self.put(names, names.dont_remember(), "", Some(0));
        }
    }

    /// Clears a session (CLR, docs/wire.md 5.5).
    pub(crate) fn clear(&mut self, names: &CookieNames, brought: &Cookies) {
        let session_data = names.session_data();
        self.put(names, names.session_token(), "", Some(0));
        self.put(names, session_data.clone(), "", Some(0));
        for chunk in brought.chunks_of(&session_data) {
            self.put(names, chunk.to_owned(), "", Some(0));
        }
        self.put(names, names.dont_remember(), "", Some(0));
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
