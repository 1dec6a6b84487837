//! Why the engine itself fails, whatever was asked.

/// A failure that is nobody's fault who asked.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The database failed or does not answer.
    #[error(transparent)]
    Database(#[from] countersign_db::Error),
    /// The access token could not be signed.
    #[error(transparent)]
    Sign(#[from] countersign_token::CannotSign),
    /// A required additional field has no default, and nobody to ask for its value.
    #[error("`user.additional_fields`: {0}; give it a `default_value` or `required = false`")]
    Field(crate::FieldError),
    /// What was to be changed is gone.
    #[error("what was to be changed is gone")]
    NotFound,
}
