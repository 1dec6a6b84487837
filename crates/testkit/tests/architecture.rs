//! The house keeps its shape: which crate may know which, where SQL and clocks may stand, and that the map is true.
#![expect(clippy::unwrap_used, reason = "a test says what must be there")]

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::fs;
use std::path::{Path, PathBuf};

use cargo_metadata::{DependencyKind, Metadata, MetadataCommand, PackageId};

/// For each crate of the house, the crates of the house it may build upon. Dev-dependencies are free.
const ARROWS: &[(&str, &[&str])] = &[
    ("countersign-token", &[]),
    ("countersign-contract", &[]),
    ("countersign-db", &[]),
    ("countersign-guard", &["countersign-token"]),
    ("countersign-engine", &["countersign-db", "countersign-token"]),
    ("countersign-server", &["countersign-contract", "countersign-engine", "countersign-guard", "countersign-token"]),
    ("countersign-tasks", &["countersign-engine", "countersign-guard", "countersign-server"]),
    ("countersign-remote", &["countersign-guard", "countersign-token"]),
    ("xtask", &[]),
];

/// For each crate, what it may not even reach through others.
const NEVER_REACHED: &[(&str, &[&str])] = &[
    ("countersign-token", &["tokio", "axum", "hyper", "sqlx"]),
    ("countersign-contract", &["axum", "http", "sqlx", "tokio"]),
    ("countersign-engine", &["axum", "hyper", "tower-http"]),
    ("countersign-guard", &["sqlx"]),
    ("countersign-db", &["axum", "http", "hyper"]),
];

/// For each outside crate, the only crates of the house that may name it.
const NAMED_ONLY_BY: &[(&str, &[&str])] = &[
    ("sqlx", &["countersign-db", "countersign-tasks"]),
    ("http", &["countersign-guard", "countersign-server", "countersign-tasks", "countersign-testkit"]),
    (
        "axum",
        &["countersign-guard", "countersign-remote", "countersign-server", "countersign-tasks", "countersign-testkit"],
    ),
];

/// Crates that are there for tests and for the project itself, not for the product.
const BESIDE_THE_HOUSE: [&str; 2] = ["countersign-testkit", "xtask"];

#[test]
fn every_arrow_between_crates_is_allowed() {
    let metadata = metadata();
    let house = house(&metadata);
    for package in metadata.workspace_packages() {
        let upon = package
            .dependencies
            .iter()
            .filter(|dependency| dependency.kind == DependencyKind::Normal && house.contains(dependency.name.as_str()))
            .map(|dependency| dependency.name.as_str())
            .collect::<BTreeSet<_>>();
        let name = package.name.as_str();
        match ARROWS.iter().find(|(from, _)| *from == name) {
            Some((_, allowed)) => {
                let strays = upon.iter().filter(|to| !allowed.contains(to)).collect::<Vec<_>>();
                assert!(strays.is_empty(), "{name} may not build upon {strays:?}");
            }
            None => assert!(BESIDE_THE_HOUSE.contains(&name), "{name} has no line in ARROWS"),
        }
    }
}

#[test]
fn no_crate_reaches_what_it_may_never_know() {
    let metadata = metadata();
    for (name, forbidden) in NEVER_REACHED {
        let reached = reached(&metadata, name);
        let found = forbidden.iter().filter(|outside| reached.contains(**outside)).collect::<Vec<_>>();
        assert!(found.is_empty(), "{name} reaches {found:?}");
    }
}

#[test]
fn only_the_rooms_meant_for_it_name_a_library() {
    let metadata = metadata();
    for (outside, allowed) in NAMED_ONLY_BY {
        for package in metadata.workspace_packages() {
            let names = package
                .dependencies
                .iter()
                .any(|dependency| dependency.name == *outside && dependency.kind == DependencyKind::Normal);
            assert!(!names || allowed.contains(&package.name.as_str()), "{} names {outside}", package.name);
        }
    }
}

#[test]
fn sql_stands_only_in_rows_and_migrations() {
    let begins = ["SELECT ", "INSERT INTO ", "UPDATE {", "DELETE FROM ", "WITH {"];
    let strays = offending_lines(&["engine", "server"], &["rows.rs"], |line| {
        begins.iter().any(|begin| line.starts_with(begin) || line.contains(&format!("\"{begin}")))
    });
    assert!(strays.is_empty(), "SQL outside rows.rs:\n{}", strays.join("\n"));
}

#[test]
fn the_clock_is_read_only_in_clock_rs() {
    let rooms = ["token", "contract", "db", "guard", "engine", "server"];
    let strays = offending_lines(&rooms, &["clock.rs"], |line| line.contains("::now()"));
    assert!(strays.is_empty(), "the clock is read outside clock.rs:\n{}", strays.join("\n"));
}

#[test]
fn no_file_has_a_name_that_says_nothing() {
    let nothing = ["util", "utils", "common", "helper", "helpers", "misc", "manager", "shared"];
    let found = sources().into_iter().filter(|path| {
        let inside = path.strip_prefix(root()).unwrap();
        inside.components().any(|part| {
            let name = part.as_os_str().to_string_lossy();
            nothing.contains(&name.trim_end_matches(".rs"))
        })
    });
    assert_eq!(found.collect::<Vec<_>>(), Vec::<PathBuf>::new());
}

