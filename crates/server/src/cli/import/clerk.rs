//! Clerk: the CSV of its dashboard.

use base64_simd::STANDARD_NO_PAD as BASE64;
use countersign_engine::Newcomer;

use super::fields::Fields;
use super::unknown;

/// The column by which such a file is known.
pub(super) const ADDRESS: &str = "primary_email_address";

pub(super) fn newcomer(fields: &Fields) -> Result<Newcomer, String> {
    let email = fields.or_empty(ADDRESS)?;
    let verified = fields.or_empty("verified_email_addresses")?;
    let verified = verified.split(|c: char| c.is_whitespace() || ",;|\"[]".contains(c));
    let names = [fields.or_empty("first_name")?, fields.or_empty("last_name")?];
    let name = names.join(" ").trim().to_owned();
    Ok(Newcomer {
        id: fields.owned("id")?,
        email_verified: !email.is_empty() && verified.into_iter().any(|it| it.eq_ignore_ascii_case(&email)),
        email,
        name: if name.is_empty() { fields.or_empty("username")? } else { name },
        created_at: fields.time("created_at")?,
        hash: hash(fields)?,
        ..Newcomer::default()
    })
}

/// The hash as it is stored here. What one hasher writes like another is told apart by the hasher's name.
fn hash(fields: &Fields) -> Result<Option<String>, String> {
    let Some(digest) = fields.owned("password_digest")? else { return Ok(None) };
    let hasher = fields.or_empty("password_hasher")?;
    let stored = match hasher.as_str() {
        "bcrypt" | "bcrypt_sha256_django" | "argon2i" | "argon2id" | "pbkdf2_sha256_django" => Some(digest),
        "pbkdf2_sha256" | "pbkdf2_sha512" => pbkdf2(&hasher, &digest),
        "pbkdf2_sha1" => pbkdf2_sha1(&digest),
        "scrypt_firebase" => firebase(&digest),
        "scrypt_werkzeug" => werkzeug(&digest),
        other => Some(unknown(other)),
    };
    stored.map(Some).ok_or_else(|| format!("the password digest is not written as {hasher} is"))
}

/// `pbkdf2_sha256$<iterations>$<salt>$<hash>`, both in base64, unlike Django's.
fn pbkdf2(hasher: &str, digest: &str) -> Option<String> {
    let [iterations, salt, hash] = after(digest, hasher)?;
    Some(format!("${}$i={iterations}${salt}${hash}", hasher.replace('_', "-")))
}

/// `pbkdf2_sha1$<iterations>$<salt>$<hash>`: the salt as it is, the hash in hexadecimal.
fn pbkdf2_sha1(digest: &str) -> Option<String> {
    let [iterations, salt, hash] = after(digest, "pbkdf2_sha1")?;
    let (salt, hash) = (BASE64.encode_to_string(salt), BASE64.encode_to_string(unhex(hash)?));
    Some(format!("$pbkdf2-sha1$i={iterations}${salt}${hash}"))
}

/// Hash, salt, signer key, salt separator, rounds, memory cost.
fn firebase(digest: &str) -> Option<String> {
    let [hash, salt, key, separator, rounds, memory]: [&str; 6] =
        digest.split('$').collect::<Vec<_>>().try_into().ok()?;
    Some(format!("$fbscrypt$v=1,n={memory},r={rounds},p=1,ss={separator},sk={key}${salt}${hash}"))
}

/// `scrypt:<N>:<r>:<p>$<salt>$<hash>`: the salt as it is, the hash in hexadecimal.
fn werkzeug(digest: &str) -> Option<String> {
    let [costs, salt, hash]: [&str; 3] = digest.split('$').collect::<Vec<_>>().try_into().ok()?;
    let [name, n, r, p]: [&str; 4] = costs.split(':').collect::<Vec<_>>().try_into().ok()?;
    (name == "scrypt").then_some(())?;
    Some(format!("scrypt${n}${salt}${r}${p}${}", BASE64.encode_to_string(unhex(hash)?)))
}

fn after<'d>(digest: &'d str, hasher: &str) -> Option<[&'d str; 3]> {
    let rest = digest.strip_prefix(hasher)?.strip_prefix('$')?;
    rest.split('$').collect::<Vec<_>>().try_into().ok()
}

/// The octets that hexadecimal digits stand for.
pub(super) fn unhex(text: &str) -> Option<Vec<u8>> {
    let digit = |byte: &u8| char::from(*byte).to_digit(16);
    let pair = |pair: &[u8]| match pair {
        [high, low] => u8::try_from(digit(high)? << 4 | digit(low)?).ok(),
        _ => None,
    };
    text.as_bytes().chunks(2).map(pair).collect()
}
