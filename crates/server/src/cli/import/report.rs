//! What an import says while it runs and when it is done.

use std::fs::File;
use std::io::{self, BufWriter, IsTerminal, Write};
use std::path::Path;

use countersign_engine::db::Timestamp;
use countersign_engine::{Clock, SystemClock};
use serde_json::json;

use super::super::console::{Failure, answer, note, printable};
use super::read::Progress;

/// Refusals said on the terminal; the others are in the report.
const SHOWN: u64 = 20;
/// How often progress is said: on a terminal, whose line is written over, and elsewhere.
const TERMINAL_MS: i64 = 200;
const ELSEWHERE_MS: i64 = 10_000;

/// Counts, and where refusals go.
pub(super) struct Report {
    pub(super) added: u64,
    pub(super) stand: u64,
    pub(super) skipped: u64,
    refused: u64,
    file: Option<BufWriter<File>>,
    progress: Progress,
    begun: Timestamp,
    said: Timestamp,
    on_terminal: bool,
}

impl Report {
    pub(super) fn new(file: Option<&Path>, progress: Progress) -> Result<Self, Failure> {
        let unwritable = |file: &Path, error| Failure::Misuse(format!("{} cannot be written: {error}", file.display()));
        let file = file.map(|file| File::create(file).map_err(|error| unwritable(file, error))).transpose()?;
        let now = SystemClock.now();
        Ok(Self {
            added: 0,
            stand: 0,
            skipped: 0,
            refused: 0,
            file: file.map(BufWriter::new),
            progress,
            begun: now,
            said: now,
            on_terminal: io::stderr().is_terminal(),
        })
    }

    /// Says who was refused and why: a place in the file, the address if there is one, a reason.
    pub(super) fn refused(&mut self, place: u64, email: &str, why: &str) -> Result<(), Failure> {
        self.refused += 1;
        if let Some(file) = &mut self.file {
            writeln!(file, "{}", json!({ "at": place, "email": email, "reason": why }))?;
        }
        if self.refused <= SHOWN {
            self.wipe();
            let whom = if email.is_empty() { String::new() } else { format!(" ({})", printable(email)) };
            note(format_args!("refused at {place}{whom}: {}", printable(why)));
        }
        Ok(())
    }

    /// Says how far it is, now and then.
    pub(super) fn progress(&mut self) {
        let now = SystemClock.now();
        let pause = if self.on_terminal { TERMINAL_MS } else { ELSEWHERE_MS };
        if now.millis() - self.said.millis() < pause {
            return;
        }
        self.said = now;
        let line = format!("{:>3} %  {}", self.progress.percent(), self.counts());
        if self.on_terminal {
            // Without a newline: the next one is written over it.
            let _ = write!(io::stderr().lock(), "\r\u{1b}[2K{line}");
        } else {
            note(line);
        }
    }

    /// The database failed in the middle.
    pub(super) fn interrupted(&self, error: &countersign_engine::Error) -> Failure {
        self.wipe();
        Failure::Refused(format!("{error}; {} so far, which stand: run it again to go on", self.counts()))
    }

    /// The sum, on standard output.
    pub(super) fn finish(&mut self, dry_run: bool) -> Result<(), Failure> {
        self.wipe();
        if let Some(file) = &mut self.file {
            file.flush()?;
        }
        if self.refused > SHOWN && self.file.is_none() {
            note(format_args!("{} more were refused; --report FILE says each", self.refused - SHOWN));
        }
        let seconds = (SystemClock.now().millis() - self.begun.millis()).max(0) as f64 / 1000.0;
        let kept = if dry_run { "; nothing was kept" } else { "" };
        answer(format_args!("{} in {seconds:.1} s{kept}", self.counts()))?;
        Ok(())
    }

    /// Exit code 1 where somebody was refused.
    pub(super) fn verdict(&self) -> Result<(), Failure> {
        match self.refused {
            0 => Ok(()),
            1 => Err(Failure::refused("1 entry was refused")),
            refused => Err(Failure::Refused(format!("{refused} entries were refused"))),
        }
    }

    fn counts(&self) -> String {
        let Self { added, stand, skipped, refused, .. } = self;
        let skipped = if *skipped > 0 { format!(", {skipped} skipped") } else { String::new() };
        format!("{added} added, {stand} there already{skipped}, {refused} refused")
    }

    fn wipe(&self) {
        if self.on_terminal {
            let _ = write!(io::stderr().lock(), "\r\u{1b}[2K");
        }
    }
}
