//! `countersign import`: users from elsewhere, with the hashes of their passwords (docs/import.md).
//!
//! ```text
//! file ──> entries ──> newcomers ──> batches ──> engine, one transaction each ──> report
//!      read.rs   its format's file       (a run that is stopped keeps whole batches; run again, it goes on)
//! ```

mod auth0;
mod clerk;
mod countersign;
mod fields;
mod firebase;
mod read;
mod report;
mod supabase;

use std::collections::HashMap;
use std::path::PathBuf;

use clap::{Args, ValueEnum};
use countersign_contract as contract;
use countersign_engine::{Engine, Imported, Newcomer, scheme};
use tokio::sync::mpsc;

use self::fields::Fields;
use self::firebase::HashConfig;
use self::read::{Entry, Reading};
use self::report::Report;
use super::console::Failure;
use super::deployment::{self, Deployment};
use super::user::{NAME_LIMIT, roles};

/// Users in one transaction.
const BATCH: usize = 500;
/// What an id may have at most, in bytes.
const ID_LIMIT: usize = 255;
/// What the address of a picture may have at most, in bytes.
const IMAGE_LIMIT: usize = 2048;

#[derive(Args)]
pub(super) struct Import {
    /// A CSV, JSON or JSON lines file.
    file: PathBuf,
    /// Where the file comes from.
    #[arg(long, value_enum, default_value_t = From::Countersign)]
    from: From,
    /// The password hash parameters of the Firebase project, saved as its console shows them.
    #[arg(long, value_name = "FILE")]
    hash_config: Option<PathBuf>,
    /// What to do with a user whose address another user has.
    #[arg(long, value_enum, default_value_t = OnConflict::Refuse)]
    on_conflict: OnConflict,
    /// Take users whose password hash is of no use without their password, instead of refusing them.
    #[arg(long)]
    drop_unusable_hashes: bool,
    /// Do everything but keep it.
    #[arg(long)]
    dry_run: bool,
    /// Write each refusal and its reason to FILE, as JSON lines.
    #[arg(long, value_name = "FILE")]
    report: Option<PathBuf>,
}

/// Whose file it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum From {
    /// Our own format: CSV, JSON or JSON lines.
    Countersign,
    /// Auth0: the export of password hashes, or a file for its bulk import.
    Auth0,
    /// Clerk: the CSV of its dashboard.
    Clerk,
    /// Supabase: the table auth.users as CSV, JSON or JSON lines.
    Supabase,
    /// Firebase: `firebase auth:export users.json`.
    Firebase,
}

/// What to do with a user whose address another user has.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum OnConflict {
    /// Report it.
    Refuse,
    /// Pass over it.
    Skip,
}

impl Import {
    pub(super) fn run(self, deployment: &Deployment) -> Result<(), Failure> {
        let hash_config = self.hash_config.as_deref().map(HashConfig::read).transpose()?;
        if self.from == From::Firebase && hash_config.is_none() && !self.drop_unusable_hashes {
            return Err(Failure::misuse(
                "passwords of Firebase need the project's parameters; save what its console shows under Authentication, \
                 Users, Password hash parameters, and name the file with --hash-config",
            ));
        }
        let reading = Reading::open(&self.file)?;
        let report = Report::new(self.report.as_deref(), reading.progress())?;
        let config = deployment.config()?;
        deployment::wait_for(async {
            let engine = deployment::engine(&config).await?;
            let done = self.run_on(&engine, reading, report, hash_config).await;
            engine.database().close().await;
            done
        })
    }

    async fn run_on(
        self,
        engine: &Engine,
        reading: Reading,
        mut report: Report,
        hash_config: Option<HashConfig>,
    ) -> Result<(), Failure> {
        let (send, mut entries) = mpsc::channel(2 * BATCH);
        let from = self.from;
        // Reading waits where the database is slower, so that a file of any size takes little memory.
        let read =
            tokio::task::spawn_blocking(move || reading.run(from, &mut |entry| send.blocking_send(entry).is_ok()));
        let mut seen = HashMap::new();
        let mut batch = Vec::with_capacity(BATCH);
        while let Some(Entry { place, fields }) = entries.recv().await {
            let judged = fields.and_then(|fields| self.newcomer(&fields, hash_config.as_ref()));
            match judged.and_then(|newcomer| first_of_its_address(newcomer, place, &mut seen)) {
                Ok(newcomer) => batch.push((place, newcomer)),
                Err(why) => report.refused(place, "", &why)?,
            }
            if batch.len() == BATCH {
                self.store(engine, &mut batch, &mut report).await?;
            }
        }
        self.store(engine, &mut batch, &mut report).await?;
        let read = read.await.map_err(Failure::refused)?;
        report.finish(self.dry_run)?;
        read?;
        report.verdict()
    }