#[test]
fn no_file_is_longer_than_600_lines_without_its_tests() {
    let long = sources().into_iter().filter_map(|path| {
        let text = fs::read_to_string(&path).unwrap();
        let lines = text.lines().take_while(|line| *line != "#[cfg(test)]").count();
        (lines > 600).then(|| format!("{}: {lines} lines", path.display()))
    });
    assert_eq!(long.collect::<Vec<_>>(), Vec::<String>::new());
}

#[test]
fn the_map_is_short_names_every_crate_and_every_path_in_it_exists() {
    let map = fs::read_to_string(root().join("ARCHITECTURE.md")).unwrap();
    assert!(map.lines().count() <= 200, "ARCHITECTURE.md has {} lines", map.lines().count());
    for package in metadata().workspace_packages() {
        let folder = package.manifest_path.parent().unwrap().strip_prefix(root()).unwrap().as_str().to_owned();
        assert!(map.contains(&folder), "ARCHITECTURE.md does not name {folder}");
    }
    let gone = paths_in(&map).into_iter().filter(|path| !root().join(path).exists()).collect::<Vec<_>>();
    assert!(gone.is_empty(), "ARCHITECTURE.md names what does not exist: {gone:?}");
}

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).ancestors().nth(2).unwrap().to_owned()
}

fn metadata() -> Metadata {
    let manifest = root().join("Cargo.toml");
    MetadataCommand::new().manifest_path(manifest).other_options(["--locked".to_owned()]).exec().unwrap()
}

fn house(metadata: &Metadata) -> BTreeSet<String> {
    metadata.workspace_packages().iter().map(|package| package.name.to_string()).collect()
}

/// The names of all packages a crate is built from, over normal dependencies alone.
fn reached(metadata: &Metadata, name: &str) -> BTreeSet<String> {
    let resolve = metadata.resolve.as_ref().unwrap();
    let nodes = resolve.nodes.iter().map(|node| (&node.id, node)).collect::<BTreeMap<_, _>>();
    let start = metadata.workspace_packages().into_iter().find(|package| package.name.as_str() == name).unwrap();
    let mut seen = BTreeSet::<&PackageId>::new();
    let mut queue = VecDeque::from([&start.id]);
    while let Some(id) = queue.pop_front() {
        if seen.insert(id) {
            let node = nodes.get(id).unwrap();
            let normal = |kinds: &[cargo_metadata::DepKindInfo]| kinds.iter().any(|k| k.kind == DependencyKind::Normal);
            queue.extend(node.deps.iter().filter(|dep| normal(&dep.dep_kinds)).map(|dep| &dep.pkg));
        }
    }
    seen.into_iter().map(|id| metadata[id].name.to_string()).collect()
}

/// Every Rust source file of the product.
fn sources() -> Vec<PathBuf> {
    let crates = fs::read_dir(root().join("crates")).unwrap().map(|entry| entry.unwrap().path());
    let mut folders = crates.chain([root().join("xtask"), root().join("examples/tasks")]).collect::<Vec<_>>();
    let mut files = Vec::new();
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|extension| extension == "rs") {
                files.push(path);
            }
        }
    }
    assert!(files.len() > 20, "the sources were not found");
    files
}

/// Lines of code, comments aside, in the `src` of some crates, except in files of certain names.
fn offending_lines(crates: &[&str], except: &[&str], offends: impl Fn(&str) -> bool) -> Vec<String> {
    let folders = crates.iter().map(|name| root().join("crates").join(name).join("src")).collect::<Vec<_>>();
    let inside = |path: &PathBuf| folders.iter().any(|folder| path.starts_with(folder));
    let meant = |path: &PathBuf| except.iter().any(|name| path.ends_with(name));
    let mut found = Vec::new();
    for path in sources().into_iter().filter(|path| inside(path) && !meant(path)) {
        for (number, line) in fs::read_to_string(&path).unwrap().lines().enumerate() {
            let line = line.trim_start();
            if !line.starts_with("//") && offends(line) {
                found.push(format!("{}:{}: {line}", path.display(), number + 1));
            }
        }
    }
    found
}

/// The words of a text that are meant as paths of this repository: they begin with one of its folders, or are a file's name
/// between backticks.
fn paths_in(text: &str) -> BTreeSet<String> {
    let folders =
        ["crates/", "clients/", "conformance/", "examples/", "docs/", "xtask/", "benches/", "fuzz/", ".ci/", ".cargo/"];
    let words = text.split(|c: char| c.is_whitespace() || "`()[]|,;\"".contains(c));
    let in_folders = words.filter(|word| folders.iter().any(|folder| word.starts_with(folder)));
    let quoted = text.split('`').skip(1).step_by(2).filter(|word| {
        let is_word = !word.contains([' ', '*', '<', ':']) && !word.starts_with('.');
        is_word && [".md", ".toml"].iter().any(|end| word.ends_with(end))
    });
    let clean = |word: &str| word.split("::").next().unwrap_or(word).trim_end_matches(['.', ':', '/']).to_owned();
    in_folders.chain(quoted).map(clean).collect()
}
