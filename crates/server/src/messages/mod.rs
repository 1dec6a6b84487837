//! What pages and mails say, in the languages this server speaks.
//!
//! ```text
//! messages/en.toml ──┐
//! messages/de.toml ──┼── one's own files over them ──> Languages ──Accept-Language──> Messages ──> pages, mails
//! messages/fr.toml ──┘        (pages.messages)
//! ```
//!
//! A catalogue is a type: a text that a page asks for and no catalogue has does not compile, one that nobody asks for is
//! a warning, and one that a file lacks or gets wrong is found when the file is read.

mod catalogue;
mod language;
mod list;

pub(crate) use self::catalogue::{Language, Languages};
pub(crate) use self::list::{Agents, Dates, Durations, Messages};
