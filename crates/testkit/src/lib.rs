//! What tests share: a fresh database of either kind, one test body run on both, and a whole app under a fake clock.
//!
//! ```no_run
//! # fn main() {}
//! use countersign_contract::session;
//! use countersign_testkit::{TestApp, both_databases};
//!
//! both_databases! {
//!     async fn shows_a_session_to_its_owner(place: &Place) {
//!         let app = TestApp::start(place).await;
//!         let mut ada = app.sign_up("ada").await;
//!         assert_eq!(ada.call::<session::Get>(()).await.json()["user"]["email"], "ada@example.com");
//!         app.clock.advance(8 * 86_400);
//!         assert_eq!(ada.call::<session::Get>(()).await.json(), serde_json::Value::Null);
//!     }
//! }
//! ```
#![expect(clippy::panic, clippy::expect_used, reason = "a test whose ground is missing must fail at once and say why")]

mod app;
mod browser;
pub mod databases;
mod engine;
mod explore;
mod place;
mod world;

pub use app::TestApp;
pub use browser::{Answer, Browser, Sent};
pub use engine::{PASSWORD, SECRET, TestEngine, address, device};
pub use explore::{Model, Property, explore};
pub use place::{NOW, Place, run};
pub use world::{FakeClock, SeededChance};
