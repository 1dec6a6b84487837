//! The audit log: what was done, to whom, when. Append-only.

pub(crate) mod actions;
pub(crate) mod rows;
pub(crate) mod rules;

pub(crate) use rules::Event;
