//! Identity providers over HTTP: where users are sent, what a code is worth, and who somebody is (RFC 6749, RFC 7636).
//!
//! Tokens and profiles come from the provider's own addresses of the configuration, over TLS, so that nothing that passed
//! through a browser is believed but the code; and an ID token, where the provider's keys hold it.

mod id_token;
mod known;
mod profile;
mod renewal;

use std::collections::BTreeMap;
use std::time::Duration;

use base64_simd::{STANDARD, URL_SAFE_NO_PAD};
use countersign_engine::config::Sensitive;
use countersign_engine::db::Timestamp;
use countersign_engine::social::{Begun, Identity, Tokens};
use http::{HeaderName, Method, StatusCode, header};
use serde::Deserialize;
use serde_json::{Map, Value};
use sha2::{Digest as _, Sha256};
use url::Url;
use url::form_urlencoded::{Serializer, byte_serialize};

use self::id_token::IdTokens;
use self::known::{KnownIdTokens, Members, STANDARD as CLAIMS, UNKNOWN};
pub(crate) use self::renewal::{NotRenewed, Renewals, Renewed, renew};
use crate::config::{Authentication, Config, SocialProvider};
use crate::outbound::{Broken, Elsewhere, Question, Reach, Unusable};

/// How long a provider may take to answer.
const PATIENCE: Duration = Duration::from_secs(10);
/// The longest answer that is read, in bytes.
const ANSWER_MAX: usize = 256 * 1024;

/// Whether nothing need be said of the provider with this id but who we are there.
pub(crate) fn is_known(id: &str) -> bool {
    known::known(id).is_some()
}

/// Whether the provider with this id signs ID tokens under keys that are known.
pub(crate) fn has_known_keys(id: &str) -> bool {
    known::known(id).is_some_and(|known| known.id_tokens.is_some())
}

/// The providers of the configuration.
#[derive(Default)]
pub(crate) struct Providers(BTreeMap<String, Provider>);

impl Providers {
    pub(crate) fn of(config: &Config) -> Self {
        let mut providers = BTreeMap::new();
        for (id, settings) in &config.social_providers {
            match Provider::of(id, settings, config) {
                Ok(provider) => drop(providers.insert(id.clone(), provider)),
                Err(error) => tracing::error!(provider = id, %error, "nobody can sign in there"),
            }
        }
        Self(providers)
    }

    pub(crate) fn get(&self, id: &str) -> Option<&Provider> {
        self.0.get(id)
    }

    /// All, by their ids.
    pub(crate) fn all(&self) -> impl Iterator<Item = &Provider> {
        self.0.values()
    }
}

/// An identity provider.
pub(crate) struct Provider {
    pub(crate) id: String,
    /// What people call it.
    pub(crate) name: String,
    client_id: String,
    client_secret: Option<Sensitive>,
    authentication: Authentication,
    authorization: Url,
    redirect_uri: String,
    token: Elsewhere,
    user_info: Elsewhere,
    emails: Option<Elsewhere>,
    /// Its names for itself; none where they are not known.
    issuers: Vec<String>,
    id_tokens: Option<IdTokens>,
    scopes: Vec<String>,
    /// Better Auth asks known providers for its own scopes first, others for the frontend's.
    is_known: bool,
    params: &'static [(&'static str, &'static str)],
    members: Members<String>,
    pub(crate) disable_sign_up: bool,
    pub(crate) disable_implicit_sign_up: bool,
}

/// What whoever is sent to a provider wishes besides.
pub(crate) struct Wishes<'a> {
    pub(crate) scopes: &'a [String],
    pub(crate) login_hint: Option<&'a str>,
    pub(crate) params: &'a [(String, String)],
}

