//! The shape of the engine: one mint, and SQL that can be rendered.

use std::fs;
use std::path::{Path, PathBuf};

use countersign_engine::db::Names;

#[test]
fn only_finish_stores_sessions_and_makes_proofs_into_sessions() {
    for (text, places) in [
        (".insert_session(", &["sign_in/finish.rs"][..]),
        ("rows::insert(&mut tx, session)", &[]),
        ("rows::insert(tx, session)", &["session/actions.rs"]),
        ("SignedIn { caller", &["sign_in/finish.rs"]),
        ("Self { user, method:", &["sign_in/finish.rs"]),
        ("FirstFactor {", &["sign_in/finish.rs"]),
        ("gates::walk(", &["refresh/actions.rs", "session/actions.rs", "sign_in/finish.rs"]),
        ("hooks.before_session(", &["refresh/actions.rs", "sign_in/finish.rs"]),
    ] {
        assert_eq!(files_with(text), places, "{text}");
    }
}

#[test]
fn every_way_in_ends_in_finish() {
    let finished = files_with(".finish(");
    assert_eq!(
        finished,
        ["account/actions.rs", "email/verify.rs", "sign_in/identity.rs", "sign_in/password.rs", "sign_in/sign_up.rs"]
    );
}

#[test]
fn every_statement_renders_under_better_auths_names() {
    let mut rendered = 0;
    for path in sources().into_iter().filter(|path| path.ends_with("rows.rs")) {
        for statement in statements(&fs::read_to_string(&path).unwrap()) {
            let sql = Names::default().render(&statement);
            assert!(sql.is_ok(), "{}: {sql:?}", path.display());
            rendered += 1;
        }
    }
    assert!(rendered >= 24, "only {rendered} statements were found");
}

/// The string literals that begin like SQL, their continued lines joined.
fn statements(source: &str) -> Vec<String> {
    let literals = source.split('"').skip(1).step_by(2);
    let joined = literals.map(|literal| literal.split("\\\n").map(str::trim_start).collect::<String>());
    joined
        .filter(|text| ["SELECT ", "INSERT ", "UPDATE ", "DELETE "].iter().any(|word| text.starts_with(word)))
        .collect()
}

/// The files of the engine in which a text stands, outside comments and unit tests.
fn files_with(text: &str) -> Vec<String> {
    let mut found = Vec::new();
    for path in sources() {
        let source = fs::read_to_string(&path).unwrap();
        let code = source.split("#[cfg(test)]").next().unwrap();
        let mut lines = code.lines().filter(|line| !line.trim_start().starts_with("//"));
        let declares = |line: &str| line.contains("struct ") || line.contains("impl ") || line.contains("fn ");
        if lines.any(|line| line.contains(text) && !declares(line)) {
            found.push(path.strip_prefix(root()).unwrap().display().to_string());
        }
    }
    found.sort();
    found
}

fn sources() -> Vec<PathBuf> {
    let (mut folders, mut files) = (vec![root()], Vec::new());
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() { folders.push(path) } else { files.push(path) }
        }
    }
    files
}

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("src")
}
