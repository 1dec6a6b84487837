//! Every method of a connection and a transaction, on both databases.
#![expect(clippy::unwrap_used, reason = "a test says what must be there")]

use countersign_db::{Db, Error, FromRow, Kind, Names, Options, Read, Row, TimeCoding, Timestamp, Tx, args};
use countersign_testkit::{NOW, Place, both_databases};

const INSERT_USER: &str = "INSERT INTO {user} ({user.id}, {user.name}, {user.email}, {user.emailVerified}, {user.createdAt}, {user.updatedAt}, \
     {user.banned}, {user.banExpires}, {user.image}) VALUES ($1, $2, $3, $4, $5, $5, $6, $7, $8)";
const INSERT_SESSION: &str = "INSERT INTO {session} ({session.id}, {session.expiresAt}, {session.token}, {session.createdAt}, {session.updatedAt}, \
     {session.userId}) VALUES ($1, $2, $1, $2, $2, $3)";
const COUNT_USERS: &str = "SELECT count(*) FROM {user}";
const USER_BY_ID: &str = "SELECT {user.*} FROM {user} WHERE {user.id} = $1";

#[derive(Debug, PartialEq)]
struct User {
    id: String,
    email: String,
    email_verified: bool,
    created_at: Timestamp,
    banned: Option<bool>,
    ban_expires: Option<Timestamp>,
    image: Option<String>,
}

impl FromRow for User {
    fn from_row(row: &Row<'_>) -> Result<Self, Error> {
        Ok(Self {
            id: row.text("id")?,
            email: row.text("email")?,
            email_verified: row.bool("emailVerified")?,
            created_at: row.time("createdAt")?,
            banned: row.opt_bool("banned")?,
            ban_expires: row.opt_time("banExpires")?,
            image: row.opt_text("image")?,
        })
    }
}

fn user(id: &str) -> User {
    User {
        id: id.to_owned(),
        email: format!("{id}@example.com"),
        email_verified: true,
        created_at: NOW.plus_millis(235),
        banned: None,
        ban_expires: None,
        image: None,
    }
}

async fn insert(tx: &mut Tx, user: &User) -> Result<u64, Error> {
    let args = args![
        &user.id,
        "N",
        &user.email,
        user.email_verified,
        user.created_at,
        user.banned,
        user.ban_expires,
        &user.image
    ];
    tx.run(INSERT_USER, args).await
}

async fn insert_and_commit(db: &Db, user: &User) -> Result<(), Error> {
    let mut tx = db.write().await?;
    insert(&mut tx, user).await?;
    tx.commit().await
}

async fn count(db: &Db) -> i64 {
    users(&mut db.read().await.unwrap()).await
}

/// Taken by a reader and by a transaction alike.
async fn users(read: &mut Read) -> i64 {
    read.one(COUNT_USERS, args![]).await.unwrap()
}

