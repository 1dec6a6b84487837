//! Decoding a request once, with every issue collected in Better Auth's words.
//!
//! A request is a struct declared with [`request!`]; the declaration yields the struct, its decoding and its
//! schema. The texts are those of docs/wire.md 1.4, observed on the real package.

use serde_json::{Map, Value, json};

/// What a request brings besides its headers.
#[derive(Clone, Copy, Debug)]
pub struct Input<'a> {
    /// The decoded body, if there was one.
    pub body: Option<&'a Value>,
    /// The query.
    pub query: &'a Query,
    /// What stands in the path where the endpoint's has braces; empty where it has none.
    pub path: &'a str,
}

impl<'a> Input<'a> {
    /// A body alone.
    pub fn body(body: &'a Value) -> Self {
        const EMPTY: &Query = &Query(Vec::new());
        Self { body: Some(body), query: EMPTY, path: "" }
    }
}

/// A decoded query, in the order it came.
#[derive(Clone, Debug, Default)]
pub struct Query(pub Vec<(String, String)>);

impl Query {
    /// The first value of `name`.
    pub fn first(&self, name: &str) -> Option<&str> {
        self.0.iter().find(|(key, _)| key == name).map(|(_, value)| value.as_str())
    }

    /// The text of `name`, which may come once: none where it does not come, an issue where it comes more often, as Better
    /// Auth reads several for a list.
    pub fn text(&self, name: &str, issues: &mut Issues) -> Option<&str> {
        let mut values = self.0.iter().filter(|(key, _)| key == name).map(|(_, value)| value.as_str());
        let first = values.next();
        if values.next().is_some() {
            issues.note(&format!("query.{name}"), "Invalid input: expected string, received array");
        }
        first
    }

    /// The text of `name`, which must come once.
    pub fn required_text(&self, name: &str, issues: &mut Issues) -> String {
        let text = self.text(name, issues);
        if text.is_none() {
            issues.note_type("string", None, &format!("query.{name}"));
        }
        text.unwrap_or_default().to_owned()
    }

    /// Whether `name` is there with any text. Better Auth coerces by JavaScript's truth, so that `false` and `0` mean
    /// true (docs/wire.md 6.2).
    pub fn flag(&self, name: &str) -> bool {
        self.first(name).is_some_and(|value| !value.is_empty())
    }
}

/// Everything wrong with a request.
#[derive(Debug, Default)]
pub struct Issues(Vec<String>);

impl Issues {
    /// Notes that the value at `path` is not as demanded.
    pub fn note(&mut self, path: &str, text: &str) {
        self.0.push(format!("[{path}] {text}"));
    }

    /// Notes that the value at `path` has another type than the expected one, or is not there.
    pub fn note_type(&mut self, expected: &str, value: Option<&Value>, path: &str) {
        let received = match value {
            None => "undefined",
            Some(Value::Null) => "null",
            Some(Value::Bool(_)) => "boolean",
            Some(Value::Number(_)) => "number",
            Some(Value::String(_)) => "string",
            Some(Value::Array(_)) => "array",
            Some(Value::Object(_)) => "object",
        };
        self.note(path, &format!("Invalid input: expected {expected}, received {received}"));
    }

    /// `value` if nothing is wrong.
    ///
    /// # Errors
    /// The issues.
    pub fn or<T>(self, value: T) -> Result<T, Self> {
        if self.0.is_empty() { Ok(value) } else { Err(self) }
    }

    /// The sentence of `VALIDATION_ERROR`: all issues, joined as Better Auth joins them.
    pub fn sentence(&self) -> String {
        self.0.join("; ")
    }
}

/// A request that can be decoded and described.
pub trait Request: Sized + Send + 'static {
    /// Decodes the request, or says everything that is wrong with it.
    fn decode(input: Input<'_>) -> Result<Self, Issues>;
    /// The JSON schema of its body; none if it takes no body.
    fn body_schema() -> Option<Value>;
    /// The names of the query parameters it reads.
    fn query_names() -> &'static [&'static str] {
        &[]
    }
    /// Those of them that must be there.
    fn required_query_names() -> &'static [&'static str] {
        &[]
    }
}

