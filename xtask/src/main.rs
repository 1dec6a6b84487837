//! What the project does to itself.
//!
//! ```text
//! cargo xtask test [--only STEP]...     install what is missing, then check everything (or some steps)
//! cargo xtask postgres -- COMMAND...    run a command beside a PostgreSQL of its own
//! cargo xtask generate [--check]        write the generated files, or only compare them
//! ```
#![expect(clippy::print_stdout, clippy::print_stderr, reason = "a tool for the terminal")]

mod install;
mod postgres;
mod steps;

use std::path::PathBuf;
use std::process::{Command, ExitCode};
use std::sync::mpsc::{self, RecvTimeoutError};
use std::thread;
use std::time::Duration;

const USAGE: &str = "usage:
  cargo xtask test [--only STEP]...     install what is missing, then check everything (or some steps)
  cargo xtask postgres -- COMMAND...    run a command with COUNTERSIGN_TEST_POSTGRES set
  cargo xtask generate [--check]        write the generated files, or only compare them";

fn main() -> ExitCode {
    let arguments = std::env::args().skip(1).collect::<Vec<_>>();
    let result = match arguments.split_first() {
        Some((command, rest)) if command == "test" => test(rest),
        Some((command, rest)) if command == "postgres" => beside_postgres(rest),
        Some((command, rest)) if command == "generate" => generate(rest),
        _ => Err(USAGE.to_owned()),
    };
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(why) => {
            eprintln!("{why}");
            ExitCode::FAILURE
        }
    }
}

fn test(arguments: &[String]) -> Result<(), String> {
    let mut only = Vec::new();
    let mut rest = arguments.iter();
    while let Some(argument) = rest.next() {
        match (argument.as_str(), rest.next()) {
            ("--only", Some(step)) => only.push(step.as_str()),
            _ => return Err(format!("{USAGE}\nsteps: {}", steps::names())),
        }
    }
    let steps = steps::chosen(&only)?;
    install::missing(&steps)?;
    steps::run_all(&steps)
}

fn beside_postgres(arguments: &[String]) -> Result<(), String> {
    let arguments = arguments.strip_prefix(&["--".to_owned()]).unwrap_or(arguments);
    let (program, rest) = arguments.split_first().ok_or(USAGE)?;
    let server = postgres::Server::start()?;
    run(Command::new(program).args(rest).env(postgres::VARIABLE, server.url()))
}

fn generate(arguments: &[String]) -> Result<(), String> {
    match arguments {
        [] => steps::generate(false),
        [check] if check == "--check" => steps::generate(true),
        _ => Err(USAGE.to_owned()),
    }
}

/// The root of the repository.
fn root() -> PathBuf {
    let xtask = PathBuf::from(env!("CARGO_MANIFEST_DIR"));
    xtask.parent().map_or_else(|| xtask.clone(), PathBuf::from)
}

/// The longest one command may take. What hangs is a fault, and shall not keep the other steps from being run.
const PATIENCE: Duration = Duration::from_secs(45 * 60);

/// Runs a command to its end; what it prints goes where our own output goes.
fn run(command: &mut Command) -> Result<(), String> {
    run_within(PATIENCE, command)
}

fn run_within(patience: Duration, command: &mut Command) -> Result<(), String> {
    let shown = std::iter::once(command.get_program()).chain(command.get_args());
    let shown = shown.map(|word| word.to_string_lossy()).collect::<Vec<_>>().join(" ");
    println!("$ {shown}");
    let mut child = command.spawn().map_err(|error| format!("`{shown}` could not be started: {error}"))?;
    let id = child.id();
    let (ended, end) = mpsc::channel::<()>();
    let watch = thread::spawn(move || is_cut_short(id, patience, &end));
    let status = child.wait();
    drop(ended);
    let cut_short = watch.join().unwrap_or(false);
    match status {
        _ if cut_short => Err(format!("`{shown}` was ended: it took longer than {} s", patience.as_secs())),
        Ok(status) if status.success() => Ok(()),
        Ok(status) => Err(format!("`{shown}` failed ({status})")),
        Err(error) => Err(format!("`{shown}` was lost: {error}")),
    }
}

/// Ends the process if it has not ended within `patience`: first so that it can end what it started, then for good.
fn is_cut_short(process: u32, patience: Duration, end: &mpsc::Receiver<()>) -> bool {
    let outlives = |time| end.recv_timeout(time) == Err(RecvTimeoutError::Timeout);
    let signal = |name: &str| drop(Command::new("kill").args([name, process.to_string().as_str()]).status());
    if !outlives(patience) {
        return false;
    }
    signal("-TERM");
    if outlives(Duration::from_secs(10)) {
        signal("-KILL");
    }
    true
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ends_a_command_that_hangs() {
        let why = run_within(Duration::from_millis(50), Command::new("sleep").arg("600")).unwrap_err();
        assert_eq!(why, "`sleep 600` was ended: it took longer than 0 s");
        assert_eq!(run_within(Duration::from_secs(60), &mut Command::new("true")), Ok(()));
        assert!(run_within(Duration::from_secs(60), &mut Command::new("false")).unwrap_err().contains("failed"));
    }
}
