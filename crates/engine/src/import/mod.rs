//! Taking users over from elsewhere, with the hashes of their passwords.

pub(crate) mod actions;
pub(crate) mod rules;

use countersign_db::Timestamp;

/// A user as another system knew it. Whoever makes one has checked that the address is one and that the texts are bounded and
/// free of NUL.
#[derive(Clone, Default)]
pub struct Newcomer {
    /// The id there, kept here so that what refers to it still does; without it a new one is made.
    pub id: Option<String>,
    /// A valid e-mail address, in any case.
    pub email: String,
    /// Whether the address was proven there.
    pub email_verified: bool,
    /// The display name.
    pub name: String,
    /// The address of a picture.
    pub image: Option<String>,
    /// The roles, joined by commas; `user` if not said.
    pub role: Option<String>,
    /// Whether the user may not sign in, and why and until when; as there.
    pub ban: Option<Ban>,
    /// When the user was created there; now, if not said.
    pub created_at: Option<Timestamp>,
    /// The stored hash of the password, of a form that [`crate::scheme::recognise`] knows.
    pub hash: Option<String>,
}

/// A suspension that is taken over.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Ban {
    /// Why.
    pub reason: Option<String>,
    /// Until when; none means for good.
    pub until: Option<Timestamp>,
}

/// Shows whom, and no hash.
impl std::fmt::Debug for Newcomer {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Newcomer").field("id", &self.id).field("email", &self.email).finish_non_exhaustive()
    }
}

/// What became of a newcomer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Imported {
    /// A user now.
    Added,
    /// Was one already, from an earlier run: nothing was changed.
    Stands,
    /// Another user has the address. Nothing was changed: who only claims an address must not get that user's account.
    AddressTaken,
    /// Another user has the id.
    IdTaken,
}
