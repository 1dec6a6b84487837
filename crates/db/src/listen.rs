//! Hearing that something was committed, instead of asking again and again (PostgreSQL's LISTEN).

use sqlx::postgres::{PgListener, PgPool, PgPoolOptions};

use crate::Error;

/// A connection that hears what is said on a channel. What is said while there is none goes unheard, so whoever relies on
/// it also looks, now and then and whenever a new one is there.
pub struct Listener {
    heard: PgListener,
    /// Ends it as well.
    main: PgPool,
}

/// Over a connection of its own, so that no statement waits for it.
pub(crate) async fn on(main: &PgPool, channel: &str) -> Result<Listener, Error> {
    let one = PgPoolOptions::new()
        .max_connections(1)
        .idle_timeout(None)
        .max_lifetime(None)
        .acquire_timeout(main.options().get_acquire_timeout())
        .connect_lazy_with((*main.connect_options()).clone());
    let mut heard = PgListener::connect_with(&one).await?;
    heard.eager_reconnect(false);
    heard.listen(channel).await?;
    Ok(Listener { heard, main: main.clone() })
}

impl Listener {
    /// Waits until something is said. What was said several times since is heard once.
    ///
    /// # Errors
    /// [`Error::Unreachable`] when the connection is lost or the database was closed; then a new one is needed.
    pub async fn heard(&mut self) -> Result<(), Error> {
        let said = self.main.close_event().do_until(self.heard.try_recv()).await??;
        if said.is_none() {
            return Err(Error::Unreachable("the connection that listens was lost".to_owned()));
        }
        while self.heard.next_buffered().is_some() {}
        Ok(())
    }
}
