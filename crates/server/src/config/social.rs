//! Identity providers at which users may sign in.

use std::collections::BTreeMap;
use std::net::IpAddr;

use countersign_engine::config::{Problem, Sensitive};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use url::Url;

/// Identity providers by the ids that frontends name them by. `google` and `github` are known; of any other it must
/// be said where it is.
pub type SocialProviders = BTreeMap<String, SocialProvider>;

/// An identity provider (`docs/social.md`).
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct SocialProvider {
    /// What pages call it. A known provider has its name, any other is called by its id.
    pub name: Option<String>,
    /// What the provider calls this server.
    pub client_id: String,
    /// The secret by which it knows it.
    pub client_secret: Option<Sensitive>,
    /// How the secret is shown to it.
    pub authentication: Authentication,
    /// Where users are sent.
    pub authorization_url: Option<String>,
    /// Where tokens are had.
    pub token_url: Option<String>,
    /// Where it says who somebody is.
    pub user_info_url: Option<String>,
    /// Where it publishes the keys of its ID tokens. Without it none is taken from a frontend.
    pub jwks_url: Option<String>,
    /// What it calls itself, in them and where it sends users back.
    pub issuer: Option<String>,
    /// What users shall let us do there, beside what a known provider is asked for anyway.
    pub scopes: Vec<String>,
    /// Members of what the provider says, where they have other names than OpenID Connect gives them.
    pub profile: ProfileMembers,
    /// Whether nobody becomes a user here.
    pub disable_sign_up: bool,
    /// Whether somebody becomes a user only where the frontend asks for that with `requestSignUp`.
    pub disable_implicit_sign_up: bool,
}

/// How a provider is shown the secret (RFC 6749 section 2.3.1).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Authentication {
    /// In the body of the request.
    #[default]
    Post,
    /// In the header `Authorization`.
    Basic,
}

/// Names of members, a dot for each step into an object: `picture.data.url`.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct ProfileMembers {
    /// What the provider calls the user, for ever: `id`, or `sub` where there is none; `sub` alone where ID tokens are taken.
    pub id: Option<String>,
    /// The e-mail address: `email`.
    pub email: Option<String>,
    /// Whether the provider has seen that it is theirs: `email_verified`.
    pub email_verified: Option<String>,
    /// The name: `name`.
    pub name: Option<String>,
    /// The address of a picture: `picture`.
    pub image: Option<String>,
}

/// What is wrong with these settings. `known` are the ids of which nothing else need be said; `has_known_keys` those of them
/// that sign ID tokens.
pub(super) fn problems(
    providers: &SocialProviders,
    known: impl Fn(&str) -> bool,
    has_known_keys: impl Fn(&str) -> bool,
) -> Vec<Problem> {
    let mut found = Vec::new();
    for (id, provider) in providers {
        let mut complain =
            |why: String| found.push(Problem { key: "social_providers", why: format!("of `{id}`: {why}") });
        if !is_id(id) {
            complain("an id holds small letters, digits, `-` and `_`, and is not `credential`".to_owned());
        }
        if provider.client_id.is_empty() {
            complain("`client_id` must be what the provider calls this server".to_owned());
        }
        for (name, url) in [
            ("authorization_url", &provider.authorization_url),
            ("token_url", &provider.token_url),
            ("user_info_url", &provider.user_info_url),
            ("jwks_url", &provider.jwks_url),
        ] {
            match url {
                Some(url) if !is_guarded(url) => {
                    complain(format!("`{name}` must begin with https://, or with http:// on this machine"));
                }
                None if !known(id) && name != "jwks_url" => {
                    complain(format!("`{name}` must say where that is; this provider is not known"))
                }
                _ => {}
            }
        }
        if !has_known_keys(id) && provider.jwks_url.is_some() && provider.issuer.is_none() {
            complain("`jwks_url` needs an `issuer`, whose keys they are".to_owned());
        }
        // Whoever is named otherwise there than here could be taken for another.
        let takes_id_tokens = has_known_keys(id) || provider.jwks_url.is_some();
        let is_named_alike = match &provider.profile.id {
            Some(own) => own == "sub",
            None => has_known_keys(id) || !known(id),
        };
        if takes_id_tokens && !is_named_alike {
            complain("ID tokens name users `sub`, so `profile.id` must be `sub` where they are taken".to_owned());
        }
        if provider.authentication == Authentication::Basic && provider.client_secret.is_none() {
            complain("`authentication` basic needs a `client_secret`".to_owned());
        }
    }
    found
}

