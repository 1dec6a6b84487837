//! Our own format.

use countersign_engine::{Ban, Newcomer};

use super::fields::Fields;

/// Everything an entry may say; a column or member of another name is a mistake.
pub(super) const FIELDS: &[&str] = &[
    "id",
    "email",
    "emailVerified",
    "name",
    "image",
    "role",
    "banned",
    "banReason",
    "banExpires",
    "createdAt",
    "passwordHash",
];

/// The one that must be there.
pub(super) const ADDRESS: &str = "email";

pub(super) fn newcomer(fields: &Fields) -> Result<Newcomer, String> {
    if let Some(unknown) = fields.names().find(|name| !FIELDS.contains(name)) {
        return Err(format!("`{unknown}` is not known here"));
    }
    let ban = Ban { reason: fields.owned("banReason")?, until: fields.time("banExpires")? };
    Ok(Newcomer {
        id: fields.owned("id")?,
        email: fields.or_empty("email")?,
        email_verified: fields.flag("emailVerified")?,
        name: fields.or_empty("name")?,
        image: fields.owned("image")?,
        role: fields.owned("role")?,
        ban: fields.flag("banned")?.then_some(ban),
        created_at: fields.time("createdAt")?,
        hash: fields.owned("passwordHash")?,
    })
}
