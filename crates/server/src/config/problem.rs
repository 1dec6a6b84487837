//! What can be wrong with a configuration, each as one sentence for the person who wrote it.

/// Why the server does not start. No sentence holds the value of a setting, which might be a secret.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The configuration file cannot be read.
    #[error("{file} cannot be read: {why}")]
    Unreadable {
        /// The file.
        file: String,
        /// What the operating system says.
        why: String,
    },
    /// The configuration file is not TOML.
    #[error("{file} line {line} is not TOML: {why}")]
    Syntax {
        /// The file.
        file: String,
        /// The line, counted from one.
        line: usize,
        /// What the parser says.
        why: String,
    },
    /// A key nobody knows.
    #[error("{given} is not a setting{}", .nearest.as_ref().map(|it| format!("; did you mean {it}?")).unwrap_or_default())]
    Unknown {
        /// The key as it was given, with its place.
        given: String,
        /// The known key that looks most like it, in the same spelling.
        nearest: Option<String>,
    },
    /// A value that cannot be a value of its key.
    #[error("{given} must be {expected}")]
    Unfit {
        /// The key as it was given, with its place.
        given: String,
        /// What would fit.
        expected: String,
    },
    /// A value of the right type that means nothing, or a pair of settings that contradict each other.
    #[error("{0}")]
    Senseless(String),
    /// An environment variable that is no text.
    #[error("{0} is not valid UTF-8")]
    NotText(String),
    /// No secret is configured, and none was kept.
    #[error("BETTER_AUTH_SECRET is not set; `countersign secret` makes a good one")]
    NoSecret,
    /// A database is there, and the secret it was used with is not.
    #[error(
        "{database} exists, but its secret is nowhere; set BETTER_AUTH_SECRET to the one it was used with, or restore \
         {file}"
    )]
    LostSecret {
        /// The database.
        database: String,
        /// Where the secret would have been kept.
        file: String,
    },
    /// The first secret cannot be kept.
    #[error("{file} cannot be written to keep the secret: {why}; set BETTER_AUTH_SECRET instead")]
    Unwritable {
        /// The file.
        file: String,
        /// What the operating system says.
        why: String,
    },
}
