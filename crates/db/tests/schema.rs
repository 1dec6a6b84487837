//! The schema: the same on both databases, the same as Better Auth's own, and reached from wherever one starts.
#![expect(clippy::unwrap_used, reason = "a test says what must be there")]

use std::collections::BTreeSet;

use countersign_db::{Applied, Db, Error, Field, FromRow, Holds, Kind, Missing, Names, Options, Row, Value, args};
use countersign_testkit::{NOW, Place, both_databases};

const THEIRS_SQLITE: &str = include_str!("data/better-auth-1.7.25.sqlite.sql");
const THEIRS_POSTGRES: &str = include_str!("data/better-auth-1.7.25.postgres.sql");
const TABLES: [&str; 5] = ["user", "session", "account", "verification", "jwks"];

/// Runs what the real package printed.
async fn as_better_auth_makes_it(place: &Place) -> Db {
    let db = place.open().await;
    run(&db, statements(place.kind(), "create")).await;
    db
}

/// What the real package printed that begins with a word.
fn statements(kind: Kind, word: &str) -> Vec<&'static str> {
    let ddl = match kind {
        Kind::Sqlite => THEIRS_SQLITE,
        Kind::Postgres => THEIRS_POSTGRES,
    };
    ddl.lines().filter(|line| line.starts_with(word)).collect()
}

/// The same with additional fields.
fn statements_with_fields(kind: Kind, word: &str) -> Vec<&'static str> {
    let ddl = match kind {
        Kind::Sqlite => include_str!("data/better-auth-1.7.25-fields.sqlite.sql"),
        Kind::Postgres => include_str!("data/better-auth-1.7.25-fields.postgres.sql"),
    };
    ddl.lines().filter(|line| line.starts_with(word)).collect()
}

async fn run(db: &Db, statements: Vec<&'static str>) {
    let mut tx = db.write().await.unwrap();
    for statement in statements {
        tx.run(statement, args![]).await.unwrap();
    }
    tx.commit().await.unwrap();
}

/// One field of each kind, as the real package was given them.
fn with_fields() -> Options {
    let field = |name: &str, holds, required, default: Option<Value>| Field {
        name: name.to_owned(),
        column: (name == "hidden").then(|| "hidden_column".to_owned()),
        holds,
        required,
        default,
        returned: name != "hidden",
    };
    let user = [
        field("nick", Holds::Text, false, None),
        field("city", Holds::Text, true, None),
        field("plan", Holds::Text, true, Some("it's free".into())),
        field("score", Holds::Number, false, Some(Value::Number(3.into()))),
        field("vip", Holds::Bool, false, Some(false.into())),
        field("born", Holds::Time, false, None),
        field("tags", Holds::List, false, None),
        field("marks", Holds::List, false, None),
        field("hidden", Holds::Text, false, None),
    ];
    let session =
        [field("theme", Holds::Text, false, None), field("visits", Holds::Number, true, Some(Value::Number(0.into())))];
    let all = user.map(|field| ("user", field)).into_iter().chain(session.map(|field| ("session", field)));
    let names = all.fold(Names::default(), |names, (table, field)| names.additional(table, field).unwrap());
    Options { names, ..Options::default() }
}

/// One line per column, constraint and index: everything the database knows about the shape of its tables.
async fn shape(db: &Db) -> BTreeSet<String> {
    let mut read = db.read().await.unwrap();
    let statements: &[&'static str] = match db.kind() {
        Kind::Sqlite => &["SELECT sql FROM sqlite_schema WHERE sql IS NOT NULL"],
        Kind::Postgres => &[
            "SELECT concat_ws(' ', table_name, ordinal_position, column_name, data_type, is_nullable, column_default) \
             FROM information_schema.columns WHERE table_schema = current_schema()",
            "SELECT conrelid::regclass || ' ' || conname || ' ' || pg_get_constraintdef(oid) FROM pg_constraint WHERE conrelid <> 0",
            "SELECT indexdef FROM pg_indexes WHERE schemaname = current_schema()",
        ],
    };
    let mut lines = BTreeSet::new();
    for statement in statements {
        lines.extend(read.all::<String>(statement, args![]).await.unwrap());
    }
    lines.retain(|line| !line.contains("countersign_") && !line.contains("sqlite_sequence"));
    lines
}

