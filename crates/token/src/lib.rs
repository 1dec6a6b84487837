//! What a token is: secrets, keys, claims, signing, verifying, and the verdict on a token.
//!
//! No I/O, no async, no clock and no chance: time and random bytes are arguments. Every way to refuse a token is one
//! variant of [`Refused`].
//!
//! ```
//! use countersign_token::{Claims, KeySet, Policy, Scratch, Secret, SigningKey, Verifier, sign};
//!
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let secret = Secret::parse("kS0dT2p7Zk1hQm9yVw3xJ5uC8eLfGa6nYiRtHv4X")?;
//! let now = 1_790_000_000;
//!
//! // Whoever signs people in mints a token.
//! let key = SigningKey::hs256(&secret, None);
//! let mut claims = Claims::new("0197f3c2-6f0a-7c55-9d2e-2f1f8a7b6c5d", now, now + 900);
//! claims.email = Some("ada@example.com".into());
//! let token = sign(&key, &claims)?;
//!
//! // Whoever serves an API demands it. The algorithm belongs to the key, never to the token.
//! let verifier = Verifier::new(KeySet::single(key.verifying_key()), Policy::default());
//! let mut scratch = Scratch::new();
//! let verified = verifier.verify(&token, now, &mut scratch)?;
//! assert_eq!(verified.sub, "0197f3c2-6f0a-7c55-9d2e-2f1f8a7b6c5d");
//!
//! // An hour later it is worth nothing.
//! let refused = verifier.verify_owned(&token, now + 3600).unwrap_err();
//! assert_eq!(refused.code(), "expired");
//! # Ok(())
//! # }
//! ```
//!
//! A verified token says who is calling; whether that user still exists and is active is asked of a directory, and
//! [`verdict`] joins the two answers. The server and the guard use the same functions, so they cannot disagree.

#![forbid(unsafe_code)]

mod base64;
mod claims;
mod cookie;
mod email_token;
mod feed_credential;
mod followed;
mod header;
mod id_token;
mod json;
mod jwk;
mod keys;
mod mac;
mod notice;
mod old_uses;
mod policy;
mod refresh;
mod refused;
mod revocation;
mod secret;
mod service_token;
mod session_data;
mod sign;
mod verdict;
mod verify;

pub use crate::{
    claims::{Claims, ClaimsRef, REGISTERED},
    cookie::SignedCookie,
    email_token::{EmailAsks, EmailToken},
    feed_credential::{FeedCredential, InvalidFeedCredential},
    followed::{Followed, Known},
    id_token::{IdTokenClaims, IdTokenDemands, ProviderKeys},
    jwk::InvalidKey,
    keys::{Algorithm, KeySet, SigningKey, UnknownAlgorithm, VerifyingKey},
    notice::{MalformedNotice, Notice},
    old_uses::SecretUse,
    policy::{LeewayTooLong, MAX_LEEWAY, Policy},
    refresh::{MAX_REFRESH_TOKEN_BYTES, RefreshToken},
    refused::Refused,
    revocation::{Change, Revocations},
    secret::{InvalidSecrets, Purpose, Secret, Secrets, WeakSecret},
    service_token::{MAX_SERVICE_LIFETIME, ServiceToken},
    session_data::{
        MAX_SESSION_DATA_BYTES, SessionData, SessionDataCompact, SessionDataDraft, SessionDataJwe, SessionDataJwt,
    },
    sign::{CannotSign, sign},
    verdict::{Admitted, Standing, Unavailable, verdict},
    verify::{MAX_TOKEN_BYTES, Scratch, Unverified, Verified, Verifier, decode_unverified},
};
