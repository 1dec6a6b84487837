//! Reading a file entry by entry: CSV, JSON lines, a JSON array, or an object that holds one as `users`.

use std::fmt;
use std::fs::File;
use std::io::{self, BufRead, BufReader, Read};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use serde::de::{DeserializeSeed, Deserializer, Error as _, IgnoredAny, MapAccess, SeqAccess, Visitor};
use serde_json::{Map, Value};

use super::super::console::Failure;
use super::fields::Fields;
use super::{From, clerk, countersign, supabase};

/// The longest line of a file of JSON lines, in bytes.
const LINE_LIMIT: u64 = 1024 * 1024;

/// One entry: its line (in a JSON array: its number), and what it says or why it says nothing.
pub(super) struct Entry {
    pub(super) place: u64,
    pub(super) fields: Result<Fields, String>,
}

/// A file that is being read.
pub(super) struct Reading {
    name: PathBuf,
    source: BufReader<Counted>,
    progress: Progress,
}

/// How much of a file has been read.
#[derive(Clone)]
pub(super) struct Progress {
    read: Arc<AtomicU64>,
    total: u64,
}

impl Progress {
    /// In hundredths.
    pub(super) fn percent(&self) -> u64 {
        (self.read.load(Ordering::Relaxed) * 100).checked_div(self.total).unwrap_or(100)
    }
}

/// Takes an entry; false when nobody wants another.
type Take<'t> = &'t mut dyn FnMut(Entry) -> bool;

impl Reading {
    pub(super) fn open(name: &Path) -> Result<Self, Failure> {
        let unreadable = |error: io::Error| Failure::Misuse(format!("{} cannot be read: {error}", name.display()));
        let file = File::open(name).map_err(unreadable)?;
        let total = file.metadata().map_err(unreadable)?.len();
        let progress = Progress { read: Arc::default(), total };
        let source = BufReader::new(Counted { file, read: Arc::clone(&progress.read) });
        Ok(Self { name: name.to_owned(), source, progress })
    }

    pub(super) fn progress(&self) -> Progress {
        self.progress.clone()
    }

    /// Hands over every entry.
    pub(super) fn run(mut self, from: From, take: Take<'_>) -> Result<(), Failure> {
        let first = self.first_character().map_err(|error| self.broken(&error))?;
        match first {
            None => Ok(()),
            Some(b'[') => self.document(take),
            Some(b'{') if from == From::Firebase => self.document(take),
            Some(b'{') => self.lines(take),
            Some(_) => self.csv(from, take),
        }
    }

    /// What the file begins with, after a byte order mark and white space, which are passed over. (Lines are counted from there.)
    fn first_character(&mut self) -> io::Result<Option<u8>> {
        if self.source.fill_buf()?.starts_with(b"\xef\xbb\xbf") {
            self.source.consume(3);
        }
        loop {
            let Some(first) = self.source.fill_buf()?.first().copied() else { return Ok(None) };
            if !first.is_ascii_whitespace() {
                return Ok(Some(first));
            }
            self.source.consume(1);
        }
    }

    fn csv(self, from: From, take: Take<'_>) -> Result<(), Failure> {
        let name = self.name.clone();
        let broken = |error: csv::Error| Failure::Refused(format!("{} is no CSV: {error}", name.display()));
        let mut reader = csv::Reader::from_reader(self.source);
        let columns: Vec<String> =
            reader.headers().map_err(broken)?.iter().map(|name| name.trim().to_owned()).collect();
        check_columns(from, &columns)?;
        let mut record = csv::StringRecord::new();
        loop {
            let place = reader.position().line();
            let fields = match reader.read_record(&mut record) {
                Ok(false) => return Ok(()),
                Ok(true) => {
                    let cells = record.iter().map(|cell| Value::String(cell.to_owned()));
                    Ok(columns.iter().cloned().zip(cells).collect::<Map<String, Value>>().into())
                }
                Err(error) => match error.kind() {
                    csv::ErrorKind::UnequalLengths { .. } => {
                        Err("the line has not as many fields as the first".to_owned())
                    }
                    csv::ErrorKind::Utf8 { .. } => Err("the line is not valid UTF-8".to_owned()),
                    _ => return Err(broken(error)),
                },
            };
            if !take(Entry { place, fields }) {
                return Ok(());
            }
        }
    }

