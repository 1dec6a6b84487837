//! `countersign token`: mint, verify and decode access tokens.

mod key;

use clap::{Args, Subcommand};
use countersign_engine::{Clock, SystemChance, SystemClock, chance};
use countersign_token::{Claims, MAX_SERVICE_LIFETIME, Policy, Refused, Verifier, decode_unverified, verdict};
use serde_json::{Map, Value};

use self::key::{DeploymentKeys, KeyOption};
use super::console::{self, Failure, answer, answer_bytes, note, printable};
use super::deployment::{self, Deployment};

/// More than the longest token a verifier reads, so that a longer one is still told from a short one.
const INPUT_LIMIT: u64 = 64 * 1024;

#[derive(Subcommand)]
pub(super) enum Token {
    /// Print a token signed with the configured secret. Whoever holds it is its subject.
    Mint(Mint),
    /// Read one token on standard input and verify it: exit 0 and the claims as JSON, or 1 and the reason.
    Verify(Verify),
    /// Read one token on standard input and say what a server would: exit 0 if it is admitted, or 1 and the exact
    /// reason, the state of its user and session included.
    Why,
    /// Read one token on standard input and have it refused everywhere from now on; it must be one that would be
    /// admitted until now and have a `jti`.
    Revoke,
    /// Read one token on standard input and print what it says, unverified.
    Decode,
    /// Print the credential of services that follow the refusals (docs/revocations.md).
    Feed,
    /// Print a service token, the credential of such a service where access tokens are signed with a private key
    /// (`token.algorithm` EdDSA or ES256) and no secret is shared with it.
    Service(Service),
}

#[derive(Args)]
pub(super) struct Mint {
    /// The user's id.
    #[arg(long, value_name = "ID")]
    sub: String,
    /// The user's e-mail address.
    #[arg(long)]
    email: Option<String>,
    /// How long it lives; `token.lifetime` if not said.
    #[arg(long, value_name = "SECONDS")]
    lifetime: Option<u32>,
    /// The session it belongs to.
    #[arg(long, value_name = "ID")]
    sid: Option<String>,
    /// A claim of one's own; the value is JSON, or else a text. May be repeated.
    #[arg(long = "claim", value_name = "NAME=VALUE", value_parser = claim)]
    claims: Vec<(String, Value)>,
}

#[derive(Args)]
pub(super) struct Service {
    /// What to call the service.
    #[arg(long)]
    name: String,
    /// How long the token lives; 30 days if not said, a year at most.
    #[arg(long, value_name = "SECONDS", default_value_t = 30 * 86_400,
          value_parser = clap::value_parser!(u32).range(1..=i64::from(MAX_SERVICE_LIFETIME)))]
    lifetime: u32,
}

#[derive(Args)]
pub(super) struct Verify {
    #[command(flatten)]
    key: KeyOption,
    /// Check header and signature alone and print the payload as it is, which need not be claims.
    #[arg(long)]
    signature_only: bool,
    /// The `iss` to demand, with a key of one's own.
    #[arg(long, requires = "key")]
    issuer: Option<String>,
    /// The `aud` to demand, with a key of one's own.
    #[arg(long, requires = "key")]
    audience: Option<String>,
    /// The longest `exp - iat` to admit, with a key of one's own; 7 days if not said.
    #[arg(long, value_name = "SECONDS", requires = "key")]
    max_lifetime: Option<u32>,
}

impl Token {
    pub(super) fn run(self, deployment: &Deployment) -> Result<(), Failure> {
        match self {
            Self::Mint(mint) => mint.run(deployment),
            Self::Verify(verify) => verify.run(deployment),
            Self::Why => why(deployment),
            Self::Revoke => revoke(deployment),
            Self::Decode => decode(),
            Self::Feed => feed(deployment),
            Self::Service(service) => service.run(deployment),
        }
    }
}

impl Mint {
    fn run(self, deployment: &Deployment) -> Result<(), Failure> {
        let config = deployment.config()?;
        let keys = DeploymentKeys::open(&config)?;
        let now = SystemClock.now();
        let lifetime = self.lifetime.unwrap_or(config.engine.token.lifetime);
        let mut claims = Claims::new(self.sub, now.seconds(), now.seconds().saturating_add(lifetime.into()));
        claims.email = self.email;
        claims.jti = Some(chance::id(&SystemChance, now));
        claims.sid = self.sid;
        claims.iss = config.engine.issuer();
        claims.aud = config.engine.audience().into_iter().collect();
        claims.custom = Map::from_iter(self.claims);
        let token = keys.sign(&claims).map_err(Failure::refused)?;
        // A token nobody would admit is better refused here than where it is used.
        keys.verifier()
            .verify_owned(&token, now.seconds())
            .map_err(|why| Failure::Refused(format!("such a token would be refused: {why}")))?;
        Ok(answer(token)?)
    }
}

