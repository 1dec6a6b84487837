//! Where a redirect leads. Targets were checked when they came (security O1); what is added to them is ours.

use http::HeaderValue;
use url::Url;
use url::form_urlencoded::Serializer;

use super::cookie::escape;
use super::origin::is_safe_path;
use crate::config::Config;

/// A checked target as an absolute address, with one parameter of its query set, as a browser's `URL` sets it.
pub(crate) fn with_parameter(config: &Config, target: &str, name: &str, value: &str) -> String {
    let base = config.endpoints();
    let Some(mut url) = Url::parse(&base).ok().and_then(|base| base.join(target).ok()) else { return base };
    let mut pairs: Vec<(String, String)> = url.query_pairs().into_owned().collect();
    let first = pairs.iter().position(|(known, _)| known == name).unwrap_or(pairs.len());
    pairs.retain(|(known, _)| known != name);
    pairs.insert(first, (name.to_owned(), value.to_owned()));
    url.query_pairs_mut().clear().extend_pairs(pairs);
    url.into()
}

/// A checked target with `error` after whatever stands in its query; a path stays a path. None where it is no target at all.
pub(crate) fn with_error(target: &str, code: &str) -> Option<String> {
    with_parameters(target, &[("error", code)])
}

/// The same with any parameters. A path is not parsed, so that what was checked is what is sent: a parser would make
/// `//x` of `/..//x`, which is another host.
pub(crate) fn with_parameters(target: &str, parameters: &[(&str, &str)]) -> Option<String> {
    let added = Serializer::new(String::new()).extend_pairs(parameters).finish();
    if is_safe_path(target) {
        let (rest, fragment) = target.split_once('#').map_or((target, None), |(rest, after)| (rest, Some(after)));
        let (path, query) = rest.split_once('?').unwrap_or((rest, ""));
        let query = query.strip_suffix('&').unwrap_or(query);
        let query = if query.is_empty() { added } else { format!("{query}&{added}") };
        let fragment = fragment.map(|fragment| format!("#{fragment}")).unwrap_or_default();
        return Some(format!("{path}?{query}{fragment}"));
    }
    let mut url = Url::parse(target).ok()?;
    let query = url.query().map(|query| query.strip_suffix('&').unwrap_or(query)).filter(|query| !query.is_empty());
    let query = query.map_or_else(|| added.clone(), |query| format!("{query}&{added}"));
    url.set_query(Some(&query));
    Some(url.into())
}

/// A target as a header's value. What a header cannot hold is percent-encoded, which names the same place.
pub(crate) fn header(target: &str) -> HeaderValue {
    let ascii = |c: char| if c.is_ascii_graphic() { c.to_string() } else { escape(&c.to_string()) };
    let text: String = target.chars().map(ascii).collect();
    HeaderValue::from_str(&text).unwrap_or(HeaderValue::from_static("/"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_parameter_is_set_and_the_rest_stays() {
        let config = Config::default();
        let set = |target: &str| with_parameter(&config, target, "token", "a b");
        assert_eq!(set("/r"), "http://localhost:3000/r?token=a+b");
        assert_eq!(set("/r?x=1&token=evil&y=2&token=worse#h"), "http://localhost:3000/r?x=1&token=a+b&y=2#h");
        assert_eq!(set("https://app.example"), "https://app.example/?token=a+b");
        assert_eq!(set("myapp://open/reset"), "myapp://open/reset?token=a+b");
    }

    #[test]
    fn an_error_stands_after_the_query_and_before_the_fragment() {
        let with = |target: &str| with_error(target, "INVALID_TOKEN");
        assert_eq!(with("/a").as_deref(), Some("/a?error=INVALID_TOKEN"));
        assert_eq!(with("/a?x=1&#h").as_deref(), Some("/a?x=1&error=INVALID_TOKEN#h"));
        assert_eq!(with("/?error=x").as_deref(), Some("/?error=x&error=INVALID_TOKEN"));
        assert_eq!(with("https://app.example").as_deref(), Some("https://app.example/?error=INVALID_TOKEN"));
        assert_eq!(with("myapp://open").as_deref(), Some("myapp://open?error=INVALID_TOKEN"));
        assert_eq!((with("//evil.example"), with("a")), (None, None));
        for path in ["/..//evil.example", "/.//evil.example", "/a/..//evil.example", "/a?x=//evil.example"] {
            assert!(with(path).unwrap().starts_with(path), "{path}");
        }
        let said = with_parameters("/a", &[("error", "DENIED"), ("error_description", "no & never")]);
        assert_eq!(said.as_deref(), Some("/a?error=DENIED&error_description=no+%26+never"));
    }

    #[test]
    fn a_header_holds_any_target() {
        assert_eq!(header("/ü?a=b#c"), "/%C3%BC?a=b#c");
        assert_eq!(header("/a\r\nx: y"), "/a%0D%0Ax:%20y");
    }
}
