//! The service: judges each request and passes it on.

use std::{
    future::Future,
    mem,
    pin::Pin,
    task::{Context, Poll},
};

use axum::response::{IntoResponse, Response};
use http::Request;
use tower::Service;

use crate::{Directory, Guard, Rejection, identity::Judgement, layer::Demand};

/// A service behind a [`Guard`].
#[derive(Debug)]
pub struct GuardService<S, D> {
    inner: S,
    guard: Guard<D>,
}

impl<S, D> GuardService<S, D> {
    pub(crate) fn new(inner: S, guard: Guard<D>) -> Self {
        Self { inner, guard }
    }
}

impl<S: Clone, D> Clone for GuardService<S, D> {
    fn clone(&self) -> Self {
        Self { inner: self.inner.clone(), guard: self.guard.clone() }
    }
}

impl<S, D, B> Service<Request<B>> for GuardService<S, D>
where
    S: Service<Request<B>, Response: IntoResponse, Future: Send> + Clone + Send + 'static,
    D: Directory,
    B: Send + 'static,
{
    type Response = Response;
    type Error = S::Error;
    type Future = Pin<Box<dyn Future<Output = Result<Response, S::Error>> + Send>>;

    fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<Result<(), S::Error>> {
        self.inner.poll_ready(context)
    }

    fn call(&mut self, mut request: Request<B>) -> Self::Future {
        // The clone that is left behind is not the one that was polled ready.
        let fresh = self.inner.clone();
        let mut ready = mem::replace(&mut self.inner, fresh);
        let guard = self.guard.clone();
        Box::pin(async move {
            let judged = guard.admit(request.headers()).await;
            log(&judged);
            match (guard.demand, judged) {
                (Demand::ByLayer, Err(rejection)) => Ok(rejection.into_response()),
                (_, judged) => {
                    request.extensions_mut().insert(Judgement(judged));
                    ready.call(request).await.map(IntoResponse::into_response)
                }
            }
        })
    }
}

/// The anonymous are no event; a refused token is one, by its code alone.
fn log<T>(judged: &Result<T, Rejection>) {
    match judged {
        Ok(_) | Err(Rejection::NoCredentials) => {}
        Err(rejection) => tracing::info!(code = rejection.code(), "a bearer token is refused"),
    }
}
