//! Databases as Better Auth and the tools around it make them.
//!
//! The DDL is what the tools printed; the first line of each file says which.

use countersign_db::Kind;
use countersign_server::config::{Config, Sources};

use crate::Place;

/// A database that one of the tools made.
#[derive(Debug)]
pub struct Made {
    /// What it is called in tests: the tool, what is peculiar, and the database.
    pub name: &'static str,
    /// Which database.
    pub kind: Kind,
    /// The statements of the tool.
    pub ddl: &'static str,
    /// The settings under which it is served, each as key and TOML value.
    pub settings: &'static [(&'static str, &'static str)],
    /// The columns of tables that are there which a migration adds.
    pub adds: &'static [&'static str],
}

const DRIZZLE: (&str, &str) = ("database.camel_case", "false");
const PLURAL: (&str, &str) = ("database.use_plural", "true");
const MILLISECONDS: (&str, &str) = ("database.dates", "\"milliseconds\"");
/// The columns of the `admin` plugin.
const ADMIN: &[&str] = &["user.role", "user.banned", "user.banReason", "user.banExpires", "session.impersonatedBy"];
/// What the `jwt` plugin has not said of keys before 1.7.
const KEYS: &[&str] = &["jwks.alg", "jwks.crv"];
/// Names somebody chose.
const MAPPED: &[(&str, &str)] = &[
    ("user.model_name", "\"people\""),
    ("user.fields.email", "\"mail_address\""),
    ("user.fields.name", "\"full_name\""),
    ("user.fields.role", "\"user_role\""),
    ("user.fields.ban_expires", "\"ban_ends_at\""),
    ("session.model_name", "\"visits\""),
    ("session.fields.user_id", "\"person_id\""),
    ("session.fields.expires_at", "\"ends_at\""),
    ("account.model_name", "\"logins\""),
    ("account.fields.user_id", "\"person_id\""),
    ("verification.model_name", "\"proofs\""),
    ("jwks.model_name", "\"signing_keys\""),
];

macro_rules! made {
    ($($name:ident: $kind:ident, $file:literal, $settings:expr, adds $adds:expr;)*) => {
        /// All of them.
        pub const MADE: &[Made] = &[$(Made {
            name: stringify!($name),
            kind: Kind::$kind,
            ddl: include_str!(concat!("../data/databases/", $file, ".sql")),
            settings: $settings,
            adds: $adds,
        }),*];

        /// Makes of a test body, an `async fn` of one `Made`, a test for each of them.
        #[macro_export]
        macro_rules! made_databases {
            ($body:ident) => { $(
                #[test]
                fn $name() {
                    $crate::run(async { $body($crate::databases::Made::named(stringify!($name))).await });
                }
            )* };
        }
    };
}

made! {
    kysely_1_4_sqlite: Sqlite, "kysely-1.4.sqlite", &[], adds ADMIN;
    kysely_1_4_postgres: Postgres, "kysely-1.4.postgres", &[], adds ADMIN;
    kysely_1_5_sqlite: Sqlite, "kysely-1.5.sqlite", &[], adds ADMIN;
    kysely_1_5_postgres: Postgres, "kysely-1.5.postgres", &[], adds ADMIN;
    kysely_1_6_sqlite: Sqlite, "kysely-1.6.sqlite", &[], adds ADMIN;
    kysely_1_6_postgres: Postgres, "kysely-1.6.postgres", &[], adds ADMIN;
    kysely_1_6_plugins_sqlite: Sqlite, "kysely-1.6-plugins.sqlite", &[], adds KEYS;
    kysely_1_6_plugins_postgres: Postgres, "kysely-1.6-plugins.postgres", &[], adds KEYS;
    kysely_1_7_1_sqlite: Sqlite, "kysely-1.7.1.sqlite", &[], adds ADMIN;
    kysely_1_7_1_postgres: Postgres, "kysely-1.7.1.postgres", &[], adds ADMIN;
    kysely_uuid_postgres: Postgres, "kysely-uuid.postgres", &[], adds &[];
    kysely_mapped_sqlite: Sqlite, "kysely-mapped.sqlite", MAPPED, adds &[];
    kysely_mapped_postgres: Postgres, "kysely-mapped.postgres", MAPPED, adds &[];
    drizzle_plural_sqlite: Sqlite, "drizzle-plural.sqlite", &[DRIZZLE, PLURAL, MILLISECONDS], adds &[];
    drizzle_postgres: Postgres, "drizzle.postgres", &[DRIZZLE], adds &[];
    drizzle_plural_uuid_postgres: Postgres, "drizzle-plural-uuid.postgres", &[DRIZZLE, PLURAL], adds &[];
    prisma_sqlite: Sqlite, "prisma.sqlite", &[], adds &[];
    prisma_engine_sqlite: Sqlite, "prisma.sqlite", &[MILLISECONDS], adds &[];
    prisma_postgres: Postgres, "prisma.postgres", &[], adds &[];
}

impl Made {
    /// The one of this name.
    ///
    /// # Panics
    /// When there is none.
    #[must_use]
    pub fn named(name: &str) -> &'static Self {
        MADE.iter().find(|made| made.name == name).expect("a database of this name")
    }

    /// Such a database, as it was made.
    ///
    /// # Panics
    /// When it cannot be made.
    pub async fn place(&self) -> Place {
        let place = match self.kind {
            Kind::Sqlite => Place::sqlite(),
            Kind::Postgres => Place::postgres().await,
        };
        let db = place.open().await;
        let mut tx = db.write().await.expect("a transaction");
        let code = |statement: &&str| statement.lines().any(|line| !line.trim().is_empty() && !line.starts_with("--"));
        for statement in self.ddl.split(';').filter(code) {
            tx.run(statement, Vec::new()).await.expect("the tool's statement runs");
        }
        tx.commit().await.expect("the commit");
        db.close().await;
        place
    }

    /// Its settings as they would stand in the file, with a key of its own for access tokens.
    ///
    /// # Panics
    /// When they are refused.
    #[must_use]
    pub fn config(&self, place: &Place) -> Config {
        let mut text = format!(
            "database.url = {:?}\ndatabase.shared = true\ntoken.algorithm = \"EdDSA\"\nrate_limit.enabled = false\n",
            place.url()
        );
        for (key, value) in self.settings {
            text.push_str(&format!("{key} = {value}\n"));
        }
        let file = std::env::temp_dir().join(format!("{}_{}.toml", self.name, std::process::id()));
        std::fs::write(&file, text).expect("a settings file");
        let config = Sources::new(Some(file.clone()), []).and_then(|sources| Config::load(&sources));
        std::fs::remove_file(file).expect("the settings file goes");
        config.expect("settings that make sense")
    }
}
