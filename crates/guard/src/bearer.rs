//! The token in a request: the `Authorization` header and nowhere else.

use http::{HeaderMap, header::AUTHORIZATION};

use crate::Rejection;

/// The bearer token of a request; `None` when there is no `Authorization` header or it has another scheme.
///
/// The scheme's case does not matter (RFC 9110 section 11.1). Query and body are never looked at (RFC 9700 section
/// 4.3.2).
///
/// # Errors
/// [`Rejection::InvalidRequest`] for two `Authorization` headers, or anything but exactly one token after the scheme
/// (RFC 6750 section 3.1).
pub fn bearer_token(headers: &HeaderMap) -> Result<Option<&str>, Rejection> {
    let mut values = headers.get_all(AUTHORIZATION).iter();
    let Some(value) = values.next() else { return Ok(None) };
    if values.next().is_some() {
        return Err(Rejection::InvalidRequest);
    }
    let text = std::str::from_utf8(value.as_bytes()).map_err(|_| Rejection::InvalidRequest)?;
    let (scheme, rest) = text.split_once(' ').unwrap_or((text, ""));
    if !scheme.eq_ignore_ascii_case("bearer") {
        return Ok(None);
    }
    let token = rest.trim_matches(' ');
    if token.is_empty() || token.contains(|c: char| c.is_whitespace() || c == ',') {
        return Err(Rejection::InvalidRequest);
    }
    Ok(Some(token))
}

#[cfg(test)]
mod tests {
    use http::HeaderValue;

    use super::*;

    fn judge(values: &[&'static str]) -> Result<Option<String>, Rejection> {
        let mut headers = HeaderMap::new();
        for value in values {
            headers.append(AUTHORIZATION, HeaderValue::from_static(value));
        }
        bearer_token(&headers).map(|token| token.map(str::to_owned))
    }

    #[test]
    fn takes_exactly_one_token_after_the_scheme() {
        for value in ["Bearer a.b.c", "bearer a.b.c", "BEARER a.b.c", "Bearer   a.b.c", "Bearer a.b.c "] {
            assert_eq!(judge(&[value]), Ok(Some("a.b.c".to_owned())), "{value:?}");
        }
        for value in ["Bearer", "Bearer ", "bearer  ", "Bearer a b", "Bearer a, Bearer b", "Bearer a\tb", "Bearer a,b"]
        {
            assert_eq!(judge(&[value]), Err(Rejection::InvalidRequest), "{value:?}");
        }
    }

    #[test]
    fn another_scheme_is_no_bearer() {
        for value in ["Basic YTpi", "Bearertoken", "DPoP a.b.c", "Token a.b.c", "", "Bearer\ta.b.c"] {
            assert_eq!(judge(&[value]), Ok(None), "{value:?}");
        }
        assert_eq!(judge(&[]), Ok(None));
    }

    #[test]
    fn refuses_two_headers_whatever_they_hold() {
        for second in ["Bearer a.b.c", "Basic YTpi", ""] {
            assert_eq!(judge(&["Bearer a.b.c", second]), Err(Rejection::InvalidRequest), "{second:?}");
        }
    }
}
