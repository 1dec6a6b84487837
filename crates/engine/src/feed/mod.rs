//! The feed: what changed, whoever changed it, in the order of commits. This node follows it to keep its refusals and
//! its caches right.

pub(crate) mod actions;
pub(crate) mod rows;
pub mod rules;

pub use actions::Feed;
pub use rules::{Effect, Event, Known, News, Position};
