//! The tables we know, by their logical names: Better Auth's, described so that they come out as its own CLI makes them
//! (1.7.25 with the plugins jwt, bearer and admin), and ours, whose DDL is written in pairs under `migrations/`.

use crate::Holds;

/// One column of a Better Auth table.
#[derive(Clone, Copy, Debug)]
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
    /// The column by which the table is known again under another name.
    pub(crate) mark: &'static str,
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

impl Table {
    /// Its columns, `id` first.
    pub(crate) fn with_id(&self) -> impl Iterator<Item = Column> {
        std::iter::once(text("id").not_null()).chain(self.columns.iter().copied())
    }
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
        mark: "emailVerified",
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
        mark: "token",
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
        mark: "providerId",
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
        mark: "identifier",
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
        mark: "privateKey",
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

/// Columns that a version of Better Auth demanded and none does now. They are not made, and filled where they are.
pub(crate) const FORMER: &[(&str, &str)] = &[("account", "issuer")];

/// Our own tables and their columns; a test compares them with what the migrations make.
pub(crate) const OURS: &[(&str, &[&str])] = &[
    ("countersign_migration", &["version", "name", "appliedAt"]),
    ("countersign_session", &["sessionId", "generation", "dontRemember", "advancedAt"]),
    ("countersign_audit", &["id", "at", "event", "userId", "sessionId", "address", "detail"]),
    ("countersign_feed", &["seq", "kind", "subject", "since", "until", "at"]),
    ("countersign_epoch", &["epoch"]),
    ("countersign_rate_limit", &["key", "count", "until"]),
    (
        "countersign_outbox",
        &["id", "kind", "recipient", "content", "createdAt", "expiresAt", "nextAt", "attempts", "sentAt", "lastError"],
    ),
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
    Step {
        version: 4,
        name: "rate limit",
        sqlite: include_str!("../migrations/0004_rate_limit.sqlite.sql"),
        postgres: include_str!("../migrations/0004_rate_limit.postgres.sql"),
    },
    Step {
        version: 5,
        name: "outbox",
        sqlite: include_str!("../migrations/0005_outbox.sqlite.sql"),
        postgres: include_str!("../migrations/0005_outbox.postgres.sql"),
    },
];
