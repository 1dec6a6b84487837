//! Renewing sessions with refresh tokens.

use schemars::JsonSchema;
use serde::Deserialize;

use super::Problems;

/// Renewing sessions with refresh tokens.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Refresh {
    /// Whether the endpoints that hand out and take refresh tokens answer.
    pub enabled: bool,
    /// Seconds during which a spent refresh token gives the same answer once more, for lost replies and racing tabs; at most
    /// 300. Shown later, it ends its session.
    pub grace: u16,
}

impl Refresh {
    pub(super) fn check(&self, problems: &mut Problems) {
        problems.unless(self.grace <= MAX_GRACE, "refresh.grace", || {
            format!("({} s) must not be greater than {MAX_GRACE} seconds", self.grace)
        });
    }
}

/// The longest grace, in seconds: as long as a stolen token may be used beside its owner's without a trace.
const MAX_GRACE: u16 = 300;

impl Default for Refresh {
    fn default() -> Self {
        Self { enabled: true, grace: 30 }
    }
}
