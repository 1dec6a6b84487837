//! Auth0: the export of password hashes its support makes (JSON lines), and files for its bulk import (a JSON array).

use base64_simd::{STANDARD, STANDARD_NO_PAD};
use countersign_engine::{Ban, Newcomer};

use super::fields::Fields;
use super::unknown;

pub(super) fn newcomer(fields: &Fields) -> Result<Newcomer, String> {
    let (email, email_verified) = address(fields)?;
    let names = [fields.or_empty("given_name")?, fields.or_empty("family_name")?];
    let name = names.join(" ").trim().to_owned();
    let whole = fields.owned("name")?.or_else(|| Some(name).filter(|name| !name.is_empty()));
    Ok(Newcomer {
        id: id(fields)?,
        email,
        email_verified,
        name: whole.map_or_else(|| fields.or_empty("nickname"), Ok)?,
        image: fields.owned("picture")?,
        role: None,
        ban: fields.flag("blocked")?.then(Ban::default),
        created_at: fields.time("created_at")?,
        hash: hash(fields)?,
    })
}

/// The id tokens and APIs knew: `auth0|` and the one of the export (`alt_id` before `_id`) or of the bulk file (`user_id`).
fn id(fields: &Fields) -> Result<Option<String>, String> {
    let oid = fields.object("_id").ok().map(|id| id.owned("$oid")).transpose()?.flatten();
    let own = fields.first(&["user_id", "alt_id"])?.or(oid);
    Ok(own.map(|id| if id.contains('|') { id } else { format!("auth0|{id}") }))
}

/// At the top, or, in some exports, among the identifiers alone.
fn address(fields: &Fields) -> Result<(String, bool), String> {
    if let Some(email) = fields.owned("email")? {
        return Ok((email, fields.flag("email_verified")?));
    }
    let is_email = |it: &Fields| it.text("type").is_ok_and(|kind| kind.as_deref() == Some("email"));
    match fields.objects("identifiers").find(is_email) {
        Some(identifier) => Ok((identifier.or_empty("value")?, identifier.flag("verified")?)),
        None => Ok((String::new(), false)),
    }
}

fn hash(fields: &Fields) -> Result<Option<String>, String> {
    if let Some(bcrypt) = fields.first(&["passwordHash", "password_hash"])? {
        return Ok(Some(bcrypt));
    }
    let custom = fields.object("custom_password_hash")?;
    let Some(algorithm) = custom.owned("algorithm")? else { return Ok(None) };
    let hash = custom.object("hash")?;
    let value = hash.or_empty("value")?;
    match algorithm.as_str() {
        // PHC strings, all of them (Bulk User Import Database Schema).
        "argon2" | "bcrypt" | "pbkdf2" => Ok(Some(value)),
        "scrypt" => scrypt(&custom, &hash.or_empty("encoding")?, &value).map(Some),
        other => Ok(Some(unknown(other))),
    }
}

/// Hash and salt beside their encodings and costs.
fn scrypt(custom: &Fields, encoding: &str, value: &str) -> Result<String, String> {
    let salt = custom.object("salt")?;
    let salt = octets(&salt.or_empty("encoding")?, &salt.or_empty("value")?).ok_or("the salt cannot be read")?;
    let key = octets(encoding, value).ok_or("the hash cannot be read")?;
    let cost = |names: &[&str], default: u32| match custom.first(names)? {
        Some(said) => said.parse().map_err(|_| format!("`{}` is no number", names.join("` or `"))),
        None => Ok(default),
    };
    // What Node's scrypt takes where nothing is said.
    let (n, r, p) = (cost(&["cost", "N"], 16_384)?, cost(&["blockSize", "r"], 8)?, cost(&["parallelization", "p"], 1)?);
    if !n.is_power_of_two() {
        return Err("the cost of scrypt is no power of two".to_owned());
    }
    let [salt, key] = [salt, key].map(|octets| STANDARD_NO_PAD.encode_to_string(octets));
    Ok(format!("$scrypt$ln={},r={r},p={p}${salt}${key}", n.trailing_zeros()))
}

fn octets(encoding: &str, value: &str) -> Option<Vec<u8>> {
    match encoding {
        "base64" => STANDARD.decode_to_vec(value).ok(),
        "hex" => super::clerk::unhex(value),
        "utf8" | "" => Some(value.as_bytes().to_vec()),
        _ => None,
    }
}