/// Why a provider does not do what it is asked.
#[derive(Debug, thiserror::Error)]
pub(crate) enum ProviderError {
    #[error("the provider does not answer in time")]
    Silent,
    #[error(transparent)]
    Broken(#[from] Broken),
    #[error("the provider answers {0}")]
    Refused(StatusCode),
    /// Its answer may hold tokens, so none of it is repeated.
    #[error("the provider's answer is not what was asked for")]
    Senseless,
}

/// What a provider answers to a code or a refresh token (RFC 6749 section 5.1). Of the wrong type is as if not there.
#[derive(Deserialize)]
struct TokenAnswer {
    access_token: Option<Value>,
    refresh_token: Option<Value>,
    id_token: Option<Value>,
    expires_in: Option<Value>,
    refresh_token_expires_in: Option<Value>,
    scope: Option<Value>,
}

impl Provider {
    fn of(id: &str, settings: &SocialProvider, config: &Config) -> Result<Self, Unusable> {
        let known = known::known(id);
        let place = |own: &Option<String>, known: Option<&str>| own.as_deref().or(known).unwrap_or_default().to_owned();
        // What the configuration says may lie in a network of our own; what we know ourselves does not.
        let reach = |own: &Option<String>| if own.is_some() { Reach::Anywhere } else { Reach::Public };
        let authorization = place(&settings.authorization_url, known.map(|known| known.authorization_url));
        let token = place(&settings.token_url, known.map(|known| known.token_url));
        let user_info = place(&settings.user_info_url, known.map(|known| known.user_info_url));
        // Who says where the profile is has the addresses there, too.
        let emails = known.and_then(|known| known.emails_url).filter(|_| settings.user_info_url.is_none());
        let asked = known.map(|known| known.scopes).unwrap_or_default().iter().map(|scope| (*scope).to_owned());
        // A provider of OpenID Connect has one name for somebody, in its ID tokens and elsewhere.
        let unknown = if settings.jwks_url.is_some() { &CLAIMS } else { &UNKNOWN };
        let usual = known.map_or(unknown, |known| &known.members);
        let named = |own: &Option<String>, usual: &str| own.as_deref().unwrap_or(usual).to_owned();
        let own = &settings.profile;
        let known_issuers = known.map(|known| known.issuers).unwrap_or_default();
        Ok(Self {
            id: id.to_owned(),
            name: named(&settings.name, known.map_or(id, |known| known.name)),
            client_id: settings.client_id.clone(),
            client_secret: settings.client_secret.clone(),
            authentication: settings.authentication,
            authorization: Url::parse(&authorization).map_err(|_| Unusable::Url)?,
            redirect_uri: format!("{}/callback/{id}", config.endpoints()),
            token: Elsewhere::at(&token, reach(&settings.token_url))?,
            user_info: Elsewhere::at(&user_info, reach(&settings.user_info_url))?,
            emails: emails.map(|url| Elsewhere::at(url, Reach::Public)).transpose()?,
            scopes: asked.chain(settings.scopes.iter().cloned()).collect(),
            issuers: match &settings.issuer {
                Some(issuer) => vec![issuer.clone()],
                None => known_issuers.iter().map(|name| (*name).to_owned()).collect(),
            },
            id_tokens: id_tokens(settings, known.and_then(|known| known.id_tokens))?,
            is_known: known.is_some(),
            params: known.map(|known| known.params).unwrap_or_default(),
            members: Members {
                id: named(&own.id, usual.id),
                email: named(&own.email, usual.email),
                email_verified: named(&own.email_verified, usual.email_verified),
                name: named(&own.name, usual.name),
                image: named(&own.image, usual.image),
            },
            disable_sign_up: settings.disable_sign_up,
            disable_implicit_sign_up: settings.disable_implicit_sign_up,
        })
    }

    /// Whether whoever comes back with this name of a provider may come from here (RFC 9207): it is this one's, or its name is
    /// not known.
    pub(crate) fn may_be(&self, issuer: &str) -> bool {
        self.issuers.is_empty() || self.issuers.iter().any(|own| own == issuer)
    }

