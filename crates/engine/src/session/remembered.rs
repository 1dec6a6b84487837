//! What a cache cookie remembers of a session, and when that is believed (docs/wire.md 5.6, 5.9).

use countersign_db::Timestamp;
use countersign_token::{
    Claims, SessionData, SessionDataCompact, SessionDataDraft, SessionDataJwe, SessionDataJwt, Standing,
};
use serde::Serialize;

use super::rules;
use crate::config::{CookieCache, Strategy};
use crate::user::rules::is_suspended;
use crate::{Caller, Engine, Error, chance};

/// What a genuine cache cookie remembers of a session.
#[derive(Clone, Debug)]
pub struct Remembered {
    /// The session and its user as they were then.
    pub caller: Caller,
    /// When that was.
    pub written_at: Timestamp,
    /// When the cookie ends.
    pub ends_at: Timestamp,
}

impl Engine {
    /// The value of a cache cookie for a session and its user as answers show them.
    ///
    /// # Errors
    /// [`Error::Sign`].
    pub fn session_data(
        &self,
        session: &impl Serialize,
        user: &impl Serialize,
        dont_remember: bool,
    ) -> Result<String, Error> {
        let CookieCache { strategy, version, .. } = &self.config.session.cookie_cache;
        let now = self.clock.now();
        let end = now.plus_seconds(rules::remembered_for(dont_remember, &self.config.session.cookie_cache));
        let draft = SessionDataDraft::new(session, user, now.millis(), version)?;
        let secret = self.secrets().current();
        Ok(match strategy {
            Strategy::Compact => SessionDataCompact::sign(&draft, end.millis(), secret),
            Strategy::Jwt => SessionDataJwt::sign(&draft, (now.seconds(), end.seconds()), secret),
            Strategy::Jwe => {
                let jti = chance::id(&*self.chance, now);
                let iv = chance::bytes(&*self.chance);
                SessionDataJwe::seal(&draft, (now.seconds(), end.seconds()), (&jti, iv), secret)?
            }
        })
    }

    /// What such a value says, if it is genuine and of the version that is set.
    pub fn read_session_data(&self, raw: &str) -> Option<SessionData> {
        let CookieCache { strategy, version, .. } = &self.config.session.cookie_cache;
        let data = match strategy {
            Strategy::Compact => SessionDataCompact::verify(raw, self.secrets()),
            Strategy::Jwt => SessionDataJwt::verify(raw, self.secrets()),
            Strategy::Jwe => SessionDataJwe::open(raw, self.secrets()),
        };
        data.filter(|data| data.version == *version)
    }

    /// Takes a session for live because a cache cookie remembers it, without asking the database. None where anything speaks
    /// against that: its time has passed, the refusals would refuse an access token of that session, user and age, or this
    /// node has not heard of refusals lately. Then the rows decide.
    pub fn recall(&self, remembered: Remembered) -> Option<Caller> {
        let now = self.clock.now();
        let Remembered { caller: Caller { session, user }, written_at, ends_at } = &remembered;
        let end = rules::forgotten_at(session, *written_at, *ends_at, &self.config.session.cookie_cache);
        let good = now < end
            && session.user_id == user.id
            && !is_suspended(user, now)
            && self.feed_is_stale() == Some(false)
            && self.refusal_of(&remembered, now).is_none();
        good.then_some(remembered.caller)
    }

    fn refusal_of(&self, remembered: &Remembered, now: Timestamp) -> Option<Standing> {
        let Caller { session, user } = &remembered.caller;
        let (iat, exp) = (remembered.written_at.seconds(), remembered.ends_at.seconds());
        let mut claims = Claims::new(&*user.id, iat, exp);
        claims.sid = Some(session.id.clone());
        self.feed.known().refusals.standing(&claims, now.seconds())
    }
}
