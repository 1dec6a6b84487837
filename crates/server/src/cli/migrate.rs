//! `countersign migrate`.

use countersign_engine::{Clock, SystemClock};

use super::console::{Failure, answer};
use super::deployment::{self, Deployment};

pub(super) fn run(deployment: &Deployment) -> Result<(), Failure> {
    let config = deployment.config()?;
    // A database is never made before its secret: one whose secret is nowhere could not be told from a lost one.
    deployment::secrets_or_first(&config)?;
    let applied = deployment::wait_for(async {
        let db = deployment::database(&config).await?;
        let applied = db.migrate(SystemClock.now()).await.map_err(Failure::misuse)?;
        db.close().await;
        Ok(applied)
    })?;
    for step in &applied {
        answer(step)?;
    }
    if applied.is_empty() {
        answer("nothing to do: the schema is up to date")?;
    }
    Ok(())
}
