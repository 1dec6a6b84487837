//! What the triggers on Better Auth's tables write into the feed, whoever changes the rows.
#![expect(clippy::unwrap_used, reason = "tests")]

use countersign_db::{Db, Error, FromRow, Row, Timestamp, args};
use countersign_testkit::{NOW, Place, both_databases};

/// An event: kind, subject, since, until in seconds from the moment of the test.
#[derive(Debug, PartialEq, Eq)]
struct Event(String, String, Option<i64>, Option<i64>);

impl FromRow for Event {
    fn from_row(row: &Row<'_>) -> Result<Self, Error> {
        Ok(Self(row.text("kind")?, row.text("subject")?, row.opt_int("since")?, row.opt_int("until")?))
    }
}

/// A far day, so that the sessions of these tests are live by the database's clock.
const LATER: Timestamp = Timestamp::from_millis(4_000_000_000_000);

async fn with_a_user_and_a_session(place: &Place) -> Db {
    let db = place.migrated().await;
    let mut tx = db.write().await.unwrap();
    tx.run(
        "INSERT INTO {user} (id, name, email, {user.emailVerified}, {user.createdAt}, {user.updatedAt}) \
         VALUES ('u', 'n', 'e', $1, $2, $2)",
        args![false, NOW],
    )
    .await
    .unwrap();
    for (id, expires) in [("live", LATER), ("over", Timestamp::from_millis(1_000))] {
        tx.run(
            "INSERT INTO {session} (id, token, {session.expiresAt}, {session.createdAt}, {session.updatedAt}, \
             {session.userId}) VALUES ($1, $1, $2, $3, $3, 'u')",
            args![id, expires, NOW],
        )
        .await
        .unwrap();
    }
    tx.commit().await.unwrap();
    db
}

/// Runs one statement and says what it fed.
async fn fed(
    db: &Db,
    statement: &'static str,
    args: Vec<countersign_db::Value>,
) -> Vec<(String, String, Option<i64>, Option<i64>)> {
    let last = "SELECT coalesce(max(seq), 0) FROM {countersign_feed}";
    let before: i64 = db.read().await.unwrap().one(last, args![]).await.unwrap();
    let mut tx = db.write().await.unwrap();
    tx.run(statement, args).await.unwrap();
    tx.commit().await.unwrap();
    let events = "SELECT kind, subject, since, until FROM {countersign_feed} WHERE seq > $1 ORDER BY seq";
    let events: Vec<Event> = db.read().await.unwrap().all(events, args![before]).await.unwrap();
    events.into_iter().map(|Event(kind, subject, since, until)| (kind, subject, since, until)).collect()
}

fn event(
    kind: &str,
    subject: &str,
    since: Option<i64>,
    until: Option<i64>,
) -> (String, String, Option<i64>, Option<i64>) {
    (kind.to_owned(), subject.to_owned(), since, until)
}

both_databases! {
    async fn a_session_deleted_before_its_time_is_fed_and_one_that_is_over_is_not(place: &Place) {
        let db = with_a_user_and_a_session(place).await;
        let deleted = fed(&db, "DELETE FROM {session}", args![]).await;
        assert_eq!(deleted, [event("session_revoked", "live", Some(0), Some(LATER.millis()))]);
    }

    async fn a_session_that_is_shortened_is_refused_from_its_new_end_on(place: &Place) {
        let db = with_a_user_and_a_session(place).await;
        let sooner = Timestamp::from_millis(3_000_000_000_000);
        let statement = "UPDATE {session} SET {session.expiresAt} = $1 WHERE id = 'live'";
        let changed = event("session_changed", "live", None, None);
        let revoked = event("session_revoked", "live", Some(sooner.millis()), Some(LATER.millis()));
        assert_eq!(fed(&db, statement, args![sooner]).await, [changed, revoked]);
        let changed = event("session_changed", "live", None, None);
        assert_eq!(fed(&db, statement, args![LATER]).await, [changed], "one that is prolonged is only changed");
    }

    async fn a_user_who_is_banned_goes_off_and_comes_on_again(place: &Place) {
        let db = with_a_user_and_a_session(place).await;
        let changed = || event("user_changed", "u", None, None);
        let ban = "UPDATE {user} SET {user.banned} = $1, {user.banExpires} = $2";
        let off = |until| event("user_off", "u", None, until);
        assert_eq!(fed(&db, ban, args![true, None::<Timestamp>]).await, [changed(), off(None)]);
        assert_eq!(fed(&db, ban, args![true, None::<Timestamp>]).await, [changed()], "nothing new");
        assert_eq!(fed(&db, ban, args![true, LATER]).await, [changed(), off(Some(LATER.millis()))]);
        assert_eq!(fed(&db, ban, args![false, None::<Timestamp>]).await, [changed(), event("user_on", "u", None, None)]);
        assert_eq!(fed(&db, "UPDATE {user} SET name = 'other'", args![]).await, [changed()]);
    }

    async fn a_deleted_user_goes_off_and_takes_the_live_sessions_along(place: &Place) {
        let db = with_a_user_and_a_session(place).await;
        let mut events = fed(&db, "DELETE FROM {user}", args![]).await;
        events.sort();
        let revoked = event("session_revoked", "live", Some(0), Some(LATER.millis()));
        assert_eq!(events, [revoked, event("user_changed", "u", None, None), event("user_off", "u", None, None)]);
    }

    async fn triggers_that_were_lost_are_seen_and_made_again(place: &Place) {
        let db = with_a_user_and_a_session(place).await;
        assert_eq!(db.triggers_missing().await, Ok(vec![]));
        let name = match db.kind() {
            countersign_db::Kind::Sqlite => "DROP TRIGGER \"countersign_session_deleted\"",
            countersign_db::Kind::Postgres => "ALTER TABLE {session} DISABLE TRIGGER \"countersign_session_changed\"",
        };
        fed(&db, name, args![]).await;
        assert_eq!(db.triggers_missing().await.unwrap().len(), 1);
        db.install_triggers().await.unwrap();
        assert_eq!(db.triggers_missing().await, Ok(vec![]));
        assert_eq!(fed(&db, "DELETE FROM {session}", args![]).await.len(), 1);
    }
}

#[test]
fn a_truncated_table_feeds_every_live_row() {
    countersign_testkit::run(async {
        let place = Place::postgres().await;
        let db = with_a_user_and_a_session(&place).await;
        let mut events = fed(&db, "TRUNCATE {user} CASCADE", args![]).await;
        events.sort();
        let revoked = event("session_revoked", "live", Some(0), Some(LATER.millis()));
        assert_eq!(events, [revoked, event("user_changed", "u", None, None), event("user_off", "u", None, None)]);
    });
}
