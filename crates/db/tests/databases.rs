//! Databases that others made: what is said of them, what is added to them, and that their changes are fed.
#![expect(clippy::unwrap_used, reason = "a test says what must be there")]

use std::collections::BTreeSet;

use countersign_db::{Applied, Db, Error, FromRow, Kind, Misfit, Missing, Options, Row, Timestamp, args};
use countersign_testkit::databases::Made;
use countersign_testkit::{NOW, Place, both_databases, made_databases};

async fn under_its_settings(made: &Made, place: &Place) -> Db {
    let names = made.config(place).names().unwrap();
    place.open_with(Options { names, ..Options::default() }).await
}

/// One line for each column of a table that is not ours, with all the catalog says of it.
async fn columns(db: &Db) -> BTreeSet<String> {
    let statement = match db.kind() {
        Kind::Sqlite => {
            "SELECT m.name || '.' || c.name || ' ' || c.type || c.\"notnull\" || coalesce(c.dflt_value, '') \
             FROM sqlite_schema m, pragma_table_info(m.name) c WHERE m.type = 'table'"
        }
        Kind::Postgres => {
            "SELECT concat(table_name, '.', column_name, ' ', data_type, is_nullable, column_default) \
             FROM information_schema.columns WHERE table_schema = current_schema()"
        }
    };
    let mut read = db.read().await.unwrap();
    let all: Vec<String> = read.all(statement, args![]).await.unwrap();
    all.into_iter().filter(|line| !line.starts_with("countersign_") && !line.starts_with("sqlite_")).collect()
}

struct Event(String, String, Option<i64>);

impl FromRow for Event {
    fn from_row(row: &Row<'_>) -> Result<Self, Error> {
        Ok(Self(row.text("kind")?, row.text("subject")?, row.opt_int("until")?))
    }
}

mod says_fits_and_fills {
    use super::*;

    made_databases!(body);

    async fn body(made: &'static Made) {
        let place = made.place().await;
        says_what_to_set(made, &place).await;
        let db = under_its_settings(made, &place).await;
        adds_nothing_but_what_is_missing(made, &db).await;
        feeds_changes_by_others(&db).await;
    }

    /// Under default settings the settings to copy are said, as far as they can be known.
    async fn says_what_to_set(made: &Made, place: &Place) {
        let said = Db::look(place.url(), Options::default()).await.unwrap().survey().await.unwrap();
        assert!(said.made_elsewhere, "{said:?}");
        let said: BTreeSet<_> = said.settings.iter().map(|(key, value)| (key.as_str(), value.as_str())).collect();
        let expected: BTreeSet<_> = made.settings.iter().copied().collect();
        match made.name {
            // An empty database of Prisma's is that of either of its ways to write instants.
            "prisma_engine_sqlite" => assert_eq!(said, BTreeSet::new()),
            // Where somebody chose a name, what it is the name of cannot always be known.
            "kysely_mapped_sqlite" | "kysely_mapped_postgres" => {
                assert!(said.len() >= 5 && said.is_subset(&expected), "{said:?}");
            }
            _ => assert_eq!(said, expected),
        }
    }

    async fn adds_nothing_but_what_is_missing(made: &Made, db: &Db) {
        let survey = db.survey().await.unwrap();
        assert!(survey.settings.is_empty(), "{survey:?}");
        let misfits: Vec<&Misfit> = survey.tables.iter().flat_map(|table| &table.misfits).collect();
        assert!(misfits.is_empty(), "{misfits:?}");
        let before = columns(db).await;
        let applied = db.migrate(NOW).await.unwrap();
        let added: Vec<String> = applied
            .iter()
            .filter_map(|step| match step {
                Applied::Column(table, column) => Some(format!("{table}.{column}")),
                _ => None,
            })
            .collect();
        assert_eq!(added, made.adds);
        let indexes = applied.iter().filter(|step| matches!(step, Applied::Index(_))).count();
        assert_eq!(indexes, 0, "an index that is there under another name is not made again: {applied:?}");
        let after = columns(db).await;
        assert!(after.is_superset(&before), "{:?}", before.difference(&after));
        assert_eq!(db.schema_report().await.unwrap(), []);
        assert_eq!(db.migrate(NOW).await.unwrap(), []);
        let survey = db.survey().await.unwrap();
        assert!(!survey.made_elsewhere && survey.ours.is_empty(), "{survey:?}");
    }

