//! Loading the keys, and making the first one.

use countersign_db::Db;
use countersign_token::{Algorithm, Secrets, SigningKey, VerifyingKey};
use serde_json::{Map, Value};

use super::rows::{self, KeyRow};
use super::rules;
use crate::chance::{self, Chance};
use crate::clock::Clock;
use crate::config::Config;
use crate::keys::Keys;
use crate::{OpenError, sealed};

/// Loads the keys for `algorithm` from the database; makes one if none signs.
pub(crate) async fn load(
    db: &Db,
    secrets: Secrets,
    algorithm: Algorithm,
    config: &Config,
    (clock, chance): (&dyn Clock, &dyn Chance),
) -> Result<Keys, OpenError> {
    let now = clock.now();
    let mut tx = db.write().await?;
    rows::lock(&mut tx).await?;
    let mut rows: Vec<KeyRow> = rows::all(&mut tx).await?;
    if !rows.iter().any(|row| rules::signs(row, algorithm.as_str(), now)) {
        let row = make(algorithm, &secrets, now, chance)?;
        rows::insert(&mut tx, &row).await?;
        rows.insert(0, row);
    }
    tx.commit().await?;

    let current = rows.iter().find(|row| rules::signs(row, algorithm.as_str(), now)).ok_or(OpenError::Key)?;
    let signing = unseal(current, &secrets)?;
    rows.retain(|row| rules::verifies(row, now));
    let public: Vec<Value> = rows.iter().filter_map(published).collect();
    let verifying = public.iter().filter_map(|jwk| VerifyingKey::from_jwk(&jwk.to_string()).ok()).collect();
    Ok(Keys::asymmetric(secrets, signing, verifying, public, config))
}

fn make(
    algorithm: Algorithm,
    secrets: &Secrets,
    now: countersign_db::Timestamp,
    chance: &dyn Chance,
) -> Result<KeyRow, OpenError> {
    let id = chance::id(chance, now);
    let key = SigningKey::from_entropy(algorithm, &chance::bytes(chance), None).map_err(|_| OpenError::Key)?;
    let (Some(public), Some(private)) = (key.public_jwk(), key.private_jwk()) else { return Err(OpenError::Key) };
    let sealed = sealed::seal(&private, secrets, chance::bytes(chance)).ok_or(OpenError::Key)?;
    Ok(KeyRow {
        id,
        crv: public.get("crv").and_then(Value::as_str).map(str::to_owned),
        public_key: public.to_string(),
        private_key: Value::String(sealed).to_string(),
        created_at: now,
        expires_at: None,
        alg: Some(algorithm.as_str().to_owned()),
    })
}

/// The private key of a row. It may also lie there in the clear, where Better Auth was told not to seal it.
fn unseal(row: &KeyRow, secrets: &Secrets) -> Result<SigningKey, OpenError> {
    let jwk = match serde_json::from_str(&row.private_key) {
        Ok(Value::String(text)) => sealed::open(&text, secrets).ok_or(OpenError::Sealed)?.to_string(),
        _ => row.private_key.clone(),
    };
    let Ok(Value::Object(mut members)) = serde_json::from_str(&jwk) else { return Err(OpenError::Key) };
    label(&mut members, row);
    SigningKey::from_jwk(&Value::Object(members).to_string()).map_err(|_| OpenError::Key)
}

/// The public key of a row, as `/jwks` shows it.
fn published(row: &KeyRow) -> Option<Value> {
    let Ok(Value::Object(mut members)) = serde_json::from_str(&row.public_key) else { return None };
    label(&mut members, row);
    Some(Value::Object(members))
}

fn label(members: &mut Map<String, Value>, row: &KeyRow) {
    members.insert("alg".to_owned(), row.algorithm().into());
    members.insert("kid".to_owned(), row.id.clone().into());
}
