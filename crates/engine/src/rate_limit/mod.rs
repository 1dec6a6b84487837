//! How often one caller may call: the rule, and the counters that all nodes on one database share.

pub(crate) mod actions;
pub(crate) mod rows;
pub mod rules;

pub use rules::{Counter, Rule, TooMany};
