//! Where a browser is sent when something failed on the way elsewhere, such as to another sign-in (docs/wire.md 7.8).

use askama::Template;
use axum::extract::Request;
use axum::response::{IntoResponse, Response};
use http::{Method, StatusCode, header};
use url::form_urlencoded::Serializer;

use super::form::Form;
use super::page::{self, Site};
use super::trouble::Trouble;
use crate::http::rate_limit;
use crate::http::target;
use crate::http::visit::Visit;

/// Where it is, below the base path.
pub(super) const PATH: &str = "/error";

#[derive(Template)]
#[template(path = "error.html")]
struct ErrorPage<'a> {
    site: Site,
    trouble: Trouble,
    code: &'a str,
    /// What the address says besides; nothing of ours.
    description: &'a str,
}

pub(crate) async fn show(site: Site, request: Request) -> Response {
    let query = Form::query(&request);
    let (parts, _) = request.into_parts();
    let visit = Visit::of(&parts, &site.app);
    if let Err(problem) = rate_limit::count(&site.app, &visit, PATH).await {
        return problem.into_response();
    }
    if parts.method != Method::GET {
        return StatusCode::NOT_FOUND.into_response();
    }
    let (code, description) = (code(query.text("error")), query.text("error_description"));
    if let Some(elsewhere) = &site.app.config.on_api_error.error_url {
        let location = target::header(&with_query(elsewhere, code, description));
        return (StatusCode::FOUND, [(header::LOCATION, location)]).into_response();
    }
    let trouble = Trouble::named(&site, code);
    page::show(StatusCode::OK, &ErrorPage { site, trouble, code, description })
}

/// The code, if it is made of the letters codes are made of.
fn code(text: &str) -> &str {
    let is_code = |byte: u8| byte.is_ascii_alphanumeric() || b"'_-".contains(&byte);
    if !text.is_empty() && text.bytes().all(is_code) { text } else { "UNKNOWN" }
}

/// A configured address with what happened behind its query.
fn with_query(address: &str, code: &str, description: &str) -> String {
    let mut pairs = Serializer::new(String::new());
    pairs.append_pair("error", code);
    if !description.is_empty() {
        pairs.append_pair("error_description", description);
    }
    let (address, fragment) = address.split_once('#').map_or((address, None), |(address, it)| (address, Some(it)));
    let separator = if !address.contains('?') {
        "?"
    } else if address.ends_with(['?', '&']) {
        ""
    } else {
        "&"
    };
    let fragment = fragment.map(|fragment| format!("#{fragment}")).unwrap_or_default();
    format!("{address}{separator}{}{fragment}", pairs.finish())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_code_is_letters_digits_and_little_else() {
        for good in ["INVALID_TOKEN", "access-denied", "it's", "A1"] {
            assert_eq!(code(good), good);
        }
        for bad in ["", "a b", "<script>", "é", "a/b", "a.b", "a\n"] {
            assert_eq!(code(bad), "UNKNOWN");
        }
    }

    #[test]
    fn what_happened_stands_behind_the_query_of_the_address() {
        assert_eq!(with_query("/oops", "A", ""), "/oops?error=A");
        assert_eq!(with_query("/oops?a=b#c", "A", "d e"), "/oops?a=b&error=A&error_description=d+e#c");
        assert_eq!(
            with_query("https://app.example/e?a&", "A", "<&>"),
            "https://app.example/e?a&error=A&error_description=%3C%26%3E"
        );
    }
}
