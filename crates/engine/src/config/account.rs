//! The accounts of users.

use schemars::JsonSchema;
use serde::Deserialize;

use super::AccountFields;

/// The accounts of users: the ways in which each can sign in.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Account {
    /// Linking and unlinking.
    pub account_linking: AccountLinking,
    /// Whether the tokens of an account are renewed when its user signs in with it.
    pub update_account_on_sign_in: bool,
    /// Whether access and refresh tokens of identity providers are sealed in the database. Better Auth's default is false.
    pub encrypt_oauth_tokens: bool,
    /// What the database calls the table `account`.
    pub model_name: Option<String>,
    /// What the database calls its columns.
    pub fields: AccountFields,
}

/// Linking and unlinking accounts.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct AccountLinking {
    /// Whether a user may have accounts at identity providers beside another way to sign in.
    pub enabled: bool,
    /// Whether only who is signed in links an account. Otherwise signing in at a provider does it too, where provider and we
    /// have both seen that the address is the user's.
    pub disable_implicit_linking: bool,
    /// Whether who is signed in may link an account with another address.
    pub allow_different_emails: bool,
    /// Whether a user may unlink even the last account, and so be left without a way to sign in.
    pub allow_unlinking_all: bool,
}

impl Default for Account {
    fn default() -> Self {
        Self {
            account_linking: AccountLinking::default(),
            update_account_on_sign_in: true,
            encrypt_oauth_tokens: false,
            model_name: None,
            fields: AccountFields::default(),
        }
    }
}

impl Default for AccountLinking {
    fn default() -> Self {
        Self {
            enabled: true,
            disable_implicit_linking: false,
            allow_different_emails: false,
            allow_unlinking_all: false,
        }
    }
}