/// A request that takes nothing. A body, if one comes, is not looked at.
impl Request for () {
    fn decode(_: Input<'_>) -> Result<Self, Issues> {
        Ok(())
    }
    fn body_schema() -> Option<Value> {
        None
    }
}

/// A body that is a free record, of which the endpoint takes what it knows.
#[derive(Clone, Debug)]
pub struct Record(pub Map<String, Value>);

impl Request for Record {
    fn decode(input: Input<'_>) -> Result<Self, Issues> {
        match input.body {
            Some(Value::Object(members)) => Ok(Self(members.clone())),
            other => {
                let mut issues = Issues::default();
                issues.note_type("record", other, "body");
                Err(issues)
            }
        }
    }
    fn body_schema() -> Option<Value> {
        Some(json!({ "type": "object" }))
    }
}

/// The additional fields of a user or session, in the order of the schema: members among the others.
#[derive(Clone, Debug, Default)]
pub struct Additional(pub Vec<(String, Value)>);

impl serde::Serialize for Additional {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_map(self.0.iter().map(|(name, value)| (name, value)))
    }
}

/// Flattened into a struct it is given the members that are no field of that.
impl<'de> serde::Deserialize<'de> for Additional {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Map::deserialize(deserializer).map(|members| Self(members.into_iter().collect()))
    }
}

impl schemars::JsonSchema for Additional {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "Additional".into()
    }
    fn json_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
        schemars::json_schema!({ "type": "object", "additionalProperties": true })
    }
}

/// A member of a body.
pub trait Field: Sized {
    /// Whether it must be there.
    const REQUIRED: bool = true;
    /// Decodes the value at `path`; notes an issue and answers `None` if it is not as demanded.
    fn decode(value: Option<&Value>, path: &str, issues: &mut Issues) -> Option<Self>;
    /// Its JSON schema.
    fn schema() -> Value;
}

/// A syntactically valid e-mail address, as it was typed.
#[derive(Clone, Debug)]
pub struct Address(pub String);

/// A string of at most `MAX` bytes that every database can keep: PostgreSQL keeps no NUL (security P14).
#[derive(Clone, Debug)]
pub struct Text<const MAX: usize>(pub String);

/// A string with at least one character.
#[derive(Clone)]
pub struct NonEmpty(pub String);

/// All members of the body, for endpoints that look at names of their own configuration.
#[derive(Clone, Debug, Default)]
pub struct Rest(pub Map<String, Value>);

impl Field for String {
    fn decode(value: Option<&Value>, path: &str, issues: &mut Issues) -> Option<Self> {
        match value {
            Some(Value::String(text)) => Some(text.clone()),
            other => wrong_type("string", other, path, issues),
        }
    }
    fn schema() -> Value {
        json!({ "type": "string" })
    }
}

impl Field for bool {
    fn decode(value: Option<&Value>, path: &str, issues: &mut Issues) -> Option<Self> {
        match value {
            Some(Value::Bool(flag)) => Some(*flag),
            other => wrong_type("boolean", other, path, issues),
        }
    }
    fn schema() -> Value {
        json!({ "type": "boolean" })
    }
}

impl Field for Address {
    fn decode(value: Option<&Value>, path: &str, issues: &mut Issues) -> Option<Self> {
        let text = String::decode(value, path, issues)?;
        if !is_address(&text) {
            issues.note(path, "Invalid email address");
            return None;
        }
        Some(Self(text))
    }
    fn schema() -> Value {
        json!({ "type": "string", "format": "email", "maxLength": ADDRESS_MAX })
    }
}

impl Field for NonEmpty {
    fn decode(value: Option<&Value>, path: &str, issues: &mut Issues) -> Option<Self> {
        let text = String::decode(value, path, issues)?;
        if text.is_empty() {
            issues.note(path, "Too small: expected string to have >=1 characters");
            return None;
        }
        Some(Self(text))
    }
    fn schema() -> Value {
        json!({ "type": "string", "minLength": 1 })
    }
}

