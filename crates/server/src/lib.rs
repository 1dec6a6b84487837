//! (in the making)

pub mod config;
pub mod generated;
