//! Where the secret comes from: configuration, the file kept beside a SQLite database, or the first run.

use std::fs::{self, File, OpenOptions};
use std::io::{ErrorKind, Write};
use std::path::{Path, PathBuf};

use countersign_engine::chance::Chance;
use countersign_engine::config::Sensitive;
use countersign_engine::db::Db;
use countersign_token::{Secret, Secrets};
use zeroize::Zeroizing;

use super::{Config, Database, Error};

/// The secrets of a deployment and where they were found.
#[derive(Clone, Debug)]
pub struct Found {
    /// The secrets everything is signed and verified with.
    pub secrets: Secrets,
    /// Where the secrets were found.
    pub origin: Origin,
}

/// Where secrets were found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Origin {
    /// In the environment or the configuration file.
    Configured,
    /// In a file that an earlier run has kept.
    Kept(PathBuf),
    /// Nowhere: this is the first run, and the file keeps what was made.
    Made(PathBuf),
}

impl Config {
    /// The secrets that are configured or were kept by an earlier run.
    ///
    /// # Errors
    /// No secret, a weak one, or a kept one that others may read.
    pub fn secrets(&self) -> Result<Found, Error> {
        self.found(|_| Err(Error::NoSecret))
    }

    /// The same, and on the first run (no secret configured, none kept, no database yet) a new one, kept in a file
    /// beside the database that only its owner may read.
    ///
    /// # Errors
    /// As [`Config::secrets`]; also where a database exists whose secret is nowhere, and where the file cannot be
    /// written.
    pub fn secrets_or_first(&self, chance: &dyn Chance) -> Result<Found, Error> {
        self.found(|database| first_secret(database, chance))
    }

    fn found(&self, otherwise: impl FnOnce(&Path) -> Result<(Secret, Origin), Error>) -> Result<Found, Error> {
        let (secrets, origin) = match self.configured()? {
            Some(secrets) => (secrets, Origin::Configured),
            None => {
                let database = self.database.sqlite_file().ok_or(Error::NoSecret)?;
                let (secret, origin) = match kept_secret(&database)? {
                    Some(found) => found,
                    None => otherwise(&database)?,
                };
                (Secrets::single(secret), origin)
            }
        };
        Ok(Found { secrets, origin })
    }

    /// Versioned secrets win; a plain one beside them verifies what was signed before versions were used.
    fn configured(&self) -> Result<Option<Secrets>, Error> {
        let plain = self.secret.as_ref().map(|secret| parse("BETTER_AUTH_SECRET", secret)).transpose()?;
        let Some(versioned) = &self.secrets else { return Ok(plain.map(Secrets::single)) };
        let secrets = Secrets::parse_versioned(versioned.expose())
            .map_err(|why| Error::Senseless(format!("BETTER_AUTH_SECRETS: {why}")))?;
        Ok(Some(match plain {
            Some(plain) => secrets.with_unversioned(plain),
            None => secrets,
        }))
    }
}

impl Database {
    /// The file of a SQLite database; `None` for PostgreSQL.
    #[must_use]
    pub fn sqlite_file(&self) -> Option<PathBuf> {
        Db::sqlite_file(self.url.expose())
    }
}

fn parse(name: &str, secret: &Sensitive) -> Result<Secret, Error> {
    Secret::parse(secret.expose()).map_err(|weak| Error::Senseless(format!("{name}: {weak}")))
}

fn kept_secret(database: &Path) -> Result<Option<(Secret, Origin)>, Error> {
    let path = beside(database);
    let file = path.display().to_string();
    let text = match fs::read_to_string(&path) {
        Ok(text) => Zeroizing::new(text),
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(Error::Unreadable { file, why: error.to_string() }),
    };
    if is_open_to_others(&path) {
        return Err(Error::Senseless(format!(
            "{file} holds the secret and others may read it; run `chmod 600 {file}`, and make a new secret if somebody did"
        )));
    }
    let secret = Secret::parse(text.trim_end()).map_err(|weak| Error::Senseless(format!("{file}: {weak}")))?;
    Ok(Some((secret, Origin::Kept(path))))
}

fn first_secret(database: &Path, chance: &dyn Chance) -> Result<(Secret, Origin), Error> {
    let path = beside(database);
    if fs::metadata(database).is_ok_and(|metadata| metadata.len() > 0) {
        return Err(Error::LostSecret { database: database.display().to_string(), file: path.display().to_string() });
    }
    let mut entropy = Zeroizing::new([0; 32]);
    chance.fill(&mut *entropy);
    let secret = Secret::from_entropy(*entropy);
    let kept = private_file(&path).and_then(|mut file| {
        file.write_all(secret.expose().as_bytes())?;
        file.write_all(b"\n")?;
        file.sync_all()
    });
    kept.map_err(|error| Error::Unwritable { file: path.display().to_string(), why: error.to_string() })?;
    Ok((secret, Origin::Made(path)))
}

/// `countersign.db` has its secret in `countersign.db.secret`.
fn beside(database: &Path) -> PathBuf {
    let mut name = database.as_os_str().to_owned();
    name.push(".secret");
    name.into()
}

/// A new file that only its owner may read; an existing one is never opened.
fn private_file(path: &Path) -> std::io::Result<File> {
    let mut options = OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options.open(path)
}

#[cfg(unix)]
fn is_open_to_others(path: &Path) -> bool {
    use std::os::unix::fs::PermissionsExt;
    fs::metadata(path).is_ok_and(|metadata| metadata.permissions().mode() & 0o077 != 0)
}

#[cfg(not(unix))]
fn is_open_to_others(_: &Path) -> bool {
    false
}