impl<const MAX: usize> Field for Text<MAX> {
    fn decode(value: Option<&Value>, path: &str, issues: &mut Issues) -> Option<Self> {
        let text = String::decode(value, path, issues)?;
        if text.len() > MAX {
            issues.note(path, &format!("Too big: expected string to have <={MAX} characters"));
            return None;
        }
        if text.contains('\0') {
            issues.note(path, "Invalid string: must not contain NUL");
            return None;
        }
        Some(Self(text))
    }
    fn schema() -> Value {
        json!({ "type": "string", "maxLength": MAX })
    }
}

impl Field for Rest {
    const REQUIRED: bool = false;
    fn decode(value: Option<&Value>, _: &str, _: &mut Issues) -> Option<Self> {
        Some(Self(value.and_then(Value::as_object).cloned().unwrap_or_default()))
    }
    fn schema() -> Value {
        json!({})
    }
}

impl<T: Field> Field for Option<T> {
    const REQUIRED: bool = false;
    fn decode(value: Option<&Value>, path: &str, issues: &mut Issues) -> Option<Self> {
        match value {
            None => Some(None),
            some => T::decode(some, path, issues).map(Some),
        }
    }
    fn schema() -> Value {
        T::schema()
    }
}

/// How a body that is no object is judged.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Body {
    /// It must be one.
    Object,
    /// It may be left out.
    Optional,
    /// It must be one, and a record of further members too: Better Auth reports both.
    Record,
}

/// The members of the body; none if it may be left out and is.
pub(crate) fn object<'a>(
    body: Option<&'a Value>,
    kind: Body,
    issues: &mut Issues,
) -> Option<Option<&'a Map<String, Value>>> {
    match body {
        Some(Value::Object(members)) => Some(Some(members)),
        None if kind == Body::Optional => Some(None),
        other => {
            issues.note_type("object", other, "body");
            if kind == Body::Record {
                issues.note_type("record", other, "body");
            }
            None
        }
    }
}

fn wrong_type<T>(expected: &str, value: Option<&Value>, path: &str, issues: &mut Issues) -> Option<T> {
    issues.note_type(expected, value, path);
    None
}

const ADDRESS_MAX: usize = 254;
const LOCAL_PART_MAX: usize = 64;

/// Whether a text is an e-mail address as Better Auth takes it (docs/wire.md 1.4), and no longer than mail can carry
/// (RFC 5321 section 4.5.3.1: 64 octets before the `@`, 254 in all).
pub fn is_address(text: &str) -> bool {
    let Some((local, domain)) = text.rsplit_once('@') else { return false };
    text.len() <= ADDRESS_MAX && local.len() <= LOCAL_PART_MAX && is_local_part(local) && is_domain(domain)
}

fn is_local_part(local: &str) -> bool {
    let atom = |atom: &str| !atom.is_empty() && atom.bytes().all(|b| b.is_ascii_alphanumeric() || b"_'+-".contains(&b));
    local.split('.').all(atom) && !local.ends_with('\'')
}

fn is_domain(domain: &str) -> bool {
    let Some((labels, last)) = domain.rsplit_once('.') else { return false };
    let label = |label: &str| {
        label.bytes().next().is_some_and(|first| first.is_ascii_alphanumeric())
            && label.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-')
    };
    labels.split('.').all(label) && last.len() >= 2 && last.bytes().all(|b| b.is_ascii_alphabetic())
}

