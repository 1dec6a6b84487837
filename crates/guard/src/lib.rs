//! A tower layer and axum extractors that demand a bearer token.
//!
//! ```
//! use axum::{Router, body::Body, routing::get};
//! use countersign_guard::{Guard, Identity, TrustTheToken};
//! use countersign_token::{KeySet, Policy, Secret, Secrets, Verifier};
//! # use countersign_token::{Claims, SigningKey, sign};
//! # use http::{Request, StatusCode};
//! # use tower::ServiceExt as _;
//!
//! async fn me(identity: Identity) -> String {
//!     format!("hello {}", identity.id())
//! }
//!
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> Result<(), Box<dyn std::error::Error>> {
//! # let text = "kS0dT2p7Zk1hQm9yVw3xJ5uC8eLfGa6nYiRtHv4X";
//! let secret = Secret::parse(text)?; // BETTER_AUTH_SECRET, the one the tokens are signed with
//! let verifier = Verifier::new(KeySet::hs256(&Secrets::single(secret)), Policy::default());
//! let guard = Guard::new(verifier, TrustTheToken);
//! # let guard = guard.clock(|| 1_790_000_000);
//! let app = Router::new().route("/me", get(me)).layer(guard);
//!
//! let anonymous = app.clone().oneshot(Request::get("/me").body(Body::empty())?).await?;
//! assert_eq!(anonymous.status(), StatusCode::UNAUTHORIZED);
//! assert_eq!(anonymous.headers()["www-authenticate"], "Bearer");
//!
//! # let key = SigningKey::hs256(&Secret::parse(text)?, None);
//! # let token = sign(&key, &Claims::new("ada", 1_790_000_000, 1_790_000_900))?;
//! let request = Request::get("/me").header("authorization", format!("Bearer {token}"));
//! let answer = app.oneshot(request.body(Body::empty())?).await?;
//! assert_eq!(answer.status(), StatusCode::OK);
//! # Ok(())
//! # }
//! ```
//!
//! - The layer judges the token once and lets the extractors decide: [`Identity`] refuses who has none,
//!   `Option<Identity>` lets the anonymous in (but no invalid token), [`HasRole`] and [`HasPermission`] demand more.
//! - [`Guard::required`] refuses for a whole router, whether or not a handler asks.
//! - [`Directory`] says whether the subject exists and is active; [`TrustTheToken`] believes what is signed.
//! - With the feature `follow`, `FollowedRevocations` is a directory that knows within a second whom the server no longer
//!   admits, and asks nobody on a request.
//! - [`Identity::own`] gives a row to its owner and 404 to anybody else.
//! - Refusals are [`Rejection`]s: RFC 6750 challenges with `application/problem+json` bodies (RFC 9457).

#![forbid(unsafe_code)]

mod bearer;
mod challenge;
mod clock;
mod directory;
mod extract;
#[cfg(feature = "follow")]
mod follow;
mod identity;
mod layer;
mod permissions;
mod service;

pub use countersign_token::{Claims, Standing, Unavailable};

#[cfg(feature = "follow")]
pub use crate::follow::{
    EventReader, FollowError, FollowState, FollowedRevocations, Options, ServerSentEvent, TooLong, WhenStale,
};
#[cfg(feature = "follow")]
pub use countersign_token::{FeedCredential, InvalidFeedCredential};

pub use crate::{
    bearer::bearer_token,
    challenge::{NotFound, Rejection},
    directory::{Directory, TrustTheToken},
    extract::{HasPermission, HasRole, Permission, Role},
    identity::Identity,
    layer::Guard,
    permissions::Permissions,
    service::GuardService,
};
