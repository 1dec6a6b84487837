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
mod feed_credential;
mod header;
mod json;
mod jwk;
mod keys;
mod mac;
mod notice;
mod policy;
mod refresh;
mod refused;
mod revocation;
mod secret;
mod sign;
mod verdict;
mod verify;

pub use crate::{
    claims::{Claims, ClaimsRef},
    cookie::SignedCookie,
    feed_credential::{FeedCredential, InvalidFeedCredential},
    jwk::InvalidKey,
    keys::{Algorithm, KeySet, SigningKey, UnknownAlgorithm, VerifyingKey},
    notice::{MalformedNotice, Notice},
    policy::{LeewayTooLong, MAX_LEEWAY, Policy},
    refresh::{MAX_REFRESH_TOKEN_BYTES, RefreshToken},
    refused::Refused,
    revocation::{Change, Revocations},
    secret::{InvalidSecrets, Purpose, Secret, Secrets, WeakSecret},
    sign::{CannotSign, sign},
    verdict::{Admitted, Standing, Unavailable, verdict},
    verify::{MAX_TOKEN_BYTES, Scratch, Unverified, Verified, Verifier, decode_unverified},
};