both_databases! {
    async fn reads_back_what_was_written_through_reader_and_transaction(place: &Place) {
        let db = place.migrated().await;
        let ada = User { banned: Some(false), ban_expires: Some(NOW.plus_seconds(-1)), image: Some("a.png".to_owned()), ..user("ada") };
        let bob = User { email_verified: false, ..user("bob") };
        let mut tx = db.write().await.unwrap();
        assert_eq!(insert(&mut tx, &ada).await, Ok(1));
        assert_eq!(insert(&mut tx, &bob).await, Ok(1));
        assert_eq!(tx.one::<User>(USER_BY_ID, args!["ada"]).await.as_ref(), Ok(&ada));
        assert_eq!(tx.all::<User>("SELECT {user.*} FROM {user} ORDER BY {user.id}", args![]).await.unwrap().len(), 2);
        tx.commit().await.unwrap();

        let mut read = db.read().await.unwrap();
        assert_eq!(read.one::<User>(USER_BY_ID, args!["ada"]).await, Ok(ada));
        assert_eq!(read.opt::<User>(USER_BY_ID, args!["bob"]).await, Ok(Some(bob)));
        assert_eq!(read.opt::<User>(USER_BY_ID, args!["eve"]).await, Ok(None));
        assert_eq!(read.one::<User>(USER_BY_ID, args!["eve"]).await, Err(Error::NoRow));
        assert_eq!(read.all::<String>("SELECT {user.id} FROM {user} ORDER BY {user.id}", args![]).await.unwrap(), ["ada", "bob"]);
    }

    async fn writes_typed_nulls_and_compares_with_them(place: &Place) {
        let db = place.migrated().await;
        let ada = User { banned: Some(true), ban_expires: Some(NOW), image: Some("a.png".to_owned()), ..user("ada") };
        insert_and_commit(&db, &ada).await.unwrap();
        let mut tx = db.write().await.unwrap();
        let clear = "UPDATE {user} SET {user.banned} = $1, {user.banExpires} = $2, {user.image} = $3 WHERE {user.id} = $4 AND $5 IS NULL";
        let nulls = args![None::<bool>, None::<Timestamp>, None::<&str>, "ada", None::<i64>];
        assert_eq!(tx.run(clear, nulls).await, Ok(1));
        assert_eq!(tx.one::<User>(USER_BY_ID, args!["ada"]).await, Ok(user("ada")));
    }

    async fn compares_instants_to_the_millisecond(place: &Place) {
        let db = place.migrated().await;
        insert_and_commit(&db, &User { ban_expires: Some(NOW), ..user("ada") }).await.unwrap();
        let mut read = db.read().await.unwrap();
        for (instant, expected) in [(NOW.plus_millis(-1), 0), (NOW, 0), (NOW.plus_millis(1), 1), (NOW.plus_seconds(86_400 * 365 * 500), 1)] {
            let found = read.one::<i64>("SELECT count(*) FROM {user} WHERE {user.banExpires} < $1", args![instant]).await;
            assert_eq!(found, Ok(expected), "{instant:?}");
        }
    }

    async fn keeps_instants_in_the_plain_coding_of_other_adapters(place: &Place) {
        place.migrated().await.close().await;
        let db = place.open_with(Options { names: Names::default().times(TimeCoding::Milliseconds), ..Options::default() }).await;
        let ada = User { ban_expires: Some(NOW.plus_millis(1)), ..user("ada") };
        insert_and_commit(&db, &ada).await.unwrap();
        let mut read = db.read().await.unwrap();
        assert_eq!(read.one::<User>(USER_BY_ID, args!["ada"]).await, Ok(ada));
        let found = read.one::<i64>("SELECT count(*) FROM {user} WHERE {user.banExpires} > $1", args![NOW]).await;
        assert_eq!(found, Ok(1));
    }

    async fn returns_rows_from_a_change(place: &Place) {
        let db = place.migrated().await;
        insert_and_commit(&db, &user("ada")).await.unwrap();
        let mut tx = db.write().await.unwrap();
        let changed = "UPDATE {user} SET {user.banned} = $1 WHERE {user.id} = $2 RETURNING {user.*}";
        assert_eq!(tx.one::<User>(changed, args![true, "ada"]).await.unwrap().banned, Some(true));
        assert_eq!(tx.opt::<User>(changed, args![true, "eve"]).await, Ok(None));
        let kept = "INSERT INTO {user} ({user.id}, {user.name}, {user.email}, {user.emailVerified}, {user.createdAt}, {user.updatedAt}) \
             VALUES ($1, $1, $1, $2, $3, $3) ON CONFLICT ({user.id}) DO NOTHING";
        assert_eq!(tx.run(kept, args!["ada", false, NOW]).await, Ok(0));
    }

    async fn joins_two_tables_under_prefixes(place: &Place) {
        let db = place.migrated().await;
        insert_and_commit(&db, &user("ada")).await.unwrap();
        let mut tx = db.write().await.unwrap();
        tx.run(INSERT_SESSION, args!["s1", NOW, "ada"]).await.unwrap();
        struct Both(User, String, Timestamp);
        impl FromRow for Both {
            fn from_row(row: &Row<'_>) -> Result<Self, Error> {
                let session = row.under("s_");
                Ok(Self(User::from_row(&row.under("u_"))?, session.text("id")?, session.time("expiresAt")?))
            }
        }
        let join = "SELECT {user.*@u:u_}, {session.*@s:s_} FROM {session} s JOIN {user} u ON {user.id@u} = {session.userId@s} WHERE {session.token@s} = $1";
        let Both(found, session, expires_at) = tx.one(join, args!["s1"]).await.unwrap();
        assert_eq!((found, session.as_str(), expires_at), (user("ada"), "s1", NOW));
    }

    async fn recognises_a_key_that_is_taken_and_says_no_value(place: &Place) {
        let db = place.migrated().await;
        insert_and_commit(&db, &user("ada")).await.unwrap();
        let taken_id = insert_and_commit(&db, &User { email: "x@example.com".to_owned(), ..user("ada") }).await.unwrap_err();
        let taken_email = insert_and_commit(&db, &User { email: "ada@example.com".to_owned(), ..user("bob") }).await.unwrap_err();
        for error in [&taken_id, &taken_email] {
            assert!(error.is_unique(), "{error:?}");
            assert!(!format!("{error} {error:?}").contains("example.com"), "{error:?}");
        }
        assert!(format!("{taken_email:?}").contains("email"), "{taken_email:?}");
    }

    async fn recognises_a_missing_parent_and_a_missing_value(place: &Place) {
        let db = place.migrated().await;
        let mut tx = db.write().await.unwrap();
        let orphan = tx.run(INSERT_SESSION, args!["s1", NOW, "nobody"]).await;
        assert_eq!(orphan, Err(Error::ForeignKey));
        drop(tx);
        let mut tx = db.write().await.unwrap();
        let nameless = tx.run(INSERT_USER, args!["ada", None::<&str>, "a@b", true, NOW, true, NOW, "i"]).await;
        assert!(matches!(&nameless, Err(Error::Constraint { constraint }) if constraint.contains("name")), "{nameless:?}");
    }

    async fn says_which_statement_part_is_unknown(place: &Place) {
        let db = place.migrated().await;
        let mut read = db.read().await.unwrap();
        assert!(matches!(read.one::<i64>("SELECT count(*) FROM {users}", args![]).await, Err(Error::Template(_))));
        let absent = read.one::<i64>("SELECT nothing FROM {user}", args![]).await.unwrap_err();
        assert!(matches!(&absent, Error::Sql { message, .. } if message.contains("nothing")), "{absent:?}");
    }

    async fn refuses_a_column_of_another_type(place: &Place) {
        let db = place.migrated().await;
        insert_and_commit(&db, &user("ada")).await.unwrap();
        struct Wrong(Vec<Result<(), Error>>);
        impl FromRow for Wrong {
            fn from_row(row: &Row<'_>) -> Result<Self, Error> {
                Ok(Self(vec![
                    row.int("name").map(drop),
                    row.bool("name").map(drop),
                    row.time("name").map(drop),
                    row.text("emailVerified").map(drop),
                    row.text("image").map(drop),
                    row.opt_text("nothing").map(drop),
                    row.under("x_").text("name").map(drop),
                ]))
            }
        }
        let Wrong(answers) = db.read().await.unwrap().one(USER_BY_ID, args!["ada"]).await.unwrap();
        assert!(answers.iter().all(|answer| matches!(answer, Err(Error::Column { .. }))), "{answers:?}");
    }

    async fn forgets_a_transaction_that_is_dropped(place: &Place) {
        let db = place.migrated().await;
        let mut tx = db.write().await.unwrap();
        insert(&mut tx, &user("ada")).await.unwrap();
        drop(tx);
        assert_eq!(count(&db).await, 0);
        insert_and_commit(&db, &user("ada")).await.unwrap();
        assert_eq!(count(&db).await, 1);
    }

    async fn shows_a_reader_nothing_before_the_commit(place: &Place) {
        let db = place.migrated().await;
        let mut tx = db.write().await.unwrap();
        insert(&mut tx, &user("ada")).await.unwrap();
        assert_eq!((count(&db).await, users(&mut tx).await), (0, 1));
        tx.commit().await.unwrap();
        assert_eq!(count(&db).await, 1);
    }

    async fn counts_the_statements_it_runs_and_no_others(place: &Place) {
        let db = place.migrated().await;
        let before = db.statements();
        insert_and_commit(&db, &user("ada")).await.unwrap();
        assert_eq!(count(&db.clone()).await, 1);
        assert_eq!(db.statements() - before, 2);
    }

    async fn keeps_every_change_when_many_write_at_once(place: &Place) {
        let db = place.migrated().await;
        insert_and_commit(&db, &user("ada")).await.unwrap();
        insert_session_counter(&db).await;
        let other_process = place.open().await;
        let bump = "UPDATE {countersign_session} SET {countersign_session.generation} = {countersign_session.generation} + 1 \
             WHERE {countersign_session.sessionId} = $1";
        let bump_often = |db: Db| async move {
            for _ in 0..20 {
                let mut tx = db.write().await.unwrap();
                assert_eq!(tx.run(bump, args!["s1"]).await, Ok(1));
                tx.commit().await.unwrap();
            }
        };
        tokio::join!(bump_often(db.clone()), bump_often(db.clone()), bump_often(other_process));
        assert_eq!(generation(&mut db.write().await.unwrap()).await, 60);
    }
}

