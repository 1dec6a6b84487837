//! The outbox: letters, and messages for a webhook, that wait in the database until somebody has carried them.
//!
//! ```text
//! an action ──> countersign_outbox ──claimed for a while──> a Carrier ──┬─ carried: the content is erased
//! (with what the letter is about,      ^                                ├─ not now: tried again, later each time
//!  in one transaction)                 └────────────────────────────────┘
//!                                                                       └─ never: refused for good, or its link expired
//! ```
//!
//! A letter is carried at least once: a process that dies after it handed one over and before it wrote that down leaves
//! it to be carried again. Usually it is carried once, because a claim holds it back from other nodes.

pub(crate) mod actions;
mod freight;
pub(crate) mod rows;
pub mod rules;

use std::fmt;

use countersign_db::Timestamp;
use serde::{Deserialize, Serialize};
use tokio::sync::Notify;

pub use actions::{Carrier, NotCarried};
pub use freight::Freight;

/// Wakes whoever carries letters, or messages, when there may be a new one.
#[derive(Debug, Default)]
pub(crate) struct Outbox {
    letters: Notify,
    messages: Notify,
}

/// What a letter is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// A link with which to choose a new password.
    ResetPassword,
    /// A link that shows the address to be its user's.
    VerifyEmail,
    /// A link with which the old address agrees to be changed.
    ChangeEmailConfirmation,
    /// A link that shows the new address to be the user's, who has it from then on.
    ChangeEmailVerification,
    /// A link with which users delete themselves.
    DeleteAccount,
    /// That somebody tried to sign up with an address whose owner has an account, where whoever tried is not told.
    SignUpAttempt,
}

/// A letter that somebody waits for.
#[derive(Clone)]
pub struct Letter {
    /// The id; the same each time the letter is carried.
    pub id: String,
    /// What it is about.
    pub kind: Kind,
    /// The address it goes to.
    pub to: String,
    /// What it says.
    pub content: Content,
    /// The language of whoever asked for it, as a language tag, if they said.
    pub language: Option<String>,
    /// When it was written.
    pub created_at: Timestamp,
    /// When its link is worth nothing any more.
    pub expires_at: Timestamp,
}

/// What a letter says: the parts of its link, and whom it is about.
#[derive(Clone, Default, Serialize, Deserialize)]
pub struct Content {
    /// The name the user chose. Anyone may have signed up with the address of another and put anything here.
    pub name: String,
    /// The secret in the link.
    pub token: String,
    /// Where the link leads in the end, if the caller said; checked before.
    pub callback_url: Option<String>,
    /// The address that is to take the place of the user's, where that is what it is about.
    #[serde(default)]
    pub new_email: Option<String>,
}

impl fmt::Debug for Letter {
    /// Without address and secret.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Letter").field("id", &self.id).field("kind", &self.kind).finish_non_exhaustive()
    }
}

impl Kind {
    /// Its name in the database, in the log, and as a template.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::ResetPassword => "reset-password",
            Self::VerifyEmail => "verify-email",
            Self::ChangeEmailConfirmation => "change-email-confirmation",
            Self::ChangeEmailVerification => "change-email-verification",
            Self::DeleteAccount => "delete-account",
            Self::SignUpAttempt => "sign-up-attempt",
        }
    }

    /// The kind with this name.
    #[must_use]
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.name() == name)
    }

    /// All kinds.
    pub const ALL: [Self; 6] = [
        Self::ResetPassword,
        Self::VerifyEmail,
        Self::ChangeEmailConfirmation,
        Self::ChangeEmailVerification,
        Self::DeleteAccount,
        Self::SignUpAttempt,
    ];
}
