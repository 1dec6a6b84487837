//! Why a token is refused: one variant per reason.

/// Why a token, or the person it names, is refused.
///
/// The sentence of `Display` may be shown to the caller: it holds no value from the token, no key and no parser detail.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, thiserror::Error)]
#[non_exhaustive]
pub enum Refused {
    /// More than [`MAX_TOKEN_BYTES`](crate::MAX_TOKEN_BYTES); refused before anything is decoded.
    #[error("the token is too long")]
    TooLong,
    /// Not exactly three parts separated by dots (RFC 7515 section 3.1).
    #[error("the token does not have three parts")]
    NotThreeParts,
    /// A part is not base64url without padding, or has unused bits that are not zero (RFC 7515 section 2).
    #[error("the token is not strict base64url")]
    InvalidEncoding,
    /// The header is not a JSON object in UTF-8 (RFC 7515 section 5.2).
    #[error("the header is not a JSON object")]
    InvalidHeader,
    /// A member of the header that must be a string is something else.
    #[error("a header member has the wrong type")]
    InvalidHeaderMember,
    /// A member name appears twice in an object (RFC 7515 section 4, RFC 7519 section 4).
    #[error("a member name appears twice")]
    DuplicateMember,
    /// `crit` or `b64` is present: no extension is understood (RFC 7515 section 4.1.11, RFC 7797 section 7).
    #[error("the token demands an extension that is not supported")]
    UnsupportedExtension,
    /// `alg` is absent, `none`, or no algorithm we know by its exact name (RFC 8725 section 3.1).
    #[error("the algorithm is not supported")]
    UnsupportedAlgorithm,
    /// `alg` is not the algorithm of the key (RFC 8725 section 3.1).
    #[error("the algorithm is not the one of the key")]
    AlgorithmMismatch,
    /// `typ` names another kind of token (RFC 8725 section 3.11).
    #[error("the token is of another kind")]
    WrongType,
    /// `kid` names no configured key.
    #[error("the key is not known")]
    UnknownKey,
    /// The signature does not hold, is empty, or has the wrong length.
    #[error("the signature is not valid")]
    InvalidSignature,
    /// The payload is not a JSON object in UTF-8 (RFC 7519 section 7.2).
    #[error("the payload is not a JSON object")]
    InvalidPayload,
    /// `sub` is absent.
    #[error("the token names no subject")]
    MissingSubject,
    /// `sub` is not a string of 1 to 255 bytes without control characters.
    #[error("the subject is not valid")]
    InvalidSubject,
    /// `exp` is absent.
    #[error("the token has no expiry")]
    MissingExpiry,
    /// `exp` is not a number of seconds (RFC 7519 section 4.1.4).
    #[error("the expiry is not a valid time")]
    InvalidExpiry,
    /// `iat` is absent.
    #[error("the token has no time of issue")]
    MissingIssuedAt,
    /// `iat` is not a number of seconds (RFC 7519 section 4.1.6).
    #[error("the time of issue is not a valid time")]
    InvalidIssuedAt,
    /// `nbf` is present and not a number of seconds (RFC 7519 section 4.1.5).
    #[error("the start of validity is not a valid time")]
    InvalidNotBefore,
    /// `email`, `jti`, `sid`, `iss` or `aud` is present with the wrong JSON type.
    #[error("a claim has the wrong type")]
    InvalidClaim,
    /// `exp` is not in the future.
    #[error("the token has expired")]
    Expired,
    /// `nbf` is in the future.
    #[error("the token is not valid yet")]
    NotYetValid,
    /// `iat` is in the future.
    #[error("the token was issued in the future")]
    IssuedInTheFuture,
    /// `iat` is after `exp`.
    #[error("the token expired before it was issued")]
    ExpiresBeforeIssued,
    /// `exp - iat` is more than the policy's longest lifetime.
    #[error("the token lives longer than is allowed")]
    LivesTooLong,
    /// `iss` is absent or not the expected one (RFC 8725 section 3.8).
    #[error("the issuer is not the expected one")]
    WrongIssuer,
    /// `aud` does not name this verifier (RFC 7519 section 4.1.3).
    #[error("the token is meant for another audience")]
    WrongAudience,
    /// The directory knows no such user.
    #[error("the subject is not known")]
    UnknownSubject,
    /// The user is suspended.
    #[error("the account is suspended")]
    Suspended,
    /// The session the token belongs to has ended.
    #[error("the session has ended")]
    SessionEnded,
    /// The directory cannot answer. Nothing is said about the token: answer 503, never 401.
    #[error("the directory cannot answer now")]
    Unavailable,
}

impl Refused {
    /// A stable name for logs, metrics and problem documents.
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            Self::TooLong => "too_long",
            Self::NotThreeParts => "not_three_parts",
            Self::InvalidEncoding => "invalid_encoding",
            Self::InvalidHeader => "invalid_header",
            Self::InvalidHeaderMember => "invalid_header_member",
            Self::DuplicateMember => "duplicate_member",
            Self::UnsupportedExtension => "unsupported_extension",
            Self::UnsupportedAlgorithm => "unsupported_algorithm",
            Self::AlgorithmMismatch => "algorithm_mismatch",
            Self::WrongType => "wrong_type",
            Self::UnknownKey => "unknown_key",
            Self::InvalidSignature => "invalid_signature",
            Self::InvalidPayload => "invalid_payload",
            Self::MissingSubject => "missing_subject",
            Self::InvalidSubject => "invalid_subject",
            Self::MissingExpiry => "missing_expiry",
            Self::InvalidExpiry => "invalid_expiry",
            Self::MissingIssuedAt => "missing_issued_at",
            Self::InvalidIssuedAt => "invalid_issued_at",
            Self::InvalidNotBefore => "invalid_not_before",
            Self::InvalidClaim => "invalid_claim",
            Self::Expired => "expired",
            Self::NotYetValid => "not_yet_valid",
            Self::IssuedInTheFuture => "issued_in_the_future",
            Self::ExpiresBeforeIssued => "expires_before_issued",
            Self::LivesTooLong => "lives_too_long",
            Self::WrongIssuer => "wrong_issuer",
            Self::WrongAudience => "wrong_audience",
            Self::UnknownSubject => "unknown_subject",
            Self::Suspended => "suspended",
            Self::SessionEnded => "session_ended",
            Self::Unavailable => "unavailable",
        }
    }

    /// The error code of RFC 6750 section 3.1, or `None` for [`Refused::Unavailable`], which is no fault of the token.
    #[must_use]
    pub fn bearer_error(&self) -> Option<&'static str> {
        match self {
            Self::Unavailable => None,
            _ => Some("invalid_token"),
        }
    }
}
