//! The tables we know, by their logical names: Better Auth's, described so that they come out as its own CLI makes them
//! (1.7.25 with the plugins jwt, bearer and admin), and ours, whose DDL is written in pairs under `migrations/`.

/// What a column holds; each database has its own type for it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Holds {
    Text,
    Bool,
    Time,
}

/// One column of a Better Auth table.
#[derive(Debug)]
pub(crate) struct Column {
    pub(crate) name: &'static str,
    pub(crate) holds: Holds,
    pub(crate) not_null: bool,
    pub(crate) unique: bool,
    /// The table whose `id` this refers to; its rows take ours with them when they go.
    pub(crate) references: Option<&'static str>,
    /// Better Auth's CLI gives such a column `default CURRENT_TIMESTAMP` on PostgreSQL, and no default on SQLite.
    pub(crate) default_now: bool,
    /// Better Auth's CLI makes the index `<table>_<column>_idx`.
    pub(crate) indexed: bool,
}

/// One Better Auth table. Its first column, `id text not null primary key`, goes without saying.
#[derive(Debug)]
pub(crate) struct Table {
    pub(crate) name: &'static str,
    pub(crate) columns: &'static [Column],
}

const TEXT: Column = Column {
    name: "",
    holds: Holds::Text,
    not_null: false,
    unique: false,
    references: None,
    default_now: false,
    indexed: false,
};

const fn text(name: &'static str) -> Column {
    Column { name, ..TEXT }
}
const fn time(name: &'static str) -> Column {
    Column { name, holds: Holds::Time, ..TEXT }
}
const fn boolean(name: &'static str) -> Column {
    Column { name, holds: Holds::Bool, ..TEXT }
}

impl Column {
    const fn not_null(self) -> Self {
        Self { not_null: true, ..self }
    }
    const fn unique(self) -> Self {
        Self { unique: true, ..self }
    }
    const fn references(self, table: &'static str) -> Self {
        Self { references: Some(table), ..self }
    }
    const fn default_now(self) -> Self {
        Self { default_now: true, ..self }
    }
    const fn indexed(self) -> Self {
        Self { indexed: true, ..self }
    }
}

/// Better Auth's tables, each after those it refers to.
pub(crate) const BETTER_AUTH: &[Table] = &[
    Table {
        name: "user",
        columns: &[
            text("name").not_null(),
            text("email").not_null().unique(),
            boolean("emailVerified").not_null(),
            text("image"),
            time("createdAt").not_null().default_now(),
            time("updatedAt").not_null().default_now(),
            text("role"),
            boolean("banned"),
            text("banReason"),
            time("banExpires"),
        ],
    },
    Table {
        name: "session",
        columns: &[
            time("expiresAt").not_null(),
            text("token").not_null().unique(),
            time("createdAt").not_null().default_now(),
            time("updatedAt").not_null(),
            text("ipAddress"),
            text("userAgent"),
            text("userId").not_null().references("user").indexed(),
            text("impersonatedBy"),
        ],
    },
    Table {
        name: "account",
        columns: &[
            text("accountId").not_null(),
            text("providerId").not_null(),
            text("userId").not_null().references("user").indexed(),
            text("accessToken"),
            text("refreshToken"),
            text("idToken"),
            time("accessTokenExpiresAt"),
            time("refreshTokenExpiresAt"),
            text("scope"),
            text("password"),
            time("createdAt").not_null().default_now(),
            time("updatedAt").not_null(),
        ],
    },
    Table {
        name: "verification",
        columns: &[
            text("identifier").not_null().indexed(),
            text("value").not_null(),
            time("expiresAt").not_null(),
            time("createdAt").not_null().default_now(),
            time("updatedAt").not_null().default_now(),
        ],
    },
    Table {
        name: "jwks",
        columns: &[
            text("publicKey").not_null(),
            text("privateKey").not_null(),
            time("createdAt").not_null(),
            time("expiresAt"),
            text("alg"),
            text("crv"),
        ],
    },
];

/// Our own tables and their columns; a test compares them with what the migrations make.
pub(crate) const OURS: &[(&str, &[&str])] = &[
    ("countersign_migration", &["version", "name", "appliedAt"]),
    ("countersign_session", &["sessionId", "generation", "dontRemember", "advancedAt"]),
    ("countersign_audit", &["id", "at", "event", "userId", "sessionId", "address", "detail"]),
    ("countersign_feed", &["seq", "kind", "subject", "since", "until", "at"]),
    ("countersign_epoch", &["epoch"]),
];

/// One step of our own schema: the same tables written for both databases. Steps are never edited, only added.
#[derive(Debug)]
pub(crate) struct Step {
    pub(crate) version: i64,
    pub(crate) name: &'static str,
    pub(crate) sqlite: &'static str,
    pub(crate) postgres: &'static str,
}

/// All steps, in order, numbered from 1.
pub(crate) const STEPS: &[Step] = &[
    Step {
        version: 1,
        name: "session and audit",
        sqlite: include_str!("../migrations/0001_session_and_audit.sqlite.sql"),
        postgres: include_str!("../migrations/0001_session_and_audit.postgres.sql"),
    },
    Step {
        version: 2,
        name: "feed",
        sqlite: include_str!("../migrations/0002_feed.sqlite.sql"),
        postgres: include_str!("../migrations/0002_feed.postgres.sql"),
    },
    Step {
        version: 3,
        name: "renewal",
        sqlite: include_str!("../migrations/0003_renewal.sqlite.sql"),
        postgres: include_str!("../migrations/0003_renewal.postgres.sql"),
    },
];
