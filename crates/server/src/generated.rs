//! Files that are made from the code, committed, and compared by a test (`tests/generated.rs`).

use countersign_contract::openapi;

use crate::config::Config;

/// Every generated file: its path from the root of the repository, and what it must hold.
#[must_use]
pub fn files() -> Vec<(&'static str, String)> {
    vec![
        ("docs/config.schema.json", pretty(Config::schema().as_value())),
        ("docs/openapi.json", pretty(&openapi::document(&Config::default().base_path))),
    ]
}

fn pretty(json: &serde_json::Value) -> String {
    format!("{json:#}\n")
}
