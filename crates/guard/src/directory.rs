//! Who says whether a user exists and is active.

use std::future::Future;

use countersign_token::{Claims, Standing, Unavailable};

/// Says whether the subject of a verified token exists and is active. Asked on every request, so it should answer from
/// memory.
///
/// ```
/// use countersign_guard::{Claims, Directory, Standing, Unavailable};
///
/// struct Staff;
///
/// impl Directory for Staff {
///     async fn standing(&self, claims: &Claims) -> Result<Standing, Unavailable> {
///         match claims.sub.as_str() {
///             "ada" => Ok(Standing::Active { role: Some("admin".to_owned()) }),
///             _ => Ok(Standing::Unknown),
///         }
///     }
/// }
/// ```
pub trait Directory: Send + Sync + 'static {
    /// What is known of the user, and of the session the token belongs to where it names one.
    ///
    /// Answer [`Unavailable`] when it cannot be known now: the caller hears 503, never 401.
    fn standing(&self, claims: &Claims) -> impl Future<Output = Result<Standing, Unavailable>> + Send;
}

/// Every subject is active for as long as its token lives, and has no role.
///
/// Fit for a service that holds no users of its own. A suspended user is refused only when the token expires: let tokens
/// live 15 minutes or less there (RFC 9700 section 4.10).
#[derive(Clone, Copy, Debug, Default)]
pub struct TrustTheToken;

impl Directory for TrustTheToken {
    async fn standing(&self, _: &Claims) -> Result<Standing, Unavailable> {
        Ok(Standing::Active { role: None })
    }
}