const GENERATION: &str =
    "SELECT {countersign_session.generation} FROM {countersign_session} WHERE {countersign_session.sessionId} = $1";

async fn insert_session_counter(db: &Db) {
    let mut tx = db.write().await.unwrap();
    tx.run(INSERT_SESSION, args!["s1", NOW, "ada"]).await.unwrap();
    let counter = "INSERT INTO {countersign_session} ({countersign_session.sessionId}) VALUES ($1)";
    tx.run(counter, args!["s1"]).await.unwrap();
    tx.commit().await.unwrap();
}

async fn generation(tx: &mut Tx) -> i64 {
    tx.one(GENERATION, args!["s1"]).await.unwrap()
}

/// What `BEGIN IMMEDIATE` is for: under a plain `BEGIN`, the second writer's snapshot would be stale by the time it writes.
#[test]
fn holds_the_sqlite_write_lock_from_the_first_read_on() {
    countersign_testkit::run(async {
        let place = Place::sqlite();
        let one = place.migrated().await;
        insert_and_commit(&one, &user("ada")).await.unwrap();
        insert_session_counter(&one).await;
        let other = place.open().await;
        let read_then_write = |db: Db| async move {
            for _ in 0..20 {
                let mut tx = db.write().await.unwrap();
                let seen = generation(&mut tx).await;
                tokio::task::yield_now().await;
                let set = "UPDATE {countersign_session} SET {countersign_session.generation} = $1";
                tx.run(set, args![seen + 1]).await.unwrap();
                tx.commit().await.unwrap();
            }
        };
        tokio::join!(read_then_write(one.clone()), read_then_write(other));
        assert_eq!(generation(&mut one.write().await.unwrap()).await, 40);
    });
}

