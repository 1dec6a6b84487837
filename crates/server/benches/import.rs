//! What taking users over costs: `countersign import` of a file, beside nothing but the rows.
//!
//! `cargo xtask postgres -- cargo bench -p countersign-server --bench import`; without a PostgreSQL it measures SQLite alone.
//! `USERS` says how many (100,000). Contestants take turns, each on a database of its own, and the median counts.

#![expect(
    clippy::unwrap_used,
    clippy::print_stdout,
    reason = "a benchmark that cannot go on should stop, and prints what it found"
)]

use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, Instant};

use countersign_engine::db::{Db, args};
use countersign_testkit::{NOW, Place, run};

const ROUNDS: usize = 3;
/// Rows in one transaction, as many as the command takes.
const BATCH: usize = 500;
const SECRET: &str = "x9Kd72LmQp4ZtVw8Rb1NcYh6Ug3FsJe5";
const HASH: &str = "$2b$10$N9qo8uLOickgx2ZMRZoMyeIjZAgcfl7p92ldGxad68LJZdL17lhWy";

fn main() {
    if std::env::args().any(|argument| argument == "--test") {
        return;
    }
    let users = std::env::var("USERS").map_or(100_000, |text| text.parse().unwrap());
    let directory = std::env::temp_dir().join(format!("countersign-import-{}", std::process::id()));
    std::fs::create_dir_all(&directory).unwrap();
    let file = write_file(&directory, users);
    println!("{users} users with bcrypt hashes; {ROUNDS} rounds in turns, medians");
    let mut kinds = vec!["SQLite"];
    if std::env::var_os("COUNTERSIGN_TEST_POSTGRES").is_some() {
        kinds.push("PostgreSQL");
    }
    for kind in kinds {
        let [mut import, mut again, mut rows] = [const { Vec::new() }; 3];
        for _ in 0..ROUNDS {
            run(async {
                let place = if kind == "SQLite" { Place::sqlite() } else { Place::postgres().await };
                place.migrated().await.close().await;
                import.push(timed(|| countersign_import(&place, &file)));
                again.push(timed(|| countersign_import(&place, &file)));
                let place = if kind == "SQLite" { Place::sqlite() } else { Place::postgres().await };
                let db = place.migrated().await;
                let begin = Instant::now();
                insert_rows(&db, users).await;
                rows.push(begin.elapsed());
                db.close().await;
            });
        }
        let floor = median(rows);
        for (name, time) in
            [("countersign import", median(import)), ("the same again", median(again)), ("its rows alone", floor)]
        {
            let (seconds, ratio) = (time.as_secs_f64(), time.as_secs_f64() / floor.as_secs_f64());
            println!("{kind:<11} {name:<20} {seconds:>7.1} s {:>9.0} users/s {ratio:>6.2}", users as f64 / seconds);
        }
    }
    std::fs::remove_dir_all(&directory).unwrap();
}

/// JSON lines of our own format.
fn write_file(directory: &Path, users: usize) -> PathBuf {
    let mut lines = String::new();
    for n in 0..users {
        let line = r#""emailVerified":true,"createdAt":"2025-03-04T05:06:07.000Z""#;
        writeln!(
            lines,
            r#"{{"id":"user-{n}","email":"user-{n}@example.com","name":"User {n}",{line},"passwordHash":"{HASH}"}}"#
        )
        .unwrap();
    }
    let file = directory.join("users.jsonl");
    std::fs::write(&file, lines).unwrap();
    file
}

fn countersign_import(place: &Place, file: &Path) {
    let output = Command::new(env!("CARGO_BIN_EXE_countersign"))
        .arg("import")
        .arg(file)
        .env_clear()
        .envs([("BETTER_AUTH_SECRET", SECRET), ("DATABASE_URL", place.url())])
        .current_dir(file.parent().unwrap())
        .output()
        .unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
}

/// User and account of each: what anybody's import writes at least.
async fn insert_rows(db: &Db, users: usize) {
    for batch in (0..users).collect::<Vec<_>>().chunks(BATCH) {
        let mut tx = db.write().await.unwrap();
        for n in batch {
            let (id, email) = (format!("user-{n}"), format!("user-{n}@example.com"));
            tx.run(
                "INSERT INTO {user} ({user.id}, {user.name}, {user.email}, {user.emailVerified}, {user.createdAt}, \
                 {user.updatedAt}) VALUES ($1, $2, $3, $4, $5, $5)",
                args![id.clone(), format!("User {n}"), email, true, NOW],
            )
            .await
            .unwrap();
            tx.run(
                "INSERT INTO {account} ({account.id}, {account.accountId}, {account.providerId}, {account.userId}, \
                 {account.password}, {account.createdAt}, {account.updatedAt}) VALUES ($1, $1, $2, $1, $3, $4, $4)",
                args![id, "credential", HASH, NOW],
            )
            .await
            .unwrap();
        }
        tx.commit().await.unwrap();
    }
}

fn timed(work: impl FnOnce()) -> Duration {
    let begin = Instant::now();
    work();
    begin.elapsed()
}

fn median(mut times: Vec<Duration>) -> Duration {
    times.sort_unstable();
    times.into_iter().nth(ROUNDS / 2).unwrap()
}