/// Our own tables.
const OURS: [&str; 7] = [
    "countersign_migration",
    "countersign_session",
    "countersign_audit",
    "countersign_feed",
    "countersign_epoch",
    "countersign_rate_limit",
    "countersign_outbox",
];

/// What a migration adds to a database of Better Auth's.
fn own_steps() -> Vec<Applied> {
    vec![
        Applied::Step(1, "session and audit"),
        Applied::Step(2, "feed"),
        Applied::Step(3, "renewal"),
        Applied::Step(4, "rate limit"),
        Applied::Step(5, "outbox"),
        Applied::Triggers,
    ]
}

both_databases! {
    async fn makes_the_tables_exactly_as_better_auth_does(place: &Place) {
        let ours = shape(&place.migrated().await).await;
        let other = match place.kind() {
            Kind::Sqlite => Place::sqlite(),
            Kind::Postgres => Place::postgres().await,
        };
        let theirs = shape(&as_better_auth_makes_it(&other).await).await;
        assert_eq!(ours, theirs);
        assert!(theirs.len() >= 8, "{theirs:#?}");
    }

    async fn adds_only_its_own_tables_to_a_database_better_auth_made(place: &Place) {
        let db = as_better_auth_makes_it(place).await;
        let before = shape(&db).await;
        assert_eq!(db.migrate(NOW).await, Ok(own_steps()));
        assert_eq!(shape(&db).await, before);
        assert_eq!(db.schema_report().await, Ok(vec![]));
    }

    async fn says_and_adds_what_is_missing(place: &Place) {
        let db = as_better_auth_makes_it(place).await;
        let mut tx = db.write().await.unwrap();
        tx.run("ALTER TABLE {user} DROP COLUMN {user.banExpires}", args![]).await.unwrap();
        tx.run("DROP TABLE {jwks}", args![]).await.unwrap();
        tx.run("DROP INDEX \"account_userId_idx\"", args![]).await.unwrap();
        tx.commit().await.unwrap();

        let mut missing = vec![
            Missing::Column("user".to_owned(), "banExpires".to_owned()),
            Missing::Index("account_userId_idx".to_owned()),
            Missing::Table("jwks".to_owned()),
        ];
        missing.extend(OURS.map(|table| Missing::Table(table.to_owned())));
        let mut report = db.schema_report().await.unwrap();
        report.retain(|missing| !matches!(missing, Missing::Trigger(_)));
        assert_eq!(report, missing);

        let applied = db.migrate(NOW).await.unwrap().iter().map(ToString::to_string).collect::<Vec<_>>();
        let (theirs, own) = applied.split_at(3);
        assert_eq!(theirs, ["added column user.banExpires", "made table jwks", "made index account_userId_idx"]);
        assert_eq!(own, own_steps().iter().map(ToString::to_string).collect::<Vec<_>>());
        assert_eq!(db.schema_report().await, Ok(vec![]));
    }

    async fn makes_and_adds_the_columns_of_additional_fields_exactly_as_better_auth_does(place: &Place) {
        let other = async || match place.kind() {
            Kind::Sqlite => Place::sqlite(),
            Kind::Postgres => Place::postgres().await,
        };
        let (created, added, there, before) = (other().await, other().await, other().await, other().await);

        let ours = shape(&created.migrated_with(with_fields()).await).await;
        let theirs = there.open().await;
        run(&theirs, statements_with_fields(place.kind(), "create")).await;
        let rest = statements(place.kind(), "create").into_iter();
        run(&theirs, rest.filter(|line| !line.contains("table \"user\" (") && !line.contains("table \"session\" (")).collect()).await;
        assert_eq!(ours, shape(&theirs).await);

        as_better_auth_makes_it(&added).await;
        let db = added.open_with(with_fields()).await;
        let report = db.schema_report().await.unwrap();
        assert!(report.contains(&Missing::Column("user".to_owned(), "hidden_column".to_owned())), "{report:?}");
        db.migrate(NOW).await.unwrap();
        let theirs = as_better_auth_makes_it(&before).await;
        run(&theirs, statements_with_fields(place.kind(), "alter")).await;
        assert_eq!(shape(&db).await, shape(&theirs).await);
        assert_eq!((db.schema_report().await, db.migrate(NOW).await), (Ok(vec![]), Ok(vec![])));
    }

    async fn adds_no_required_column_that_rows_would_have_no_value_of(place: &Place) {
        let db = place.migrated().await;
        let insert = "INSERT INTO {user} (id, name, email, {user.emailVerified}, {user.createdAt}, {user.updatedAt}) \
             VALUES ('u', 'n', 'e', $1, $2, $2)";
        let mut tx = db.write().await.unwrap();
        tx.run(insert, args![false, NOW]).await.unwrap();
        tx.commit().await.unwrap();
        let before = shape(&db).await;
        let refused = place.open_with(with_fields()).await.migrate(NOW).await.unwrap_err();
        assert_eq!(refused, Error::Unfillable { table: "user".to_owned(), field: "city".to_owned() });
        assert_eq!(shape(&db).await, before);
    }

    async fn does_nothing_the_second_time(place: &Place) {
        let db = place.open().await;
        let first = db.migrate(NOW).await.unwrap();
        assert_eq!(first.len(), TABLES.len() + 3 + own_steps().len(), "{first:?}");
        assert_eq!(db.migrate(NOW).await, Ok(vec![]));
    }

    async fn does_the_work_once_when_several_start_at_once(place: &Place) {
        let (a, b, c) = (place.open().await, place.open().await, place.open().await);
        let (a, b, c) = tokio::join!(a.migrate(NOW), b.migrate(NOW), c.migrate(NOW));
        let mut done = [a.unwrap().len(), b.unwrap().len(), c.unwrap().len()];
        done.sort_unstable();
        assert_eq!(done, [0, 0, TABLES.len() + 3 + own_steps().len()]);
    }

    async fn refuses_a_database_of_a_newer_version(place: &Place) {
        let db = place.migrated().await;
        let mut tx = db.write().await.unwrap();
        let newer = "INSERT INTO {countersign_migration} ({countersign_migration.version}, {countersign_migration.name}, \
             {countersign_migration.appliedAt}) VALUES ($1, $2, $3)";
        tx.run(newer, args![4711, "from tomorrow", NOW]).await.unwrap();
        tx.commit().await.unwrap();
        assert!(matches!(db.migrate(NOW).await, Err(Error::NewerSchema { found: 4711, .. })));
    }

    async fn makes_and_uses_the_names_it_is_given(place: &Place) {
        let names = Names::default().table("user", "people").unwrap().column("user", "email", "mail_address").unwrap();
        let names = names.column("session", "userId", "user_id").unwrap();
        let db = place.open_with(Options { names, ..Options::default() }).await;
        db.migrate(NOW).await.unwrap();
        assert_eq!(db.schema_report().await, Ok(vec![]));
        let shape = shape(&db).await.into_iter().collect::<Vec<_>>().join("\n");
        assert!(shape.contains("people") && shape.contains("mail_address") && shape.contains("session_user_id_idx"), "{shape}");
        let found = db.read().await.unwrap().opt::<String>("SELECT {user.email:email} FROM {user}", args![]).await;
        assert_eq!(found, Ok(None));
    }

    async fn takes_along_what_belongs_to_a_deleted_user_and_keeps_the_audit(place: &Place) {
        let db = place.migrated().await;
        let mut tx = db.write().await.unwrap();
        for statement in [
            "INSERT INTO {user} (id, name, email, {user.emailVerified}, {user.createdAt}, {user.updatedAt}) VALUES ('u', 'n', 'e', $1, $2, $2)",
            "INSERT INTO {session} (id, token, {session.expiresAt}, {session.createdAt}, {session.updatedAt}, {session.userId}) \
             SELECT 's', 't', $2, $2, $2, 'u' WHERE NOT $1",
            "INSERT INTO {countersign_session} ({countersign_session.sessionId}, {countersign_session.dontRemember}) SELECT 's', $1 WHERE $2 IS NOT NULL",
            "INSERT INTO {countersign_audit} (id, event, {countersign_audit.userId}, at) SELECT 'a', 'signed-in', 'u', $2 WHERE NOT $1",
        ] {
            assert_eq!(tx.run(statement, args![false, NOW]).await, Ok(1), "{statement}");
        }
        assert_eq!(tx.run("DELETE FROM {user}", args![]).await, Ok(1));
        for (count, expected) in [
            ("SELECT count(*) FROM {session}", 0),
            ("SELECT count(*) FROM {countersign_session}", 0),
            ("SELECT count(*) FROM {countersign_audit}", 1),
        ] {
            assert_eq!(tx.one::<i64>(count, args![]).await, Ok(expected), "{count}");
        }
        let rewritten = tx.run("UPDATE {countersign_audit} SET event = 'nothing'", args![]).await;
        assert!(rewritten.is_err(), "the audit log is append-only");
    }
}

