//! Firebase: `firebase auth:export users.json`, and the project's password hash parameters.

use std::path::Path;

use countersign_engine::{Ban, Newcomer};

use super::super::console::Failure;
use super::fields::Fields;

/// The parameters of a project, as the Firebase console shows them:
///
/// ```text
/// hash_config {
///   algorithm: SCRYPT,
///   base64_signer_key: jxspr8Ki...,
///   base64_salt_separator: Bw==,
///   rounds: 8,
///   mem_cost: 14,
/// }
/// ```
pub(super) struct HashConfig {
    signer_key: String,
    salt_separator: String,
    rounds: String,
    memory_cost: String,
}

impl HashConfig {
    pub(super) fn read(file: &Path) -> Result<Self, Failure> {
        let text = std::fs::read_to_string(file)
            .map_err(|error| Failure::Misuse(format!("{} cannot be read: {error}", file.display())))?;
        Self::parse(&text).map_err(|why| Failure::Misuse(format!("{}: {why}", file.display())))
    }

    fn parse(text: &str) -> Result<Self, String> {
        let said = |name: &str| {
            let values = text.lines().filter_map(|line| line.split_once(':')).filter(|(key, _)| key.trim() == name);
            let value = values.map(|(_, value)| value.trim().trim_end_matches(',').trim()).next();
            value.map(str::to_owned).ok_or_else(|| format!("`{name}` is not there"))
        };
        if said("algorithm")? != "SCRYPT" {
            return Err("`algorithm` is not SCRYPT".to_owned());
        }
        Ok(Self {
            signer_key: said("base64_signer_key")?,
            salt_separator: said("base64_salt_separator")?,
            rounds: said("rounds")?,
            memory_cost: said("mem_cost")?,
        })
    }

    /// The hash as it is stored here: with everything needed to compare a password with it.
    fn stored(&self, salt: &str, hash: &str) -> String {
        let Self { signer_key, salt_separator, rounds, memory_cost } = self;
        format!("$fbscrypt$v=1,n={memory_cost},r={rounds},p=1,ss={salt_separator},sk={signer_key}${salt}${hash}")
    }
}

pub(super) fn newcomer(fields: &Fields, config: Option<&HashConfig>) -> Result<Newcomer, String> {
    let hash = match (fields.text("passwordHash")?, config) {
        (None, _) => None,
        (Some(hash), Some(config)) => Some(config.stored(&fields.or_empty("salt")?, &hash)),
        (Some(_), None) => Some(String::new()),
    };
    Ok(Newcomer {
        id: fields.owned("localId")?,
        email: fields.or_empty("email")?,
        email_verified: fields.flag("emailVerified")?,
        name: fields.or_empty("displayName")?,
        image: fields.owned("photoUrl")?,
        role: None,
        ban: fields.flag("disabled")?.then(Ban::default),
        created_at: fields.time("createdAt")?,
        hash,
    })
}