#[test]
fn gives_sqlite_readers_a_connection_that_cannot_write() {
    countersign_testkit::run(async {
        let place = Place::sqlite();
        let db = place.migrated().await;
        assert_eq!(db.kind(), Kind::Sqlite);
        let refused = db.read().await.unwrap().opt::<i64>("DELETE FROM {user} RETURNING 1", args![]).await;
        assert!(refused.is_err());
    });
}

/// Better Auth's adapters and people's own hands leave dates in several forms.
#[test]
fn reads_sqlite_dates_as_text_and_as_milliseconds() {
    countersign_testkit::run(async {
        let place = Place::sqlite();
        let db = place.migrated().await;
        struct Instant(Timestamp);
        impl FromRow for Instant {
            fn from_row(row: &Row<'_>) -> Result<Self, Error> {
                row.time("t").map(Self)
            }
        }
        let mut read = db.read().await.unwrap();
        for form in [
            "SELECT '2026-01-01T00:00:00.000Z' AS t",
            "SELECT '2026-01-01 00:00:00' AS t",
            "SELECT 1767225600000 AS t",
            "SELECT 1767225600000.0 AS t",
        ] {
            let Instant(found) = read.one(form, args![]).await.unwrap();
            assert_eq!(found, NOW, "{form}");
        }
        assert!(read.one::<Instant>("SELECT 'soon' AS t", args![]).await.is_err());
    });
}