/// It stands in paths and in the column `providerId`, where `credential` means a password.
fn is_id(id: &str) -> bool {
    let letter = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || b"-_".contains(&byte);
    !id.is_empty() && id != "credential" && id.bytes().all(letter)
}

/// Whether what goes there is read by nobody on the way.
fn is_guarded(url: &str) -> bool {
    let Ok(url) = Url::parse(url) else { return false };
    let host = url.host_str().unwrap_or_default().trim_matches(['[', ']']);
    let here = host == "localhost" || host.parse::<IpAddr>().is_ok_and(|address| address.is_loopback());
    let guarded = url.scheme() == "https" || (url.scheme() == "http" && here);
    guarded && !host.is_empty() && url.username().is_empty() && url.password().is_none()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn complaints(id: &str, change: impl FnOnce(&mut SocialProvider)) -> Vec<String> {
        let mut provider = SocialProvider { client_id: "us".to_owned(), ..SocialProvider::default() };
        change(&mut provider);
        let found = problems(
            &BTreeMap::from([(id.to_owned(), provider)]),
            |id| ["google", "github"].contains(&id),
            |id| id == "google",
        );
        found.into_iter().map(|problem| problem.why).collect()
    }

    fn at(url: &str) -> impl FnOnce(&mut SocialProvider) {
        move |provider| {
            provider.authorization_url = Some(url.to_owned());
            provider.token_url = Some(url.to_owned());
            provider.user_info_url = Some(url.to_owned());
        }
    }

    #[test]
    fn a_provider_that_is_not_known_says_where_it_is() {
        assert_eq!(complaints("google", |_| {}), [""; 0]);
        assert_eq!(complaints("mock", |_| {}).len(), 3);
        for good in ["https://id.example/x?y=1", "http://localhost:4000", "http://127.0.0.1:1/", "http://[::1]:1/"] {
            assert_eq!(complaints("mock", at(good)), [""; 0], "{good}");
        }
        for bad in [
            "http://id.example",
            "ftp://id.example",
            "id.example",
            "",
            "https://a:b@id.example",
            "http://localhost.example",
        ] {
            assert_eq!(complaints("mock", at(bad)).len(), 3, "{bad}");
        }
    }

    #[test]
    fn ids_and_clients_are_named() {
        for bad in ["", "credential", "Google", "a/b", "a b"] {
            assert_eq!(complaints(bad, at("https://id.example")).len(), 1, "{bad}");
        }
        let keys = |provider: &mut SocialProvider| {
            at("https://id.example")(provider);
            provider.jwks_url = Some("https://id.example/keys".to_owned());
        };
        assert_eq!(complaints("mock", keys).len(), 1, "whose keys?");
        assert_eq!(complaints("google", keys), [""; 0]);
        let called = |provider: &mut SocialProvider| {
            at("https://id.example")(provider);
            provider.issuer = Some("https://id.example".to_owned());
        };
        assert_eq!(complaints("mock", called), [""; 0], "a name without keys is compared where users come back");
        let named = |id: &'static str| {
            move |provider: &mut SocialProvider| {
                keys(provider);
                provider.issuer = Some("https://id.example".to_owned());
                provider.profile.id = Some(id.to_owned());
            }
        };
        assert_eq!(complaints("mock", named("sub")), [""; 0]);
        assert_eq!(
            complaints("mock", named("preferred_username")).len(),
            1,
            "whoever takes another's `sub` for a name"
        );
        assert_eq!(complaints("google", |provider| provider.profile.id = Some("email".to_owned())).len(), 1);
        assert_eq!(complaints("github", named("sub")), [""; 0]);
        assert_eq!(complaints("github", keys).len(), 2, "it names users `id`, and whose keys?");
        assert_eq!(complaints("google", |provider| provider.jwks_url = Some("http://id.example".to_owned())).len(), 1);
        assert_eq!(complaints("google", |provider| provider.client_id.clear()).len(), 1);
        assert_eq!(complaints("google", |provider| provider.authentication = Authentication::Basic).len(), 1);
    }
}
