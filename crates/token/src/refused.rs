//! Why a token is refused: one variant per reason.

use std::fmt;

/// One row per reason: what it means, its stable code, and a sentence that may be shown.
macro_rules! refusals {
    ($($(#[$doc:meta])+ $variant:ident => $code:literal, $sentence:literal;)+) => {
        /// Why a token, or the person it names, is refused.
        ///
        /// The sentence of `Display` may be shown to the caller: it holds no value from the token, no key and no parser
        /// detail.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        #[non_exhaustive]
        pub enum Refused {
            $($(#[$doc])+ $variant,)+
        }

        impl Refused {
            /// Every reason there is, in the order of the checks.
            pub const ALL: &[Self] = &[$(Self::$variant),+];

            /// A stable name for logs, metrics and problem documents.
            #[must_use]
            pub fn code(&self) -> &'static str {
                match self {
                    $(Self::$variant => $code,)+
                }
            }
        }

        impl fmt::Display for Refused {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(match self {
                    $(Self::$variant => $sentence,)+
                })
            }
        }
    };
}

refusals! {
    /// More than [`MAX_TOKEN_BYTES`](crate::MAX_TOKEN_BYTES); refused before anything is decoded.
    TooLong => "too_long", "the token is too long";
    /// Not exactly three parts separated by dots (RFC 7515 section 3.1).
    NotThreeParts => "not_three_parts", "the token does not have three parts";
    /// A part is not base64url without padding, or has unused bits that are not zero (RFC 7515 section 2).
    InvalidEncoding => "invalid_encoding", "the token is not strict base64url";
    /// The header is not a JSON object in UTF-8 (RFC 7515 section 5.2).
    InvalidHeader => "invalid_header", "the header is not a JSON object";
    /// A member of the header that must be a string is something else.
    InvalidHeaderMember => "invalid_header_member", "a header member has the wrong type";
    /// A member name appears twice in an object (RFC 7515 section 4, RFC 7519 section 4).
    DuplicateMember => "duplicate_member", "a member name appears twice";
    /// `crit` or `b64` is present: no extension is understood (RFC 7515 section 4.1.11, RFC 7797 section 7).
    UnsupportedExtension => "unsupported_extension", "the token demands an extension that is not supported";
    /// `alg` is absent, `none`, or no algorithm we know by its exact name (RFC 8725 section 3.1).
    UnsupportedAlgorithm => "unsupported_algorithm", "the algorithm is not supported";
    /// `alg` is not the algorithm of the key (RFC 8725 section 3.1).
    AlgorithmMismatch => "algorithm_mismatch", "the algorithm is not the one of the key";
    /// `typ` names another kind of token (RFC 8725 section 3.11).
    WrongType => "wrong_type", "the token is of another kind";
    /// `kid` names no configured key.
    UnknownKey => "unknown_key", "the key is not known";
    /// The signature does not hold, is empty, or has the wrong length.
    InvalidSignature => "invalid_signature", "the signature is not valid";
    /// The payload is not a JSON object in UTF-8 (RFC 7519 section 7.2).
    InvalidPayload => "invalid_payload", "the payload is not a JSON object";
    /// `sub` is absent.
    MissingSubject => "missing_subject", "the token names no subject";
    /// `sub` is not a string of 1 to 255 bytes without ASCII control characters.
    InvalidSubject => "invalid_subject", "the subject is not valid";
    /// `exp` is absent.
    MissingExpiry => "missing_expiry", "the token has no expiry";
    /// `exp` is not a number of seconds (RFC 7519 section 4.1.4).
    InvalidExpiry => "invalid_expiry", "the expiry is not a valid time";
    /// `iat` is absent.
    MissingIssuedAt => "missing_issued_at", "the token has no time of issue";
    /// `iat` is not a number of seconds (RFC 7519 section 4.1.6).
    InvalidIssuedAt => "invalid_issued_at", "the time of issue is not a valid time";
    /// `nbf` is present and not a number of seconds (RFC 7519 section 4.1.5).
    InvalidNotBefore => "invalid_not_before", "the start of validity is not a valid time";
    /// `email`, `jti`, `sid`, `iss` or `aud` is present with the wrong JSON type.
    InvalidClaim => "invalid_claim", "a claim has the wrong type";
    /// `exp` is not in the future.
    Expired => "expired", "the token has expired";
    /// `nbf` is in the future.
    NotYetValid => "not_yet_valid", "the token is not valid yet";
    /// `iat` is in the future.
    IssuedInTheFuture => "issued_in_the_future", "the token was issued in the future";
    /// `iat` is after `exp`.
    ExpiresBeforeIssued => "expires_before_issued", "the token expired before it was issued";
    /// `exp - iat` is more than the policy's longest lifetime.
    LivesTooLong => "lives_too_long", "the token lives longer than is allowed";
    /// `iss` is absent or not the expected one (RFC 8725 section 3.8).
    WrongIssuer => "wrong_issuer", "the issuer is not the expected one";
    /// `aud` does not name this verifier (RFC 7519 section 4.1.3).
    WrongAudience => "wrong_audience", "the token is meant for another audience";
    /// The directory knows no such user.
    UnknownSubject => "unknown_subject", "the subject is not known";
    /// The user is suspended.
    Suspended => "suspended", "the account is suspended";
    /// The session the token belongs to has ended.
    SessionEnded => "session_ended", "the session has ended";
    /// The directory cannot answer. Nothing is said about the token: answer 503, never 401.
    Unavailable => "unavailable", "the directory cannot answer now";
}

impl std::error::Error for Refused {}

impl Refused {
    /// The error code of RFC 6750 section 3.1, or `None` for [`Refused::Unavailable`], which is no fault of the token.
    #[must_use]
    pub fn bearer_error(&self) -> Option<&'static str> {
        match self {
            Self::Unavailable => None,
            _ => Some("invalid_token"),
        }
    }
}
