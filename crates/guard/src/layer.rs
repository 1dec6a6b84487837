//! The layer: what is demanded, by which keys, of whom.

use std::sync::Arc;

use countersign_token::{Verifier, verdict};
use http::HeaderMap;
use tower::Layer;

use crate::{Directory, GuardService, Identity, Permissions, Rejection, bearer::bearer_token, clock::Clock};

/// Judges the bearer token of each request. Cloning it copies pointers.
///
/// As a layer it lets every request through and leaves the judgement to the extractors; after [`Guard::required`] it
/// refuses every request without a valid token itself. Put a CORS layer outside of that one: preflights carry no token.
#[derive(Debug)]
pub struct Guard<D> {
    verifier: Arc<Verifier>,
    directory: Arc<D>,
    clock: Clock,
    permissions: Arc<Permissions>,
    told: Told,
    pub(crate) demand: Demand,
}

/// Who is told of refusals.
#[derive(Clone)]
struct Told(Arc<dyn Fn(Rejection) + Send + Sync>);

impl std::fmt::Debug for Told {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Told")
    }
}

/// Who refuses.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Demand {
    ByExtractors,
    ByLayer,
}

impl<D: Directory> Guard<D> {
    /// A guard that verifies with these keys and this policy, and asks this directory.
    #[must_use]
    pub fn new(verifier: Verifier, directory: D) -> Self {
        Self {
            verifier: Arc::new(verifier),
            directory: Arc::new(directory),
            clock: Clock::system(),
            permissions: Arc::default(),
            told: Told(Arc::new(|_| {})),
            demand: Demand::ByExtractors,
        }
    }

    /// Takes the time (seconds since 1970) from here instead of the system.
    #[must_use]
    pub fn clock(self, now: impl Fn() -> i64 + Send + Sync + 'static) -> Self {
        Self { clock: Clock::new(now), ..self }
    }

    /// What each role may do.
    #[must_use]
    pub fn permissions(self, permissions: Permissions) -> Self {
        Self { permissions: Arc::new(permissions), ..self }
    }

    /// Tells `told` of every token that is refused, for metrics: [`Rejection::code`] is a label of few values. A request
    /// without a token is no such event.
    #[must_use]
    pub fn on_refusal(self, told: impl Fn(Rejection) + Send + Sync + 'static) -> Self {
        Self { told: Told(Arc::new(told)), ..self }
    }

    /// The same guard, refusing every request without a valid token, whether or not a handler asks who is calling.
    #[must_use]
    pub fn required(self) -> Self {
        Self { demand: Demand::ByLayer, ..self }
    }

    /// Judges a request by its headers: token, then the directory's word on its subject.
    ///
    /// # Errors
    /// [`Rejection`], the first reason met.
    pub async fn admit(&self, headers: &HeaderMap) -> Result<Identity, Rejection> {
        let judged = self.judge(headers).await;
        if let Some(rejection) = judged.as_ref().err().filter(|rejection| **rejection != Rejection::NoCredentials) {
            (self.told.0)(*rejection);
        }
        judged
    }

    async fn judge(&self, headers: &HeaderMap) -> Result<Identity, Rejection> {
        let token = bearer_token(headers)?.ok_or(Rejection::NoCredentials)?;
        let claims = self.verifier.verify_owned(token, self.clock.now())?;
        let standing = self.directory.standing(&claims).await;
        let admitted = verdict(claims, standing.map_err(countersign_token::Refused::from)?)?;
        Ok(Identity::new(admitted, Arc::clone(&self.permissions)))
    }
}

impl<D> Clone for Guard<D> {
    fn clone(&self) -> Self {
        Self {
            verifier: Arc::clone(&self.verifier),
            directory: Arc::clone(&self.directory),
            clock: self.clock.clone(),
            permissions: Arc::clone(&self.permissions),
            told: self.told.clone(),
            demand: self.demand,
        }
    }
}

impl<S, D> Layer<S> for Guard<D> {
    type Service = GuardService<S, D>;

    fn layer(&self, inner: S) -> Self::Service {
        GuardService::new(inner, self.clone())
    }
}
