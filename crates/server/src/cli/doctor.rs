//! `countersign doctor`: what a deployment needs, checked one by one.

mod tables;

use std::fmt::Display;

use countersign_engine::config::BaseUrl;
use countersign_engine::db::{Db, Timestamp};
use countersign_engine::{Clock, SystemClock};

use super::console::{Failure, answer};
use super::deployment::{self, Deployment};
use crate::config::{Config, Error, Origin};

/// Milliseconds by which the clocks of a node and its database may differ: the default of `token.leeway`.
const CLOCK_TOLERANCE: u64 = 5_000;

/// What a check found.
type Finding = Result<String, Problem>;

/// What is wrong, and what to do next where that does not say it already.
struct Problem {
    what: String,
    next: Option<&'static str>,
}

fn problem(what: impl Display, next: &'static str) -> Problem {
    Problem { what: what.to_string(), next: Some(next) }
}

pub(super) fn run(deployment: &Deployment, database_url: Option<String>) -> Result<(), Failure> {
    let config = deployment.config_for(database_url)?;
    let mut findings = vec![("secret", secret(&config)), ("address", address(&config.engine.base_url))];
    findings.extend(deployment::wait_for(database(&config))?);
    let problems = findings.iter().filter(|(_, finding)| finding.is_err()).count();
    for (name, finding) in findings {
        match finding {
            Ok(what) => answer(format_args!("ok       {name:<12} {what}"))?,
            Err(Problem { what, next: Some(next) }) => answer(format_args!("problem  {name:<12} {what}; {next}"))?,
            Err(Problem { what, next: None }) => answer(format_args!("problem  {name:<12} {what}"))?,
        }
    }
    match problems {
        0 => Ok(()),
        1 => Err(Failure::refused("1 problem")),
        several => Err(Failure::refused(format_args!("{several} problems"))),
    }
}

fn secret(config: &Config) -> Finding {
    let has_file = config.database.sqlite_file().is_some();
    match config.secrets().map(|found| found.origin) {
        Ok(Origin::Configured) => Ok("configured, and strong".to_owned()),
        Ok(Origin::Kept(file) | Origin::Made(file)) => Ok(format!("kept in {}", file.display())),
        Err(Error::NoSecret) if has_file => {
            Err(problem("none yet", "`countersign migrate` or the first start makes one"))
        }
        Err(error) => Err(Problem { what: error.to_string(), next: None }),
    }
}

fn address(base_url: &BaseUrl) -> Finding {
    if base_url.is_https() || base_url.is_local() {
        return Ok(base_url.to_string());
    }
    Err(problem(
        format_args!("{base_url} carries passwords and tokens in clear"),
        "put TLS in front and set BETTER_AUTH_URL to the https address",
    ))
}

async fn database(config: &Config) -> Result<Vec<(&'static str, Finding)>, Failure> {
    const ABSENT: &str = "`countersign migrate` makes it";
    if let Some(file) = config.database.sqlite_file().filter(|file| !file.exists()) {
        // Looking must not make it.
        return Ok(vec![("database", Err(problem(format_args!("{} does not exist", file.display()), ABSENT)))]);
    }
    Ok(match Db::look(config.database.url.expose(), deployment::options(config)?).await {
        Err(error) => vec![("database", Err(problem(error, "check DATABASE_URL, and that the database is running")))],
        Ok(db) => {
            let mut findings = vec![("database", Ok(format!("{} answers", db.kind())))];
            findings.extend(tables::findings(&db, config).await);
            findings.push(("clock", clock(&db, SystemClock.now()).await));
            db.close().await;
            findings
        }
    })
}

async fn clock(db: &Db, ours: Timestamp) -> Finding {
    let theirs = db.clock().await.map_err(|error| problem(error, "check the rights of the database user"))?;
    let apart = theirs.millis().abs_diff(ours.millis());
    if apart <= CLOCK_TOLERANCE {
        return Ok(format!("{}, as the database has it", ours.to_iso()));
    }
    let what = format!("{} here, {} in the database", ours.to_iso(), theirs.to_iso());
    Err(problem(what, "let both machines follow a time server"))
}
