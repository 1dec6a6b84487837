//! Tasks in a SQLite file of their own. Every statement on one user's tasks names the owner, so that no handler can
//! forget to ask whose a task is.

use std::path::Path;

use countersign_engine::{Chance, SystemChance};
use sqlx::sqlite::{SqliteConnectOptions, SqliteJournalMode, SqlitePool, SqliteRow};
use sqlx::{FromRow, Row};

use crate::tasks::Task;

/// The tasks of all users. Clones share their connections.
#[derive(Clone, Debug)]
pub struct Store(SqlitePool);

impl Store {
    /// Opens the file, which is made if it is not there.
    ///
    /// # Errors
    /// What the database says.
    pub async fn open(file: &Path) -> sqlx::Result<Self> {
        let options = SqliteConnectOptions::new().filename(file).create_if_missing(true);
        let pool = SqlitePool::connect_with(options.journal_mode(SqliteJournalMode::Wal)).await?;
        sqlx::query(
            "CREATE TABLE IF NOT EXISTS tasks (
                 number INTEGER PRIMARY KEY,
                 id TEXT NOT NULL UNIQUE,
                 owner TEXT NOT NULL,
                 title TEXT NOT NULL,
                 done INTEGER NOT NULL DEFAULT 0
             )",
        )
        .execute(&pool)
        .await?;
        sqlx::query("CREATE INDEX IF NOT EXISTS tasks_by_owner ON tasks (owner)").execute(&pool).await?;
        Ok(Self(pool))
    }

    pub(crate) async fn add(&self, owner: &str, title: &str) -> sqlx::Result<Task> {
        sqlx::query_as("INSERT INTO tasks (id, owner, title) VALUES ($1, $2, $3) RETURNING *")
            .bind(new_id())
            .bind(owner)
            .bind(title)
            .fetch_one(&self.0)
            .await
    }

    /// The tasks of one user, the newest first; at most a thousand.
    pub(crate) async fn of(&self, owner: &str) -> sqlx::Result<Vec<Task>> {
        sqlx::query_as("SELECT * FROM tasks WHERE owner = $1 ORDER BY number DESC LIMIT 1000")
            .bind(owner)
            .fetch_all(&self.0)
            .await
    }

    /// Everybody's tasks, the newest first; at most a thousand.
    pub(crate) async fn all(&self) -> sqlx::Result<Vec<Task>> {
        sqlx::query_as("SELECT * FROM tasks ORDER BY number DESC LIMIT 1000").fetch_all(&self.0).await
    }

    /// The task as it is then; none if this owner has no such task.
    pub(crate) async fn toggle(&self, owner: &str, id: &str) -> sqlx::Result<Option<Task>> {
        sqlx::query_as("UPDATE tasks SET done = NOT done WHERE id = $1 AND owner = $2 RETURNING *")
            .bind(id)
            .bind(owner)
            .fetch_optional(&self.0)
            .await
    }

    /// False if this owner has no such task.
    pub(crate) async fn remove(&self, owner: &str, id: &str) -> sqlx::Result<bool> {
        let statement = sqlx::query("DELETE FROM tasks WHERE id = $1 AND owner = $2").bind(id).bind(owner);
        Ok(statement.execute(&self.0).await?.rows_affected() > 0)
    }
}

impl FromRow<'_, SqliteRow> for Task {
    fn from_row(row: &SqliteRow) -> sqlx::Result<Self> {
        Ok(Self {
            id: row.try_get("id")?,
            owner: row.try_get("owner")?,
            title: row.try_get("title")?,
            done: row.try_get("done")?,
        })
    }
}

/// A random UUID (RFC 9562 section 5.4).
fn new_id() -> String {
    let mut bytes = [0; 16];
    SystemChance.fill(&mut bytes);
    uuid::Builder::from_random_bytes(bytes).into_uuid().to_string()
}
