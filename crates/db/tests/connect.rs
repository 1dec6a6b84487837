//! Opening, asking, closing.
#![expect(clippy::unwrap_used, reason = "a test says what must be there")]

use std::time::Duration;

use countersign_db::{Db, Error, Kind, Options};
use countersign_testkit::{Place, both_databases};

/// Why it is not opened. Nothing here waits out the patience: it is for a machine that has other work.
async fn refusal(url: &str) -> Error {
    let options = Options { patience: Duration::from_secs(20), ..Options::default() };
    Db::connect(url, options).await.map(drop).unwrap_err()
}

both_databases! {
    async fn answers_a_ping_until_it_is_closed(place: &Place) {
        let db = place.open().await;
        assert_eq!(db.kind(), place.kind());
        assert_eq!(db.ping().await, Ok(()));
        db.close().await;
        assert!(matches!(db.ping().await, Err(Error::Unreachable(_))));
        assert!(matches!(db.write().await.map(drop), Err(Error::Unreachable(_))));
    }

    async fn tells_the_time_of_the_database(place: &Place) {
        let db = place.open().await;
        let (first, second) = (db.clock().await.unwrap(), db.clock().await.unwrap());
        assert!(first.to_iso().starts_with("20"), "{}", first.to_iso());
        assert!(first <= second && second.millis() - first.millis() < 60_000);
    }

    async fn says_that_it_is_busy_when_no_connection_becomes_free(place: &Place) {
        // The opening is given no longer than this either.
        let patience = Duration::from_secs(5);
        let db = place.open_with(Options { connections: 1, patience, ..Options::default() }).await;
        let held = db.read().await.unwrap();
        assert!(matches!(db.read().await.map(drop), Err(Error::Busy(_))));
        drop(held);
        assert!(db.read().await.is_ok());
    }
}

#[test]
fn names_the_file_of_a_sqlite_url() {
    assert_eq!(Db::sqlite_file("sqlite:auth.db"), Some("auth.db".into()));
    assert_eq!(Db::sqlite_file("sqlite:///var/lib/auth.db"), Some("/var/lib/auth.db".into()));
    for url in ["sqlite::memory:", "sqlite:", "sqlite:auth.db?mode=memory", "postgres://h/d", "auth.db"] {
        assert_eq!(Db::sqlite_file(url), None, "{url}");
    }
}

#[test]
fn names_the_unreachable_server_and_never_the_password() {
    countersign_testkit::run(async {
        let error = refusal("postgres://ada:hunter2@127.0.0.1:1/shop").await;
        let shown = format!("{error} {error:?}");
        assert!(matches!(error, Error::Unreachable(_)), "{shown}");
        for part in ["127.0.0.1:1", "`shop`", "`ada`", "refused"] {
            assert!(shown.contains(part), "{part} in {shown}");
        }
        assert!(!shown.contains("hunter2"), "{shown}");
    });
}

#[test]
fn gives_up_on_a_server_that_does_not_answer() {
    countersign_testkit::run(async {
        let silent = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("postgres://ada@{}/shop", silent.local_addr().unwrap());
        let options = Options { patience: Duration::from_millis(100), ..Options::default() };
        let error = Db::connect(&url, options).await.map(drop).unwrap_err();
        assert!(error.to_string().contains("no answer"), "{error}");
    });
}

#[test]
fn refuses_a_url_it_cannot_use_without_repeating_it() {
    countersign_testkit::run(async {
        for url in
            ["mysql://ada:hunter2@host/db", "ada:hunter2", "", "sqlite::memory:", "postgres://ada:hunter2@host:port/db"]
        {
            let error = refusal(url).await;
            assert!(matches!(error, Error::Url(_)), "{url}: {error}");
            assert!(!format!("{error} {error:?}").contains("hunter2"), "{url}: {error}");
        }
    });
}

#[test]
fn names_the_file_that_cannot_be_opened() {
    countersign_testkit::run(async {
        let error = refusal("sqlite:/nowhere/at/all/countersign.db").await;
        assert!(matches!(&error, Error::Unreachable(why) if why.contains("/nowhere/at/all/countersign.db")), "{error}");
    });
}

#[test]
fn refuses_a_file_that_is_no_database() {
    countersign_testkit::run(async {
        let place = Place::sqlite();
        let path = place.url().trim_start_matches("sqlite:");
        std::fs::write(path, "no database at all, but long enough to be read as a header").unwrap();
        let error = refusal(place.url()).await;
        assert!(matches!(&error, Error::Unreachable(why) if why.contains("not a database")), "{error}");
    });
}

#[cfg(unix)]
#[test]
fn makes_a_file_that_only_its_owner_can_read() {
    use std::os::unix::fs::PermissionsExt as _;
    countersign_testkit::run(async {
        let place = Place::sqlite();
        let db = place.migrated().await;
        assert_eq!(db.kind(), Kind::Sqlite);
        let path = place.url().trim_start_matches("sqlite:").to_owned();
        for file in [path.clone(), format!("{path}-wal"), format!("{path}-shm")] {
            assert_eq!(std::fs::metadata(&file).unwrap().permissions().mode() & 0o777, 0o600, "{file}");
        }
    });
}
