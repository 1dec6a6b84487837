//! What a command reads and writes, and how it fails.

use std::fmt::{Display, Write as _};
use std::io::{self, ErrorKind, IsTerminal, Read, Write};
use std::process::ExitCode;

use zeroize::Zeroizing;

/// Why a command did not do what was asked, as one sentence that says what to do next.
#[derive(Debug)]
pub(super) enum Failure {
    /// It was refused or failed: exit code 1.
    Refused(String),
    /// The command or the configuration is wrong: exit code 2.
    Misuse(String),
    /// Standard output or input failed.
    Console(io::Error),
}

impl Failure {
    pub(super) fn refused(why: impl Display) -> Self {
        Self::Refused(why.to_string())
    }

    pub(super) fn misuse(why: impl Display) -> Self {
        Self::Misuse(why.to_string())
    }

    /// Says why on standard error. Whoever closed the pipe has read enough: that is no failure.
    pub(super) fn report(self) -> ExitCode {
        let (why, code) = match self {
            Self::Refused(why) => (why, 1),
            Self::Misuse(why) => (why, 2),
            Self::Console(error) if error.kind() == ErrorKind::BrokenPipe => return ExitCode::SUCCESS,
            Self::Console(error) => (error.to_string(), 1),
        };
        note(why);
        ExitCode::from(code)
    }
}

impl From<io::Error> for Failure {
    fn from(error: io::Error) -> Self {
        Self::Console(error)
    }
}

impl From<crate::config::Error> for Failure {
    fn from(error: crate::config::Error) -> Self {
        Self::misuse(error)
    }
}

/// One line of the answer, on standard output.
pub(super) fn answer(line: impl Display) -> io::Result<()> {
    writeln!(io::stdout().lock(), "{line}")
}

/// The answer as it is, on standard output.
pub(super) fn answer_bytes(bytes: &[u8]) -> io::Result<()> {
    let mut stdout = io::stdout().lock();
    stdout.write_all(bytes)?;
    stdout.flush()
}

/// One line beside the answer, on standard error. Where that is closed there is nobody to tell.
pub(super) fn note(line: impl Display) {
    let _ = writeln!(io::stderr().lock(), "countersign: {line}");
}

/// Standard input, at most `limit` bytes, without one trailing newline.
pub(super) fn input(limit: u64) -> io::Result<Zeroizing<Vec<u8>>> {
    let mut bytes = Zeroizing::new(Vec::new());
    io::stdin().lock().take(limit).read_to_end(&mut bytes)?;
    strip_newline(&mut bytes);
    Ok(bytes)
}

/// Asks on the terminal without showing what is typed, twice, so that a slip of the finger is noticed. None where standard
/// input is no terminal.
pub(super) fn ask_secretly(question: &str, again: &str) -> Result<Option<Zeroizing<String>>, Failure> {
    if !io::stdin().is_terminal() {
        return Ok(None);
    }
    let first = Zeroizing::new(rpassword::prompt_password(question)?);
    let second = Zeroizing::new(rpassword::prompt_password(again)?);
    if *first == *second {
        Ok(Some(first))
    } else {
        Err(Failure::refused("the two are not the same; nothing was changed"))
    }
}

/// Takes one newline from the end, as `echo` and editors leave it there.
pub(super) fn strip_newline(bytes: &mut Vec<u8>) {
    if bytes.last() == Some(&b'\n') {
        bytes.pop();
    }
}

/// A text somebody else chose, safe to write to a terminal: control and formatting characters are spelt out.
pub(crate) fn printable(text: &str) -> String {
    let mut safe = String::with_capacity(text.len());
    for c in text.chars() {
        if c.is_control() || matches!(c, '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}') {
            // Writing to a String cannot fail.
            let _ = write!(safe, "{}", c.escape_unicode());
        } else {
            safe.push(c);
        }
    }
    safe
}

/// Rows under their headings, in columns as wide as their widest cell.
pub(super) fn table<const N: usize>(headings: [&str; N], rows: &[[String; N]]) -> String {
    let headings = headings.map(str::to_owned);
    let lines: Vec<&[String; N]> = std::iter::once(&headings).chain(rows).collect();
    let mut widths = [0; N];
    for line in &lines {
        for (width, cell) in widths.iter_mut().zip(line.iter()) {
            *width = cell.chars().count().max(*width);
        }
    }
    let line = |cells: &[String; N]| {
        let padded = cells.iter().zip(widths).map(|(cell, width)| format!("{cell:width$}"));
        padded.collect::<Vec<_>>().join("  ").trim_end().to_owned()
    };
    lines.into_iter().map(line).collect::<Vec<_>>().join("\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_are_as_wide_as_their_widest_cell() {
        let rows = [["é".to_owned(), "x".to_owned()], ["long".to_owned(), String::new()]];
        assert_eq!(table(["A", "B"], &rows), "A     B\né     x\nlong");
    }

    #[test]
    fn a_name_cannot_steer_the_terminal() {
        assert_eq!(printable("Ada\u{1b}[2J\n\u{202e}x"), "Ada\\u{1b}[2J\\u{a}\\u{202e}x");
        assert_eq!(printable("Zoë 🙂"), "Zoë 🙂");
    }

    #[test]
    fn only_one_newline_is_taken_away() {
        let stripped = |text: &str| {
            let mut bytes = text.as_bytes().to_vec();
            strip_newline(&mut bytes);
            String::from_utf8(bytes).unwrap()
        };
        assert_eq!([stripped("a\n"), stripped("a\n\n"), stripped("a\r\n"), stripped("")], ["a", "a\n", "a\r", ""]);
    }
}