    fn lines(mut self, take: Take<'_>) -> Result<(), Failure> {
        let mut line = Vec::new();
        for place in 1.. {
            line.clear();
            let read = (&mut self.source).take(LINE_LIMIT).read_until(b'\n', &mut line);
            let read = read.map_err(|error| self.broken(&error))?;
            if read == 0 {
                break;
            }
            if read as u64 == LINE_LIMIT && !line.ends_with(b"\n") {
                return Err(Failure::Refused(format!("line {place} has more than {LINE_LIMIT} bytes")));
            }
            if line.trim_ascii().is_empty() {
                continue;
            }
            let fields = serde_json::from_slice::<Map<String, Value>>(&line).map(Fields::from);
            let fields = fields.map_err(|error| format!("the line is no JSON object (column {})", error.column()));
            if !take(Entry { place, fields }) {
                break;
            }
        }
        Ok(())
    }

    fn document(self, take: Take<'_>) -> Result<(), Failure> {
        let mut wanted = true;
        let mut take = |entry| {
            wanted = take(entry);
            wanted
        };
        let mut json = serde_json::Deserializer::from_reader(self.source);
        match Users(&mut take).deserialize(&mut json).and_then(|()| json.end()) {
            Err(error) if wanted => Err(Failure::Refused(format!(
                "{} is not the JSON it should be at line {}, column {}",
                self.name.display(),
                error.line(),
                error.column()
            ))),
            _ => Ok(()),
        }
    }

    fn broken(&self, error: &io::Error) -> Failure {
        Failure::Refused(format!("{} cannot be read further: {error}", self.name.display()))
    }
}

/// A misspelt or missing column is found before anything is stored.
fn check_columns(from: From, columns: &[String]) -> Result<(), Failure> {
    let demanded = match from {
        From::Countersign => {
            if let Some(unknown) = columns.iter().find(|name| !countersign::FIELDS.contains(&name.as_str())) {
                let known = countersign::FIELDS.join(", ");
                return Err(Failure::Misuse(format!("the column `{unknown}` is not known; there are {known}")));
            }
            countersign::ADDRESS
        }
        From::Clerk => clerk::ADDRESS,
        From::Supabase => supabase::ADDRESS,
        From::Auth0 | From::Firebase => {
            return Err(Failure::misuse("the file is CSV; this export is taken as JSON (docs/import.md)"));
        }
    };
    if columns.iter().any(|name| name == demanded) {
        return Ok(());
    }
    Err(Failure::Misuse(format!("the file has no column `{demanded}`; is --from right?")))
}

/// A file that says how much of it was read.
struct Counted {
    file: File,
    read: Arc<AtomicU64>,
}

impl Read for Counted {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let count = self.file.read(buffer)?;
        self.read.fetch_add(count as u64, Ordering::Relaxed);
        Ok(count)
    }
}

/// An array of users, or an object that holds one, taken element by element.
struct Users<'t>(&'t mut dyn FnMut(Entry) -> bool);

impl<'de> DeserializeSeed<'de> for Users<'_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Users<'_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an array of users")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut users: A) -> Result<(), A::Error> {
        let mut place = 0;
        while let Some(user) = users.next_element::<Value>()? {
            place += 1;
            let fields = match user {
                Value::Object(members) => Ok(Fields::from(members)),
                _ => Err("the entry is no JSON object".to_owned()),
            };
            if !(self.0)(Entry { place, fields }) {
                return Err(A::Error::custom("nobody wants more"));
            }
        }
        Ok(())
    }

    fn visit_map<A: MapAccess<'de>>(self, mut members: A) -> Result<(), A::Error> {
        while let Some(name) = members.next_key::<String>()? {
            if name == "users" {
                members.next_value_seed(Users(&mut *self.0))?;
            } else {
                members.next_value::<IgnoredAny>()?;
            }
        }
        Ok(())
    }
}
