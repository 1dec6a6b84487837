//! Providers of which nothing need be said but who we are there. Facts: each provider's own documentation.

/// Where a provider is, and what it is asked.
pub(super) struct Known {
    pub(super) id: &'static str,
    pub(super) name: &'static str,
    pub(super) authorization_url: &'static str,
    pub(super) token_url: &'static str,
    pub(super) user_info_url: &'static str,
    /// Where it lists addresses, where its profile does not say which are proven.
    pub(super) emails_url: Option<&'static str>,
    /// Its names for itself, where it says one.
    pub(super) issuers: &'static [&'static str],
    /// Where its keys are, where it signs ID tokens.
    pub(super) id_tokens: Option<KnownIdTokens>,
    pub(super) scopes: &'static [&'static str],
    /// Further parameters of the address to which users are sent.
    pub(super) params: &'static [(&'static str, &'static str)],
    pub(super) members: Members<&'static str>,
}

/// What verifies the ID tokens of a provider.
#[derive(Clone, Copy)]
pub(super) struct KnownIdTokens {
    pub(super) jwks_url: &'static str,
    /// Seconds.
    pub(super) max_age: u32,
}

/// The names of what is read in a profile.
#[derive(Clone, Debug)]
pub(super) struct Members<T> {
    pub(super) id: T,
    pub(super) email: T,
    pub(super) email_verified: T,
    pub(super) name: T,
    pub(super) image: T,
}

impl<T> Members<T> {
    pub(super) fn map<U>(self, each: impl Fn(T) -> U) -> Members<U> {
        let Self { id, email, email_verified, name, image } = self;
        Members {
            id: each(id),
            email: each(email),
            email_verified: each(email_verified),
            name: each(name),
            image: each(image),
        }
    }
}

/// As OpenID Connect Core section 5.1 names them.
pub(super) const STANDARD: Members<&str> =
    Members { id: "sub", email: "email", email_verified: "email_verified", name: "name", image: "picture" };

/// Where a provider that is not known says whose profile it is, unless it does under `sub`.
pub(super) const ID: &str = "id";

/// The names of what a provider says that is not known.
pub(super) const UNKNOWN: Members<&str> = Members { id: ID, ..STANDARD };

const KNOWN: &[Known] = &[
    Known {
        id: "google",
        name: "Google",
        authorization_url: "https://accounts.google.com/o/oauth2/v2/auth",
        token_url: "https://oauth2.googleapis.com/token",
        user_info_url: "https://openidconnect.googleapis.com/v1/userinfo",
        emails_url: None,
        issuers: &["https://accounts.google.com", "accounts.google.com"],
        id_tokens: Some(KnownIdTokens { jwks_url: "https://www.googleapis.com/oauth2/v3/certs", max_age: 3_600 }),
        scopes: &["email", "profile", "openid"],
        params: &[("include_granted_scopes", "true")],
        members: STANDARD,
    },
    Known {
        id: "github",
        name: "GitHub",
        authorization_url: "https://github.com/login/oauth/authorize",
        token_url: "https://github.com/login/oauth/access_token",
        user_info_url: "https://api.github.com/user",
        emails_url: Some("https://api.github.com/user/emails"),
        issuers: &[],
        id_tokens: None,
        scopes: &["read:user", "user:email"],
        params: &[],
        members: Members { id: ID, image: "avatar_url", ..STANDARD },
    },
];

/// The provider with this id, if it is known.
pub(super) fn known(id: &str) -> Option<&'static Known> {
    KNOWN.iter().find(|known| known.id == id)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::outbound::{Elsewhere, Reach};

    #[test]
    fn every_address_is_one_and_guarded() {
        for known in KNOWN {
            let urls = [known.authorization_url, known.token_url, known.user_info_url];
            let keys = known.id_tokens.map(|known| known.jwks_url);
            for url in urls.into_iter().chain(known.emails_url).chain(keys) {
                assert!(url.starts_with("https://") && Elsewhere::at(url, Reach::Public).is_ok(), "{url}");
            }
        }
    }
}
