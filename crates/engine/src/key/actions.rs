//! Loading the keys, and making the first one.

use countersign_db::{Db, Timestamp};
use countersign_token::{Algorithm, Secrets, SigningKey, VerifyingKey};
use serde_json::{Map, Value};

use super::rows::{self, KeyRow};
use super::rules;
use crate::chance::{self, Chance};
use crate::clock::Clock;
use crate::config::Config;
use crate::keys::Current;
use crate::sealed::{self, Purpose};
use crate::{Engine, OpenError};

/// Where keys are found, and under what they lie there.
pub(crate) struct Store<'a> {
    pub(crate) db: &'a Db,
    pub(crate) secrets: &'a Secrets,
    pub(crate) config: &'a Config,
    pub(crate) clock: &'a dyn Clock,
    pub(crate) chance: &'a dyn Chance,
}

impl Store<'_> {
    /// The key that signs and all that are trusted. Makes one if none signs: on an empty table, and when the last has ended.
    pub(crate) async fn load(&self, algorithm: Algorithm) -> Result<(Current, Vec<VerifyingKey>), OpenError> {
        let now = self.clock.now();
        let mut rows = rows::all(&mut self.db.read().await?).await?;
        let signs = |row: &KeyRow| rules::signs(row, algorithm.as_str(), now);
        if !rows.iter().any(signs) {
            let mut tx = self.db.write().await?;
            rows::lock(&mut tx).await?;
            rows = rows::all(&mut tx).await?;
            if !rows.iter().any(signs) {
                let row = self.make(algorithm, now)?;
                rows::insert(&mut tx, &row).await?;
                rows.insert(0, row);
            }
            tx.commit().await?;
        }
        let signing = unseal(rows.iter().find(|row| signs(row)).ok_or(OpenError::Key)?, self.secrets)?;
        rows.retain(|row| rules::verifies(row, self.config.jwks.grace_period, now));
        let public: Vec<Value> = rows.iter().filter_map(published).collect();
        let trusted = public.iter().filter_map(|jwk| VerifyingKey::from_jwk(&jwk.to_string()).ok()).collect();
        Ok((Current { signing, public: public.into() }, trusted))
    }

    fn make(&self, algorithm: Algorithm, now: Timestamp) -> Result<KeyRow, OpenError> {
        let Self { secrets, config, chance, .. } = self;
        let id = chance::id(*chance, now);
        let key = SigningKey::from_entropy(algorithm, &chance::bytes(*chance), None).map_err(|_| OpenError::Key)?;
        let (Some(public), Some(private)) = (key.public_jwk(), key.private_jwk()) else { return Err(OpenError::Key) };
        let sealed = sealed::seal(&private, Purpose::Stored, secrets, chance::bytes(*chance)).ok_or(OpenError::Key)?;
        Ok(KeyRow {
            id,
            crv: public.get("crv").and_then(Value::as_str).map(str::to_owned),
            public_key: public.to_string(),
            private_key: Value::String(sealed).to_string(),
            created_at: now,
            expires_at: config.jwks.rotation_interval.map(|seconds| now.plus_seconds(seconds.into())),
            alg: Some(algorithm.as_str().to_owned()),
        })
    }
}

/// Seconds between two looks for keys.
const PAUSE: i64 = 1;

impl Engine {
    /// Reads the keys again unless that was done a moment ago. What goes wrong is logged, and the keys stay as they are.
    pub async fn look_for_keys(&self) {
        if self.keys.may_look(self.clock.now().seconds(), PAUSE)
            && let Err(error) = self.read_keys().await
        {
            tracing::warn!(%error, "the keys of access tokens cannot be read");
        }
    }

    /// Reads the keys again, where access tokens have asymmetric ones: another program may have made a new key, and the one that
    /// signs may have ended. What cannot be read leaves the keys as they are.
    ///
    /// # Errors
    /// [`OpenError`].
    pub async fn read_keys(&self) -> Result<(), OpenError> {
        let Some(algorithm) = self.config.token.algorithm.asymmetric() else { return Ok(()) };
        let store = Store {
            db: &self.db,
            secrets: &self.keys.secrets,
            config: &self.config,
            clock: &*self.clock,
            chance: &*self.chance,
        };
        self.keys.replace(store.load(algorithm).await?);
        Ok(())
    }
}

/// The private key of a row. It may also lie there in the clear, where Better Auth was told not to seal it.
fn unseal(row: &KeyRow, secrets: &Secrets) -> Result<SigningKey, OpenError> {
    let jwk = match serde_json::from_str(&row.private_key) {
        Ok(Value::String(text)) => sealed::open(&text, Purpose::Stored, secrets).ok_or(OpenError::Sealed)?.to_string(),
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

/// Says what a key is for, where that is known (RFC 7517 section 4.4 leaves it open), and what it is called.
fn label(members: &mut Map<String, Value>, row: &KeyRow) {
    if let Some(algorithm) = rules::algorithm(row) {
        members.insert("alg".to_owned(), algorithm.into());
    }
    members.insert("kid".to_owned(), row.id.clone().into());
}