    async fn feeds_changes_by_others(db: &Db) {
        const USER: &str = "0190a3c4-0000-7000-8000-000000000001";
        const SESSION: &str = "0190a3c4-0000-7000-8000-000000000002";
        // Long after the database's own clock says.
        let end = NOW.plus_seconds(40 * 365 * 86_400).plus_millis(235);
        for (statement, args) in [
            (
                "INSERT INTO {user} ({user.id}, {user.name}, {user.email}, {user.emailVerified}, {user.createdAt}, \
                 {user.updatedAt}) VALUES ($1, 'Ada', 'ada@example.com', $2, $3, $3)",
                args![USER, true, NOW],
            ),
            (
                "INSERT INTO {session} ({session.id}, {session.token}, {session.userId}, {session.expiresAt}, \
                 {session.createdAt}, {session.updatedAt}) VALUES ($1, 'token', $2, $3, $4, $4)",
                args![SESSION, USER, end, NOW],
            ),
            ("UPDATE {user} SET {user.banned} = $1, {user.banExpires} = $2", args![true, end]),
            ("DELETE FROM {session}", args![]),
            ("DELETE FROM {user}", args![]),
        ] {
            let mut tx = db.write().await.unwrap();
            assert_eq!(tx.run(statement, args).await.unwrap(), 1, "{statement}");
            tx.commit().await.unwrap();
        }
        let mut read = db.read().await.unwrap();
        let events = "SELECT {countersign_feed.*} FROM {countersign_feed} ORDER BY {countersign_feed.seq}";
        let events: Vec<Event> = read.all(events, args![]).await.unwrap();
        let events: Vec<_> =
            events.iter().map(|Event(kind, subject, until)| (kind.as_str(), subject.as_str(), *until)).collect();
        let end = Some(end.millis());
        assert_eq!(
            events,
            [
                ("user_changed", USER, None),
                ("user_off", USER, end),
                ("session_revoked", SESSION, end),
                ("user_changed", USER, None),
                ("user_off", USER, None),
            ]
        );
    }
}

/// Runs a statement of another program on the database.
async fn alter(db: &Db, statement: &'static str) {
    let mut tx = db.write().await.unwrap();
    tx.run(statement, args![]).await.unwrap();
    tx.commit().await.unwrap();
}

/// What stands in the way in the table `user`.
async fn misfits(db: &Db) -> Vec<String> {
    let survey = db.survey().await.unwrap();
    let user = survey.tables.into_iter().find(|table| table.table == "user").unwrap();
    user.misfits.iter().map(ToString::to_string).collect()
}

both_databases! {
    async fn says_what_no_migration_makes_fit(place: &Place) {
        let db = place.migrated().await;
        alter(&db, "ALTER TABLE {user} RENAME COLUMN {user.email} TO \"mailbox\"").await;
        alter(&db, "ALTER TABLE {user} ADD COLUMN \"tenant\" integer NOT NULL DEFAULT 0").await;
        alter(&db, "ALTER TABLE {user} ADD COLUMN \"nickname\" text").await;
        let mut expected = vec!["column email is missing, which every version of Better Auth has"];
        if db.kind() == Kind::Postgres {
            alter(&db, "ALTER TABLE {user} ALTER COLUMN \"tenant\" DROP DEFAULT").await;
            alter(&db, "ALTER TABLE {user} ALTER COLUMN \"banned\" TYPE integer USING 0").await;
            expected.push("column banned is of type integer and must be boolean");
            expected.push("column tenant is unknown and demands a value");
        }
        // SQLite adds no column that demands a value; a renamed one does.
        expected.insert(if db.kind() == Kind::Sqlite { 1 } else { 2 }, "column mailbox is unknown and demands a value");
        assert_eq!(misfits(&db).await, expected);
        let survey = db.survey().await.unwrap();
        let user = survey.tables.first().unwrap();
        assert!(user.beside.contains(&"nickname".to_owned()), "{user:?}");
        assert!(!user.missing.iter().any(|it| matches!(it, Missing::Column(..))), "nothing stands beside the other: {user:?}");
    }

    async fn sees_nothing_foreign_in_an_empty_database_and_in_its_own(place: &Place) {
        let db = place.open().await;
        let survey = db.survey().await.unwrap();
        assert!(!survey.made_elsewhere && survey.settings.is_empty(), "{survey:?}");
        assert!(survey.tables.iter().all(|table| !table.present && table.misfits.is_empty()));
        db.migrate(NOW).await.unwrap();
        let survey = db.survey().await.unwrap();
        assert!(!survey.made_elsewhere && survey.settings.is_empty() && survey.ours.is_empty(), "{survey:?}");
        assert!(survey.tables.iter().all(|table| table.present && table.missing.is_empty() && table.fitting > 5));
    }

    async fn takes_no_other_table_for_one_of_ours(place: &Place) {
        let db = place.open().await;
        alter(&db, "CREATE TABLE \"products\" (id text primary key, name text, email text, \"createdAt\" text, \"updatedAt\" text)").await;
        let survey = db.survey().await.unwrap();
        assert!(!survey.made_elsewhere && survey.settings.is_empty(), "{survey:?}");
    }
}

