//! The feed: what changed, whoever changed it, in the order of commits. This node follows it to keep its refusals and
//! its caches right.

pub(crate) mod actions;
pub(crate) mod rows;
pub mod rules;

pub use actions::{Feed, Known, News};
pub use rules::{Effect, Event, Position};