/// Table, column, type and whether null may stand there.
#[derive(Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Column {
    place: String,
    holds: String,
    not_null: bool,
}

impl FromRow for Column {
    fn from_row(row: &Row<'_>) -> Result<Self, Error> {
        Ok(Self { place: row.text("place")?, holds: row.text("holds")?, not_null: row.bool("not_null")? })
    }
}

async fn columns(db: &Db) -> Vec<Column> {
    let statement = match db.kind() {
        Kind::Sqlite => {
            "SELECT m.name || '.' || c.name AS place, lower(c.type) AS holds, c.\"notnull\" AS not_null \
             FROM sqlite_schema m, pragma_table_info(m.name) c \
             WHERE m.type = 'table' AND m.name NOT LIKE 'sqlite_%'"
        }
        Kind::Postgres => {
            "SELECT table_name || '.' || column_name AS place, data_type::text AS holds, is_nullable = 'NO' AS not_null \
             FROM information_schema.columns WHERE table_schema = current_schema()"
        }
    };
    let mut columns = db.read().await.unwrap().all::<Column>(statement, args![]).await.unwrap();
    columns.sort();
    columns
}

/// Where the types of the two databases differ on purpose, and nowhere else.
const DELIBERATE: [(&str, &str); 3] =
    [("integer", "boolean"), ("date", "timestamp with time zone"), ("integer", "bigint")];

