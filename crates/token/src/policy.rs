//! What a verifier demands of verified claims. There is no way to switch a check off.

use crate::{ClaimsRef, Refused};

/// The most leeway a policy may give, in seconds.
pub const MAX_LEEWAY: u32 = 60;

const DAY: u32 = 86_400;

/// What a verifier demands of the claims: who issued the token, for whom, and when.
///
/// `sub`, `exp` and `iat` are always demanded; `exp` must be in the future, `iat` and `nbf` must not.
#[derive(Clone, Debug)]
pub struct Policy {
    issuer: Option<String>,
    audiences: Vec<String>,
    leeway: i64,
    expiry_leeway: i64,
    max_lifetime: i64,
}

/// Any issuer, no audience, 5 s for `iat` and `nbf` (clocks of nodes differ), none for `exp`, at most 7 days of life.
impl Default for Policy {
    fn default() -> Self {
        Self { issuer: None, audiences: Vec::new(), leeway: 5, expiry_leeway: 0, max_lifetime: i64::from(7 * DAY) }
    }
}

impl Policy {
    /// Demands this `iss`, compared as a whole (RFC 8725 section 3.8).
    #[must_use]
    pub fn issuer(self, issuer: impl Into<String>) -> Self {
        Self { issuer: Some(issuer.into()), ..self }
    }

    /// Names this verifier: `aud` must hold this value, compared as a whole, or one of the values given by further
    /// calls. A verifier without a name refuses every token that has an `aud` (RFC 7519 section 4.1.3).
    #[must_use]
    pub fn audience(mut self, audience: impl Into<String>) -> Self {
        self.audiences.push(audience.into());
        self
    }

    /// Seconds that `iat` and `nbf` may lie in the future: 5 unless set.
    ///
    /// # Errors
    /// [`LeewayTooLong`] above [`MAX_LEEWAY`].
    pub fn leeway(self, seconds: u32) -> Result<Self, LeewayTooLong> {
        Ok(Self { leeway: bounded(seconds)?, ..self })
    }

    /// Seconds a token is still taken after its `exp`: 0 unless set.
    ///
    /// # Errors
    /// [`LeewayTooLong`] above [`MAX_LEEWAY`].
    pub fn expiry_leeway(self, seconds: u32) -> Result<Self, LeewayTooLong> {
        Ok(Self { expiry_leeway: bounded(seconds)?, ..self })
    }

    /// The most seconds between `iat` and `exp`: 7 days unless set. Give the longest lifetime ever configured.
    #[must_use]
    pub fn max_lifetime(self, seconds: u32) -> Self {
        Self { max_lifetime: i64::from(seconds), ..self }
    }

    pub(crate) fn check(&self, claims: &ClaimsRef<'_>, now: i64) -> Result<(), Refused> {
        self.check_times(claims, now)?;
        self.check_parties(claims)
    }

    fn check_times(&self, claims: &ClaimsRef<'_>, now: i64) -> Result<(), Refused> {
        let latest_start = now.saturating_add(self.leeway);
        let rules = [
            (Refused::ExpiresBeforeIssued, claims.iat > claims.exp),
            (Refused::IssuedInTheFuture, claims.iat > latest_start),
            (Refused::Expired, claims.exp.saturating_add(self.expiry_leeway) <= now),
            (Refused::NotYetValid, claims.nbf.is_some_and(|nbf| nbf > latest_start)),
            (Refused::LivesTooLong, claims.exp.saturating_sub(claims.iat) > self.max_lifetime),
        ];
        rules.into_iter().find(|(_, broken)| *broken).map_or(Ok(()), |(refused, _)| Err(refused))
    }

    fn check_parties(&self, claims: &ClaimsRef<'_>) -> Result<(), Refused> {
        if self.issuer.is_some() && self.issuer.as_deref() != claims.iss.as_deref() {
            return Err(Refused::WrongIssuer);
        }
        let is_us = |audience: &str| self.audiences.iter().any(|ours| ours == audience);
        let meant_for_us = match (self.audiences.is_empty(), claims.aud.is_empty()) {
            (true, nameless) => nameless,
            (false, _) => claims.aud.iter().any(|audience| is_us(audience)),
        };
        if meant_for_us { Ok(()) } else { Err(Refused::WrongAudience) }
    }
}

/// More leeway than [`MAX_LEEWAY`] was asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a leeway of {0} s is more than the {MAX_LEEWAY} s allowed")]
pub struct LeewayTooLong(u32);

fn bounded(seconds: u32) -> Result<i64, LeewayTooLong> {
    if seconds <= MAX_LEEWAY { Ok(i64::from(seconds)) } else { Err(LeewayTooLong(seconds)) }
}
