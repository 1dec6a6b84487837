//! Asymmetric keys for access tokens, kept in Better Auth's `jwks` table.

pub(crate) mod actions;
pub(crate) mod rows;
pub(crate) mod rules;
