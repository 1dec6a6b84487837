//! Supabase: rows of `auth.users`.

use countersign_engine::{Ban, Newcomer};

use super::fields::Fields;

/// The column by which such a file is known.
pub(super) const ADDRESS: &str = "email";

/// Hashes are bcrypt, argon2 or Firebase's scrypt as Supabase writes it; all of these are read as they are.
pub(super) fn newcomer(fields: &Fields) -> Result<Newcomer, String> {
    if fields.text("deleted_at")?.is_some() {
        return Err("the user is deleted".to_owned());
    }
    let profile = fields.object("raw_user_meta_data")?;
    let until = fields.time("banned_until")?;
    Ok(Newcomer {
        id: fields.owned("id")?,
        email: fields.or_empty("email")?,
        email_verified: fields.time("email_confirmed_at")?.is_some(),
        name: profile.first(&["full_name", "name"])?.unwrap_or_default(),
        image: profile.first(&["avatar_url", "picture"])?,
        role: None,
        ban: until.map(|until| Ban { reason: None, until: Some(until) }),
        created_at: fields.time("created_at")?,
        hash: fields.owned("encrypted_password")?,
    })
}