    /// Where the user is sent; parameters in Better Auth's order (docs/wire.md 8.1).
    pub(crate) fn authorization_url(&self, begun: &Begun, wishes: &Wishes<'_>) -> String {
        let (first, then) = if self.is_known { (&*self.scopes, wishes.scopes) } else { (wishes.scopes, &*self.scopes) };
        let scope = first.iter().chain(then).map(String::as_str).collect::<Vec<_>>().join(" ");
        let challenge = URL_SAFE_NO_PAD.encode_to_string(Sha256::digest(begun.code_verifier.as_bytes()));
        let mut params: Vec<(&str, &str)> =
            vec![("response_type", "code"), ("client_id", &self.client_id), ("state", &begun.state)];
        params.extend((!scope.is_empty()).then_some(("scope", scope.as_str())));
        params.push(("redirect_uri", &self.redirect_uri));
        params.extend(wishes.login_hint.filter(|hint| !hint.is_empty()).map(|hint| ("login_hint", hint)));
        params.extend([("code_challenge_method", "S256"), ("code_challenge", challenge.as_str())]);
        let own = self.params.iter().copied();
        for (name, value) in own.chain(wishes.params.iter().map(|(name, value)| (name.as_str(), value.as_str()))) {
            match params.iter_mut().find(|(known, _)| *known == name) {
                Some(known) => known.1 = value,
                None => params.push((name, value)),
            }
        }
        let mut url = self.authorization.clone();
        let kept: Vec<(String, String)> = url.query_pairs().into_owned().collect();
        let kept = kept.iter().filter(|(name, _)| params.iter().all(|(known, _)| known != name));
        let query = Serializer::new(String::new()).extend_pairs(kept).extend_pairs(&params).finish();
        url.set_query(Some(&query));
        url.into()
    }

    /// What a code is worth (RFC 6749 section 4.1.3).
    pub(crate) async fn exchange(&self, code: &str, verifier: &str, now: Timestamp) -> Result<Tokens, ProviderError> {
        let grant = [
            ("grant_type", "authorization_code"),
            ("code", code),
            ("code_verifier", verifier),
            ("redirect_uri", &self.redirect_uri),
        ];
        self.tokens(&grant, now).await
    }

    /// What a refresh token is worth (RFC 6749 section 6).
    pub(crate) async fn refresh(&self, refresh_token: &str, now: Timestamp) -> Result<Tokens, ProviderError> {
        self.tokens(&[("grant_type", "refresh_token"), ("refresh_token", refresh_token)], now).await
    }

    /// A grant as it is sent, with who we are.
    fn request(&self, grant: &[(&str, &str)]) -> (Vec<(HeaderName, String)>, String) {
        let mut form = Serializer::new(String::new());
        form.extend_pairs(grant);
        let mut head = vec![
            (header::CONTENT_TYPE, "application/x-www-form-urlencoded".to_owned()),
            (header::ACCEPT, "application/json".to_owned()),
        ];
        match (&self.client_secret, self.authentication) {
            (Some(secret), Authentication::Basic) => {
                let escaped = |text: &str| byte_serialize(text.as_bytes()).collect::<String>();
                let both = format!("{}:{}", escaped(&self.client_id), escaped(secret.expose()));
                head.push((header::AUTHORIZATION, format!("Basic {}", STANDARD.encode_to_string(both))));
            }
            (Some(secret), Authentication::Post) => {
                form.append_pair("client_id", &self.client_id).append_pair("client_secret", secret.expose());
            }
            (None, _) => drop(form.append_pair("client_id", &self.client_id)),
        }
        (head, form.finish())
    }

    async fn tokens(&self, grant: &[(&str, &str)], now: Timestamp) -> Result<Tokens, ProviderError> {
        let (head, form) = self.request(grant);
        let answer = ask(&self.token, Method::POST, head, form).await?;
        let answer: TokenAnswer = serde_json::from_value(answer).map_err(|_| ProviderError::Senseless)?;
        // No token holds a NUL, and PostgreSQL takes none in a text.
        let text = |value: Option<Value>| {
            value.as_ref().and_then(Value::as_str).filter(|text| !text.contains('\0')).map(str::to_owned)
        };
        let end = |seconds: Option<Value>| {
            let seconds = seconds.and_then(|value| value.as_f64().or_else(|| value.as_str()?.parse().ok()))?;
            // A century is for ever, and fits.
            (seconds >= 1.0).then(|| now.plus_seconds(seconds.min(3_155_760_000.0) as i64))
        };
        let access_token = text(answer.access_token).filter(|token| !token.is_empty());
        Ok(Tokens {
            access_token: Some(access_token.ok_or(ProviderError::Senseless)?),
            access_token_expires_at: end(answer.expires_in),
            refresh_token: text(answer.refresh_token),
            refresh_token_expires_at: end(answer.refresh_token_expires_in),
            id_token: text(answer.id_token),
            scopes: Some(scopes(answer.scope.as_ref())),
        })
    }