/// Declares a request by its body: `"member" => field: Type`. `body optional` takes a missing body for an empty one,
/// `body record` admits further members. The member `"*"` is given the whole body.
macro_rules! request {
    ($(#[$doc:meta])* $vis:vis struct $name:ident { body $($kind:ident)?; $($(#[$fdoc:meta])* $member:literal => $field:ident: $type:ty,)* }) => {
        $(#[$doc])*
        $vis struct $name { $($(#[$fdoc])* $vis $field: $type,)* }

        impl $crate::Request for $name {
            fn decode(input: $crate::Input<'_>) -> Result<Self, $crate::Issues> {
                let mut issues = $crate::Issues::default();
                let kind = request!(@kind $($kind)?);
                let Some(members) = $crate::request::object(input.body, kind, &mut issues) else {
                    return Err(issues);
                };
                $(let $field = <$type as $crate::Field>::decode(
                    if $member == "*" { input.body } else { members.and_then(|m| m.get($member)) },
                    concat!("body.", $member),
                    &mut issues,
                );)*
                match ($($field,)*) {
                    ($(Some($field),)*) => Ok(Self { $($field,)* }),
                    _ => Err(issues),
                }
            }
            fn body_schema() -> Option<serde_json::Value> {
                let mut properties = serde_json::Map::new();
                let mut required: Vec<&str> = Vec::new();
                $(if $member != "*" {
                    properties.insert($member.to_owned(), <$type as $crate::Field>::schema());
                    if <$type as $crate::Field>::REQUIRED { required.push($member); }
                })*
                Some(serde_json::json!({ "type": "object", "properties": properties, "required": required }))
            }
        }
    };
    (@kind) => { $crate::request::Body::Object };
    (@kind optional) => { $crate::request::Body::Optional };
    (@kind record) => { $crate::request::Body::Record };
}
pub(crate) use request;

#[cfg(test)]
mod tests {
    use super::*;

    request! {
        /// Something.
        struct Sample { body;
            /// A name.
            "name" => name: String,
            /// An address.
            "email" => email: Address,
            /// A password.
            "password" => password: NonEmpty,
            /// A flag.
            "rememberMe" => remember_me: Option<bool>,
        }
    }

    fn issues(body: Value) -> String {
        match Sample::decode(Input::body(&body)) {
            Ok(sample) => format!("{} {} {} {:?}", sample.name, sample.email.0, sample.password.0, sample.remember_me),
            Err(issues) => issues.sentence(),
        }
    }

    #[test]
    fn all_issues_are_collected_in_the_order_of_the_members() {
        assert_eq!(
            issues(json!({ "email": "nobody", "password": "", "rememberMe": "false" })),
            "[body.name] Invalid input: expected string, received undefined; [body.email] Invalid email address; \
             [body.password] Too small: expected string to have >=1 characters; \
             [body.rememberMe] Invalid input: expected boolean, received string"
        );
        assert_eq!(issues(json!([])), "[body] Invalid input: expected object, received array");
        assert_eq!(issues(json!({ "name": "A", "email": "a@b.co", "password": "p" })), "A a@b.co p None");
    }

    #[test]
    fn a_query_parameter_comes_once() {
        let pair = |name: &str, value: &str| (name.to_owned(), value.to_owned());
        let query = Query(vec![pair("a", "1"), pair("b", "2"), pair("b", "3")]);
        let mut issues = Issues::default();
        assert_eq!((query.text("a", &mut issues), query.text("c", &mut issues)), (Some("1"), None));
        assert_eq!(issues.or(5).unwrap(), 5);
        let mut issues = Issues::default();
        query.required_text("b", &mut issues);
        query.required_text("c", &mut issues);
        assert_eq!(
            issues.sentence(),
            "[query.b] Invalid input: expected string, received array; \
             [query.c] Invalid input: expected string, received undefined"
        );
    }

    #[test]
    fn addresses_are_judged_as_better_auth_judges_them() {
        let long = format!("{}@example.com", "a".repeat(65));
        for good in ["a@b.co", "A.b+c_d'e-f@1x-y.example.org", "-@x.yz"] {
            assert!(is_address(good), "{good}");
        }
        for bad in [
            "",
            "a",
            "@b.co",
            "a@b",
            "a..b@c.de",
            ".a@c.de",
            "a.@c.de",
            "a'@c.de",
            "a@-c.de",
            "a@c.d",
            "a@c.d1",
            "a b@c.de",
            " a@c.de",
            "ü@c.de",
            "a@ü.de",
            "a@b@c.de",
            &long,
        ] {
            assert!(!is_address(bad), "{bad}");
        }
    }
}
