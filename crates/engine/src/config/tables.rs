//! The names that a database gives to Better Auth's tables and columns, as its options `modelName` and `fields` say them.

use std::borrow::Cow;
use std::collections::BTreeMap;

use countersign_db::Names;
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::Deserialize;

use super::{ChangeEmail, Config, DeleteUser, Fields, Problem, Problems};

/// Users: what they may do with their own account, what they have beside Better Auth's fields, and what the database calls their
/// table.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct User {
    /// What the database calls the table `user`.
    pub model_name: Option<String>,
    /// What the database calls its columns.
    pub fields: UserFields,
    /// Fields of one's own, which users have beside Better Auth's: a section for each, named as it is on the wire.
    pub additional_fields: Fields,
    /// Taking another address.
    pub change_email: ChangeEmail,
    /// Deleting oneself.
    pub delete_user: DeleteUser,
}

/// What a database calls the table of short-lived secrets.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Verification {
    /// What the database calls the table `verification`.
    pub model_name: Option<String>,
    /// What the database calls its columns.
    pub fields: VerificationFields,
}

/// The keys of asymmetric access tokens, in the table `jwks`.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Jwks {
    /// Seconds after which a key we made stops signing and another is made. Without it: never.
    pub rotation_interval: Option<u32>,
    /// Seconds for which a key goes on verifying after it stopped signing.
    pub grace_period: u32,
    /// What the database calls the table `jwks`.
    pub model_name: Option<String>,
    /// What the database calls its columns.
    pub fields: JwksFields,
}

impl Default for Jwks {
    fn default() -> Self {
        Self { rotation_interval: None, grace_period: 30 * 86_400, model_name: None, fields: JwksFields::default() }
    }
}

impl Jwks {
    pub(super) fn check(&self, problems: &mut Problems) {
        problems.unless(self.rotation_interval != Some(0), "jwks.rotation_interval", || {
            "must be at least 1 second".to_owned()
        });
    }
}

/// The real names of columns by their logical names in snake_case: `email_verified`.
macro_rules! fields {
    ($($name:ident of $table:literal;)*) => {$(
        #[doc = concat!("The real names of the columns of `", $table, "`, by their logical names in snake_case.")]
        #[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
        #[serde(transparent)]
        pub struct $name(pub BTreeMap<String, String>);

        impl JsonSchema for $name {
            fn inline_schema() -> bool {
                true
            }

            fn schema_name() -> Cow<'static, str> {
                stringify!($name).into()
            }

            fn json_schema(_: &mut SchemaGenerator) -> Schema {
                schema_of($table)
            }
        }
    )*};
}

fields! {
    UserFields of "user";
    SessionFields of "session";
    AccountFields of "account";
    VerificationFields of "verification";
    JwksFields of "jwks";
}

fn schema_of(table: &str) -> Schema {
    let columns = Names::columns(table).map(|column| {
        let what = format!("What the database calls the column `{column}`.");
        (Names::snake_case_of(column), serde_json::json!({ "description": what, "type": ["string", "null"] }))
    });
    json_schema!({
        "type": "object",
        "properties": columns.collect::<serde_json::Map<_, _>>(),
        "additionalProperties": false,
    })
}

impl Config {
    /// `names` with what is said about tables and columns one by one, and with those of additional fields.
    ///
    /// # Errors
    /// The first name that cannot be one, that is taken, or that is given to what Better Auth does not have.
    pub fn rename(&self, mut names: Names) -> Result<Names, Problem> {
        let Self { user, session, account, verification, jwks, .. } = self;
        for (table, (model_name, model_key), (fields, fields_key)) in [
            ("user", (&user.model_name, "user.model_name"), (&user.fields.0, "user.fields")),
            ("session", (&session.model_name, "session.model_name"), (&session.fields.0, "session.fields")),
            ("account", (&account.model_name, "account.model_name"), (&account.fields.0, "account.fields")),
            (
                "verification",
                (&verification.model_name, "verification.model_name"),
                (&verification.fields.0, "verification.fields"),
            ),
            ("jwks", (&jwks.model_name, "jwks.model_name"), (&jwks.fields.0, "jwks.fields")),
        ] {
            let problem = |key| move |error: countersign_db::Error| Problem { key, why: format!("is wrong: {error}") };
            if let Some(real) = model_name {
                names = names.table(table, real).map_err(problem(model_key))?;
            }
            for (field, real) in fields {
                let known = Names::columns(table).find(|column| Names::snake_case_of(column) == *field);
                let column = known.unwrap_or(field);
                names = names.column(table, column, real).map_err(problem(fields_key))?;
            }
        }
        for (table, fields, key) in [
            ("user", &user.additional_fields, "user.additional_fields"),
            ("session", &session.additional_fields, "session.additional_fields"),
        ] {
            names = fields.name(names, table).map_err(|error| Problem { key, why: format!("is wrong: {error}") })?;
        }
        Ok(names)
    }
}
