//! Where settings come from: a file, then the environment.

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::fs;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use countersign_engine::config::BaseUrl;
use serde::Deserialize;
use toml::{Table, Value};

use super::keys::Keys;
use super::{Config, Error};

/// What the environment variable of any setting begins with; `__` parts sections.
pub(super) const PREFIX: &str = "COUNTERSIGN__";

/// Variables that deployments already have, and the settings they are.
const WELL_KNOWN: [(&str, &str); 5] = [
    ("BETTER_AUTH_SECRET", "secret"),
    ("BETTER_AUTH_SECRETS", "secrets"),
    ("BETTER_AUTH_URL", "base_url"),
    ("DATABASE_URL", "database.url"),
    ("PORT", "server.port"),
];

/// The one variable that adds to its setting instead of replacing it, as in Better Auth.
const ADDING: (&str, &str) = ("BETTER_AUTH_TRUSTED_ORIGINS", "trusted_origins");

/// The file read when none is named; it may be absent.
const FILE: &str = "countersign.toml";

/// A configuration file and an environment.
#[derive(Clone, Debug, Default)]
pub struct Sources {
    file: Option<PathBuf>,
    environment: BTreeMap<String, String>,
}

impl Sources {
    /// The named file, or `countersign.toml` in the working directory where it exists, and those of the environment
    /// variables that are settings.
    ///
    /// # Errors
    /// A variable of ours that is not valid UTF-8.
    pub fn new(
        file: Option<PathBuf>,
        environment: impl IntoIterator<Item = (OsString, OsString)>,
    ) -> Result<Self, Error> {
        let ours = |name: &str| {
            name.starts_with(PREFIX) || WELL_KNOWN.iter().chain([&ADDING]).any(|(known, _)| *known == name)
        };
        let mut settings = BTreeMap::new();
        for (name, value) in environment {
            let Some(name) = name.to_str().filter(|name| ours(name)) else { continue };
            let value = value.into_string().map_err(|_| Error::NotText(name.to_owned()))?;
            settings.insert(name.to_owned(), value);
        }
        Ok(Self { file, environment: settings })
    }
}

pub(super) fn load(sources: &Sources) -> Result<Config, Error> {
    let keys = Keys::all();
    let mut table = read_file(sources.file.as_deref(), &keys)?;
    let given_by = overlay(&mut table, &sources.environment, &keys)?;
    let has_base_url = table.contains_key("base_url");
    let mut config = Config::deserialize(Value::Table(table))
        .map_err(|error| Error::Senseless(attribute(error.message(), &given_by)))?;
    if !has_base_url {
        config.engine.base_url = BaseUrl::local(config.server.port);
    }
    config.validate().map_err(|problems| {
        let sentences: Vec<String> = problems.iter().map(|it| attribute(&it.to_string(), &given_by)).collect();
        Error::Senseless(sentences.join("; "))
    })?;
    Ok(config)
}

fn read_file(named: Option<&Path>, keys: &Keys) -> Result<Table, Error> {
    let path = named.unwrap_or(Path::new(FILE));
    let file = path.display().to_string();
    let text = match fs::read_to_string(path) {
        Ok(text) => text,
        Err(error) if named.is_none() && error.kind() == ErrorKind::NotFound => return Ok(Table::new()),
        Err(error) => return Err(Error::Unreadable { file, why: error.to_string() }),
    };
    let table: Table = text.parse().map_err(|error: toml::de::Error| {
        let before = error.span().and_then(|span| text.get(..span.start)).unwrap_or_default();
        Error::Syntax { file: file.clone(), line: before.matches('\n').count() + 1, why: error.message().to_owned() }
    })?;
    keys.check(&table, &file)?;
    Ok(table)
}

/// Puts the environment over the file and remembers which variable gave which key.
fn overlay<'a>(
    table: &mut Table,
    environment: &'a BTreeMap<String, String>,
    keys: &Keys,
) -> Result<BTreeMap<String, &'a str>, Error> {
    let named = |(variable, key): &(&str, &str)| {
        let (variable, text) = environment.get_key_value(*variable)?;
        Some((variable, (*key).to_owned(), text))
    };
    let prefixed = environment.iter().filter_map(|(variable, text)| {
        let key = variable.strip_prefix(PREFIX)?.to_ascii_lowercase().replace("__", ".");
        Some((variable, key, text))
    });
    let mut given_by = BTreeMap::new();
    for (variable, key, text) in WELL_KNOWN.iter().filter_map(named).chain(prefixed).chain(named(&ADDING)) {
        let path: Vec<&str> = key.split('.').collect();
        let value = keys.value(&path, variable, text)?;
        put(table, &path, value, variable == ADDING.0);
        given_by.insert(key, variable.as_str());
    }
    Ok(given_by)
}

fn put(table: &mut Table, path: &[&str], value: Value, adds: bool) {
    match path {
        [] => {}
        [key] => match (table.get_mut(*key), value) {
            (Some(Value::Array(old)), Value::Array(new)) if adds => old.extend(new),
            (_, value) => {
                table.insert((*key).to_owned(), value);
            }
        },
        [section, rest @ ..] => {
            let inner = table.entry(*section).or_insert_with(|| Value::Table(Table::new()));
            if let Value::Table(inner) = inner {
                put(inner, rest, value, adds);
            }
        }
    }
}

/// Adds to a sentence that begins with a key the variable that gave it.
fn attribute(sentence: &str, given_by: &BTreeMap<String, &str>) -> String {
    let key_and_rest = sentence.strip_prefix('`').and_then(|rest| rest.split_once('`'));
    match key_and_rest.and_then(|(key, rest)| Some((key, given_by.get(key)?, rest))) {
        Some((key, variable, rest)) => format!("`{key}` (set by {variable}){rest}"),
        None => sentence.to_owned(),
    }
}
