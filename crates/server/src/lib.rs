//! Everything that is HTTP: [`App`] puts the engine's endpoints into an axum router, to be served by the `countersign`
//! command or mounted in an application of one's own.

mod app;
pub mod cli;
mod clock;
pub mod config;
mod directory;
pub mod generated;
mod http;
pub mod mail;
mod messages;
mod metrics;
mod outbound;
mod pages;
mod routes;
mod serve;
mod social;
pub mod webhook;

pub use app::App;
pub use directory::Residents;
pub use serve::serve;
