//! One SQL text, two databases: the only crate that names the SQL driver.
//!
//! A caller writes a static template once, with `$1` placeholders and logical names in braces, and runs it on SQLite or
//! PostgreSQL. [`Names`] turns logical names into those of the database at hand, [`Value`] decides how times and booleans are
//! coded, and [`Error`] says what went wrong without repeating a single argument.
//!
//! ```
//! # async fn example(db: &countersign_db::Db) -> Result<(), countersign_db::Error> {
//! use countersign_db::{Row, FromRow, args};
//!
//! struct Person { id: String, email: String }
//! impl FromRow for Person {
//!     fn from_row(row: &Row<'_>) -> Result<Self, countersign_db::Error> {
//!         Ok(Self { id: row.text("id")?, email: row.text("email")? })
//!     }
//! }
//!
//! let mut read = db.read().await?;
//! let ada: Option<Person> = read.opt("SELECT {user.*} FROM {user} WHERE {user.email} = $1", args!["ada@example.com"]).await?;
//! # Ok(())
//! # }
//! ```

mod catalog;
mod connect;
mod error;
mod field;
mod listen;
mod migrate;
mod names;
mod row;
mod schema;
#[cfg(feature = "scratch")]
pub mod scratch;
mod statement;
mod suggest;
mod survey;
mod triggers;
mod value;

pub use connect::{Db, Kind, Options};
pub use error::Error;
pub use field::{Additional, Changes, Field, Holds};
pub use listen::Listener;
pub use migrate::{Applied, Missing};
pub use names::{Names, TimeCoding};
pub use row::{FromRow, Row};
pub use statement::{Read, Tx};
pub use survey::{Misfit, Survey, Surveyed};
pub use value::{Timestamp, Value};