/// Instants that no setting reads right are said, because a session would seem to have ended in 1970, or never to end.
#[test]
fn says_that_instants_lie_in_two_codings_or_in_seconds() {
    countersign_testkit::run(async {
        let place = Place::sqlite();
        let db = place.migrated().await;
        alter(
            &db,
            "INSERT INTO {user} VALUES ('a', 'a', 'a', 0, NULL, 1767225600, 1767225600, NULL, NULL, NULL, NULL)",
        )
        .await;
        assert_eq!(misfits(&db).await, ["column createdAt holds instants in seconds, not in milliseconds"]);
        alter(&db, "UPDATE {user} SET \"createdAt\" = 1767225600000").await;
        assert_eq!(misfits(&db).await, [""; 0]);
        let expected = [("database.dates".to_owned(), "\"milliseconds\"".to_owned())];
        assert_eq!(db.survey().await.unwrap().settings, expected);
        alter(
            &db,
            "INSERT INTO {user} VALUES ('b', 'b', 'b', 0, NULL, '2026-01-01', '2026-01-01', NULL, NULL, NULL, NULL)",
        )
        .await;
        assert_eq!(misfits(&db).await, ["column createdAt holds instants in two codings, text and numbers"]);
    });
}

/// What a person did not ask for does not happen: not even the journal of a file is changed by looking.
#[test]
fn changes_nothing_by_looking() {
    countersign_testkit::run(async {
        let made = Made::named("prisma_sqlite");
        let place = made.place().await;
        let file = Db::sqlite_file(place.url()).unwrap();
        let before = std::fs::read(&file).unwrap();
        let db = Db::look(place.url(), Options::default()).await.unwrap();
        assert!(db.survey().await.unwrap().made_elsewhere);
        assert!(db.migrate(NOW).await.is_err());
        db.close().await;
        assert_eq!(std::fs::read(&file).unwrap(), before);
        assert!(Db::look("sqlite:no-such-file.db", Options::default()).await.is_err());
        assert!(!std::path::Path::new("no-such-file.db").exists());
    });
}

/// A time without a zone is UTC, whatever the time zone of the program that changes the row.
#[test]
fn reads_times_without_a_zone_in_utc() {
    countersign_testkit::run(async {
        let made = Made::named("drizzle_postgres");
        let place = made.place().await;
        let db = under_its_settings(made, &place).await;
        db.migrate(NOW).await.unwrap();
        let mut tx = db.write().await.unwrap();
        tx.run("SET LOCAL TIME ZONE 'Asia/Tokyo'", args![]).await.unwrap();
        tx.run("INSERT INTO {user} VALUES ('u', 'n', 'e', true, null, '2026-01-01', '2026-01-01')", args![])
            .await
            .unwrap();
        let banned = "UPDATE {user} SET {user.banned} = true, {user.banExpires} = '2066-01-01 00:00:00.5'";
        tx.run(banned, args![]).await.unwrap();
        tx.commit().await.unwrap();
        let until =
            "SELECT {countersign_feed.until} FROM {countersign_feed} WHERE {countersign_feed.kind} = 'user_off'";
        let until = db.read().await.unwrap().one::<i64>(until, args![]).await.unwrap();
        assert_eq!(Timestamp::from_millis(until).to_iso(), "2066-01-01T00:00:00.500Z");
        struct Created(Timestamp);
        impl FromRow for Created {
            fn from_row(row: &Row<'_>) -> Result<Self, Error> {
                row.time("createdAt").map(Self)
            }
        }
        let Created(created) = db.read().await.unwrap().one("SELECT {user.*} FROM {user}", args![]).await.unwrap();
        assert_eq!(created.to_iso(), "2026-01-01T00:00:00.000Z");
    });
}