#[test]
fn has_the_same_tables_columns_and_nullability_on_both_databases() {
    countersign_testkit::run(async {
        let (one, other) = (Place::sqlite(), Place::postgres().await);
        let (sqlite, postgres) = (columns(&one.migrated().await).await, columns(&other.migrated().await).await);
        assert_eq!(sqlite.len(), postgres.len());
        for (sqlite, postgres) in sqlite.iter().zip(&postgres) {
            assert_eq!((&sqlite.place, sqlite.not_null), (&postgres.place, postgres.not_null));
            let types = (sqlite.holds.as_str(), postgres.holds.as_str());
            assert!(types.0 == types.1 || DELIBERATE.contains(&types), "{}: {types:?}", sqlite.place);
        }
    });
}

#[test]
fn knows_every_column_of_the_tables_it_makes() {
    countersign_testkit::run(async {
        let place = Place::sqlite();
        let db = place.migrated().await;
        let known = TABLES.iter().copied().chain(OURS);
        let known = known.flat_map(|table| {
            let all = db.names().render(&format!("{{{table}.*}}")).unwrap();
            all.split(", ").map(|column| format!("{table}.{}", column.split('"').nth(1).unwrap())).collect::<Vec<_>>()
        });
        let made = columns(&db).await.into_iter().map(|column| column.place);
        assert_eq!(known.collect::<BTreeSet<_>>(), made.collect::<BTreeSet<_>>());
    });
}
