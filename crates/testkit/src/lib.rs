//! What tests share: a fresh database of either kind, and one test body run on both.
//!
//! ```no_run
//! use countersign_testkit::{Place, both_databases};
//!
//! both_databases! {
//!     async fn starts_without_users(place: &Place) {
//!         let db = place.migrated().await;
//!         let users: i64 = db.read().await.unwrap().one("SELECT count(*) FROM {user}", Vec::new()).await.unwrap();
//!         assert_eq!(users, 0);
//!     }
//! }
//! ```
#![expect(clippy::panic, clippy::expect_used, reason = "a test whose ground is missing must fail at once and say why")]

mod place;

pub use place::{NOW, Place, run};