    /// Who somebody is whose access token this is, and all that the provider says of them.
    pub(crate) async fn identity(&self, access_token: &str) -> Result<(Identity, Map<String, Value>), ProviderError> {
        let Value::Object(profile) = self.read(&self.user_info, access_token).await? else {
            return Err(ProviderError::Senseless);
        };
        let emails = match &self.emails {
            // Where the list is not shown, nothing in it is proven.
            Some(emails) => Some(self.read(emails, access_token).await.unwrap_or(Value::Null)),
            None => None,
        };
        let identity = profile::identity(&self.id, &profile, &self.members, emails.as_ref());
        Ok((identity.ok_or(ProviderError::Senseless)?, profile))
    }

    /// Who somebody is, by an ID token that came through a frontend; none where tokens of this provider are not taken.
    pub(crate) async fn identity_of(&self, token: &str, nonce: Option<&str>, now: Timestamp) -> Option<ByToken> {
        let id_tokens = self.id_tokens.as_ref()?;
        let nonce = nonce.filter(|nonce| !nonce.is_empty());
        let claims = match id_tokens.verify(token, (&self.issuers, &self.client_id, nonce), now).await {
            Ok(claims) => claims,
            Err(refused) => {
                tracing::info!(provider = self.id, reason = refused.code(), "an ID token is refused");
                return Some(ByToken::Refused);
            }
        };
        let mut profile = claims.custom.clone();
        profile.insert("sub".to_owned(), claims.sub.clone().into());
        profile.extend(claims.email.clone().map(|email| ("email".to_owned(), email.into())));
        let members = CLAIMS.map(str::to_owned);
        Some(profile::identity(&self.id, &profile, &members, None).map_or(ByToken::Nobody, ByToken::Is))
    }

    async fn read(&self, place: &Elsewhere, access_token: &str) -> Result<Value, ProviderError> {
        let head = vec![
            (header::AUTHORIZATION, format!("Bearer {access_token}")),
            (header::ACCEPT, "application/json".to_owned()),
        ];
        ask(place, Method::GET, head, String::new()).await
    }
}

/// What an ID token says.
pub(crate) enum ByToken {
    Is(Identity),
    /// It holds, and names nobody.
    Nobody,
    Refused,
}

/// What verifies ID tokens, where it is known or said.
fn id_tokens(settings: &SocialProvider, known: Option<KnownIdTokens>) -> Result<Option<IdTokens>, Unusable> {
    let (url, reach) = match (&settings.jwks_url, known) {
        (Some(own), _) => (own.as_str(), Reach::Anywhere),
        (None, Some(known)) => (known.jwks_url, Reach::Public),
        (None, None) => return Ok(None),
    };
    Ok(Some(IdTokens::new(Elsewhere::at(url, reach)?, known.map(|known| known.max_age))))
}

/// Asks once. Redirects are not followed: nobody else is shown a secret.
async fn ask(
    place: &Elsewhere,
    method: Method,
    head: Vec<(HeaderName, String)>,
    body: String,
) -> Result<Value, ProviderError> {
    let question = Question { method, head, body, read: ANSWER_MAX };
    let answer = tokio::time::timeout(PATIENCE, place.ask(question)).await;
    let (status, body) = answer.map_err(|_| ProviderError::Silent)??;
    if !status.is_success() {
        return Err(ProviderError::Refused(status));
    }
    serde_json::from_slice(&body).map_err(|_| ProviderError::Senseless)
}

/// A list with spaces between, as RFC 6749 section 3.3 has it, or a list of JSON, as some providers have it.
fn scopes(scope: Option<&Value>) -> Vec<String> {
    let texts: Vec<&str> = match scope {
        Some(Value::String(text)) => text.split_whitespace().collect(),
        Some(Value::Array(values)) => values.iter().filter_map(Value::as_str).map(str::trim).collect(),
        _ => Vec::new(),
    };
    texts.into_iter().filter(|text| !text.is_empty() && !text.contains('\0')).map(str::to_owned).collect()
}
