//! Short-lived secrets that links carry, in Better Auth's table `verification` (docs/wire.md 9): who asks for something
//! that a mail must confirm leaves a row, whoever brings the secret back takes it out.

pub(crate) mod actions;
pub(crate) mod rows;