impl Service {
    fn run(self, deployment: &Deployment) -> Result<(), Failure> {
        let keys = DeploymentKeys::open(&deployment.config()?)?;
        let now = SystemClock.now();
        let (iat, id) = (now.seconds(), chance::id(&SystemChance, now));
        let token = keys.keys().service_token(&self.name, id, iat, iat.saturating_add(self.lifetime.into()));
        let none = "access tokens are signed with a shared secret here: `countersign token feed` prints the credential";
        Ok(answer(token.ok_or_else(|| Failure::misuse(none))?.map_err(Failure::refused)?)?)
    }
}

impl Verify {
    fn run(self, deployment: &Deployment) -> Result<(), Failure> {
        match self.key.read()? {
            Some(keys) => self.judge(&Verifier::new(keys, self.policy())),
            None => self.judge(DeploymentKeys::open(&deployment.config()?)?.verifier()),
        }
    }

    fn policy(&self) -> Policy {
        let mut policy = Policy::default();
        if let Some(issuer) = &self.issuer {
            policy = policy.issuer(issuer);
        }
        if let Some(audience) = &self.audience {
            policy = policy.audience(audience);
        }
        match self.max_lifetime {
            Some(seconds) => policy.max_lifetime(seconds),
            None => policy,
        }
    }

    fn judge(&self, verifier: &Verifier) -> Result<(), Failure> {
        let token = read_token()?;
        if self.signature_only {
            let payload = verifier.verify_signature_only(&token).map_err(Failure::refused)?;
            return Ok(answer_bytes(&payload)?);
        }
        let verified = verifier.verify_owned(&token, SystemClock.now().seconds()).map_err(Failure::refused)?;
        let claims = serde_json::to_string(&*verified).map_err(Failure::refused)?;
        Ok(answer(claims)?)
    }
}

/// The verdict on a token as a server on this database comes to it, in the server's own steps.
fn why(deployment: &Deployment) -> Result<(), Failure> {
    let config = deployment.config()?;
    let token = read_token()?;
    let refused = |why: Refused| Failure::Refused(format!("refused: {} ({why})", why.code()));
    deployment::wait_for(async {
        let engine = deployment::engine(&config).await?;
        engine.catch_up().await.map_err(Failure::refused)?;
        let claims = engine.verifier().verify_owned(&token, engine.clock().now().seconds()).map_err(refused)?;
        let standing = engine.standing_of(&claims).await.map_err(Failure::refused)?;
        let admitted = verdict(claims, standing).map_err(refused)?;
        let role = admitted.role().map(|role| format!(" with role {}", printable(role))).unwrap_or_default();
        Ok(answer(format_args!("admitted: user {}{role}", printable(&admitted.sub)))?)
    })
}

/// Refuses one token from now on, whoever has minted it.
fn revoke(deployment: &Deployment) -> Result<(), Failure> {
    let config = deployment.config()?;
    let token = read_token()?;
    deployment::wait_for(async {
        let engine = deployment::engine(&config).await?;
        let now = engine.clock().now().seconds();
        let claims = engine.verifier().verify_owned(&token, now).map_err(Failure::refused)?;
        if engine.revoke_token(&claims).await.map_err(Failure::refused)? {
            let jti = claims.jti.as_deref().unwrap_or_default();
            return Ok(answer(format_args!("revoked token {} of user {}", printable(jti), printable(&claims.sub)))?);
        }
        let why = "the token has no `jti`, so there is nothing to tell it by; suspend its user, or rotate the secret";
        Err(Failure::Refused(why.to_owned()))
    })
}

fn feed(deployment: &Deployment) -> Result<(), Failure> {
    let keys = DeploymentKeys::open(&deployment.config()?)?;
    Ok(answer(keys.keys().feed_credential().expose())?)
}

fn decode() -> Result<(), Failure> {
    let token = read_token()?;
    note("NOT VERIFIED: anyone can have written this; `countersign token verify` says whether it is genuine");
    let said = decode_unverified(&token).map_err(Failure::refused)?;
    answer(format_args!("{:#}\n{:#}", said.header, said.payload))?;
    Ok(())
}

/// The token on standard input. What is not text is no token, and is refused as one.
fn read_token() -> Result<String, Failure> {
    let input = console::input(INPUT_LIMIT)?;
    Ok(String::from_utf8_lossy(&input).into_owned())
}

fn claim(text: &str) -> Result<(String, Value), String> {
    let (name, value) = text.split_once('=').ok_or("a claim is written NAME=VALUE")?;
    let value = serde_json::from_str(value).unwrap_or_else(|_| Value::from(value));
    Ok((name.to_owned(), value))
}
