//! How often the password of one account may be guessed, from however many addresses (security H4).
//!
//! ```text
//! an attempt ──> the account's counter ──┬─> room: it may be judged
//!                                        └─> full ──┬─> from a network where the account has a session:
//!                                                   │   a counter of that network's own ──┬─> room: it may be judged
//!                                                   │                                     └─> full: denied
//!                                                   └─> from elsewhere: denied, right or wrong
//! the right password ──> both begin anew
//! ```
//!
//! So guessing from many addresses is slow, and no stranger locks the owner out of where they are at home: who guesses there
//! has to be there. An address nobody has is counted like any other. Attempts are counted before they are judged, so that
//! of many at once each counts. Who is denied and has neither place nor patience resets the password by mail.

use std::net::IpAddr;

use countersign_engine::rate_limit::Rule;
use sha2::{Digest, Sha256};

use super::address::counted;
use super::problem::Problem;
use super::rate_limit::{AccountDigest, Key, denial};
use super::visit::Visit;
use crate::app::App;

/// Ten attempts, and no further one until a quarter of an hour after the last of them: below a thousand a day. NIST SP
/// 800-63B-4 section 3.2.2 allows a hundred in a row.
pub(super) const RULE: Rule = Rule { window: 15 * 60, max: 10 };

/// An attempt that may be judged.
pub(super) struct Guess {
    account: AccountDigest,
    network: Option<IpAddr>,
}

impl Guess {
    /// Counts an attempt to sign in with this e-mail address.
    ///
    /// # Errors
    /// 429, where it is one too many.
    pub(super) async fn count(app: &App, visit: &Visit, email: &str, path: &'static str) -> Result<Self, Problem> {
        let guess = Self { account: digest(email), network: visit.address.map(counted) };
        if let Err(too_many) = app.limiter.count_guess(app, Key::Account(guess.account, None), RULE).await {
            let at_home = guess.is_at_home(app, email).await?;
            let own = Key::Account(guess.account, guess.network);
            let counted = if at_home { app.limiter.count_guess(app, own, RULE).await } else { Err(too_many) };
            counted.map_err(|too_many| denial(app, path, too_many))?;
        }
        Ok(guess)
    }

    /// The password was right.
    pub(super) async fn was_right(self, app: &App) {
        app.limiter.clear(app, Key::Account(self.account, None)).await;
        if self.network.is_some() {
            app.limiter.clear(app, Key::Account(self.account, self.network)).await;
        }
    }

    /// Whether the account has a session in the network this attempt comes from.
    async fn is_at_home(&self, app: &App, email: &str) -> Result<bool, Problem> {
        let Some(here) = self.network else { return Ok(false) };
        let homes = app.engine.addresses_of(email).await.map_err(|error| Problem::internal(&error.to_string()))?;
        Ok(homes.into_iter().any(|home| counted(home.to_canonical()) == here))
    }
}

/// Half of the SHA-256 of the address in its one spelling: enough to tell accounts apart, and no address in the table.
fn digest(email: &str) -> AccountDigest {
    let whole: [u8; 32] = Sha256::digest(email.to_lowercase()).into();
    std::array::from_fn(|at| whole.get(at).copied().unwrap_or_default())
}
