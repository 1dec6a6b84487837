//! `countersign openapi`.

use countersign_contract::openapi;

use super::console::{Failure, answer};
use super::deployment::Deployment;

pub(super) fn run(deployment: &Deployment) -> Result<(), Failure> {
    let config = deployment.config()?;
    Ok(answer(format_args!("{:#}", openapi::document(config.path())))?)
}