    async fn store(
        &self,
        engine: &Engine,
        batch: &mut Vec<(u64, Newcomer)>,
        report: &mut Report,
    ) -> Result<(), Failure> {
        let (places, newcomers): (Vec<u64>, Vec<Newcomer>) = batch.drain(..).unzip();
        let outcomes = engine.import(&newcomers, self.dry_run).await.map_err(|error| report.interrupted(&error))?;
        for ((place, newcomer), outcome) in places.into_iter().zip(&newcomers).zip(outcomes) {
            match (outcome, self.on_conflict) {
                (Imported::Added, _) => report.added += 1,
                (Imported::Stands, _) => report.stand += 1,
                (Imported::AddressTaken, OnConflict::Skip) => report.skipped += 1,
                (Imported::AddressTaken, OnConflict::Refuse) => {
                    report.refused(place, &newcomer.email, "another user has this address")?;
                }
                (Imported::IdTaken, _) => report.refused(place, &newcomer.email, "another user has this id")?,
            }
        }
        report.progress();
        Ok(())
    }

    /// What an entry says, in the words of its format, and checked.
    fn newcomer(&self, fields: &Fields, hash_config: Option<&HashConfig>) -> Result<Newcomer, String> {
        let newcomer = match self.from {
            From::Countersign => countersign::newcomer(fields),
            From::Auth0 => auth0::newcomer(fields),
            From::Clerk => clerk::newcomer(fields),
            From::Supabase => supabase::newcomer(fields),
            From::Firebase => firebase::newcomer(fields, hash_config),
        };
        checked(newcomer?, self.drop_unusable_hashes)
    }
}

/// A newcomer as the engine takes one.
fn checked(mut newcomer: Newcomer, drop_unusable: bool) -> Result<Newcomer, String> {
    if newcomer.email.is_empty() {
        return Err("there is no e-mail address".to_owned());
    }
    if !contract::is_address(&newcomer.email) {
        return Err("the e-mail address is none that can sign in here".to_owned());
    }
    let bounded = |text: &str, limit: usize| text.len() <= limit && !text.contains('\0');
    let id = newcomer.id.as_deref();
    if id.is_some_and(|id| id.is_empty() || !bounded(id, ID_LIMIT) || id.chars().any(char::is_control)) {
        return Err(format!("the id must have 1 to {ID_LIMIT} bytes, none of them a control character"));
    }
    if !bounded(&newcomer.name, NAME_LIMIT) {
        return Err(format!("the name must have at most {NAME_LIMIT} bytes, none of them NUL"));
    }
    if newcomer.image.as_deref().is_some_and(|image| !bounded(image, IMAGE_LIMIT)) {
        return Err(format!("the picture's address must have at most {IMAGE_LIMIT} bytes, none of them NUL"));
    }
    if newcomer.role.as_deref().is_some_and(|role| roles(role).is_err()) {
        return Err("the role is none: letters, digits, '-', '_', ':' and '.', several joined by commas".to_owned());
    }
    if let Some(hash) = &newcomer.hash
        && let Err(why) = scheme::recognise(hash)
    {
        if !drop_unusable {
            let scheme = hash.strip_prefix("unknown:");
            return Err(scheme.map_or_else(|| why.to_string(), |scheme| format!("{why}: {scheme}")));
        }
        newcomer.hash = None;
    }
    Ok(newcomer)
}

/// What stands for a hash of a scheme that its export names and nothing here knows, so that the refusal can name it too.
fn unknown(scheme: &str) -> String {
    format!("unknown:{scheme}")
}

/// An address that is in the file twice is refused the second time, wherever the batches begin.
fn first_of_its_address(newcomer: Newcomer, place: u64, seen: &mut HashMap<String, u64>) -> Result<Newcomer, String> {
    match seen.insert(newcomer.email.to_lowercase(), place) {
        None => Ok(newcomer),
        Some(first) => {
            seen.insert(newcomer.email.to_lowercase(), first);
            Err(format!("the same address is at {first} already"))
        }
    }
}
