//! The engine as a guard's directory: routes beside ours are admitted by the same word as ours.

use countersign_engine::Engine;
use countersign_guard::{Claims, Directory, Guard, Standing, Unavailable};

use crate::App;
use crate::metrics::Metrics;

/// Says who exists and is active, from the engine of this process: from memory after a user's first request, and never
/// from the session table. While the database is away it goes on with whom it knows, for `feed.max_staleness`; past that it
/// cannot tell, and a guard answers 503. An application that never reads the feed is not held to that.
#[derive(Clone, Debug)]
pub struct Residents(Engine);

impl Directory for Residents {
    async fn standing(&self, claims: &Claims) -> Result<Standing, Unavailable> {
        if self.0.feed_is_stale() == Some(true) {
            return Err(Unavailable);
        }
        self.0.standing_of(claims).await.map_err(|error| {
            tracing::warn!(%error, "the directory cannot answer");
            Unavailable
        })
    }
}

impl App {
    /// A guard for routes of one's own in this process. It goes by the engine's keys, clock and users.
    pub fn guard(&self) -> Guard<Residents> {
        let (app, clock) = (self.clone(), std::sync::Arc::clone(self.engine().clock()));
        Guard::new(self.engine().verifier().clone(), Residents(self.engine().clone()))
            .clock(move || clock.now().seconds())
            .on_refusal(move |rejection| Metrics::add(&app.metrics.refusals, "reason", rejection.code()))
    }
}
