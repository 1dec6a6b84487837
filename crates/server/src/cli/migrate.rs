//! `countersign migrate`.

use super::console::{Failure, answer};
use super::deployment::{self, Deployment};

pub(super) fn run(deployment: &Deployment, database: Option<String>) -> Result<(), Failure> {
    let config = deployment.config_for(database)?;
    // A database is never made before its secret: one whose secret is nowhere could not be told from a lost one.
    deployment::secrets_or_first(&config)?;
    let applied = deployment::wait_for(async {
        let db = deployment::database(&config).await?;
        let applied = deployment::migrate(&db, &config).await;
        db.close().await;
        applied
    })?;
    for step in &applied {
        answer(step)?;
    }
    if applied.is_empty() {
        answer("nothing to do: the schema is up to date")?;
    }
    Ok(())
}
