//! Signing up.

use schemars::JsonSchema;
use serde::Serialize;

use crate::user::{IMAGE_MAX, NAME_MAX, User};
use crate::{Address, Anyone, Endpoint, Method, NonEmpty, Rest, Text, error::errors, request::request};

/// `POST /sign-up/email`.
#[derive(Debug)]
pub struct Email;

impl Endpoint for Email {
    const METHOD: Method = Method::Post;
    const PATH: &'static str = "/sign-up/email";
    const SUMMARY: &'static str = "Register a user with an e-mail address and a password, and sign in.";
    const TAKES_FORMS: bool = true;
    const FORM_CSRF: bool = true;
    type Auth = Anyone;
    type Request = EmailRequest;
    type Reply = Reply;
    type Error = EmailError;
}

request! {
    /// What `POST /sign-up/email` takes.
    pub struct EmailRequest { body record;
        /// The display name.
        "name" => name: Text<NAME_MAX>,
        /// The e-mail address.
        "email" => email: Address,
        /// The password.
        "password" => password: NonEmpty,
        /// The address of a picture.
        "image" => image: Option<Text<IMAGE_MAX>>,
        /// Where a link in a verification mail leads.
        "callbackURL" => callback_url: Option<String>,
        /// Whether the session outlives the browser's.
        "rememberMe" => remember_me: Option<bool>,
        /// The whole body, for names that may not be set.
        "*" => rest: Rest,
    }
}

/// What signing up answers.
#[derive(Clone, Serialize, JsonSchema)]
pub struct Reply {
    /// An access token; none if signing up does not sign in.
    pub token: Option<String>,
    /// The new user.
    pub user: User,
}

errors! {
    /// Why a sign-up is refused.
    pub enum EmailError {
        Disabled = 400 "EMAIL_PASSWORD_SIGN_UP_DISABLED" "Email and password sign up is not enabled",
        PasswordTooShort = 400 "PASSWORD_TOO_SHORT" "Password too short",
        PasswordTooLong = 400 "PASSWORD_TOO_LONG" "Password too long",
        PasswordCompromised = 400 "PASSWORD_COMPROMISED" "The password you entered has been compromised. Please choose a different password.",
        FieldNotAllowed = 400 "FIELD_NOT_ALLOWED" "Field not allowed to be set",
        MissingField = 400 "MISSING_FIELD" "Field is required",
        Invalid = 400 "VALIDATION_ERROR" "Validation Error",
        AlreadyExists = 422 "USER_ALREADY_EXISTS_USE_ANOTHER_EMAIL" "User already exists. Use another email.",
        FailedToCreateUser = 422 "FAILED_TO_CREATE_USER" "Failed to create user",
        FailedToCreateSession = 400 "FAILED_TO_CREATE_SESSION" "Failed to create session",
    }
}
