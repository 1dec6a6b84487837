//! How long a session lives.

use countersign_db::Timestamp;

use crate::{Session, config};

/// Seconds a session lives that is not to be remembered (docs/wire.md 6.1).
pub const DONT_REMEMBER_LIFETIME: i64 = 86_400;

/// When a session made or renewed at `now` ends.
pub fn expires_at(now: Timestamp, dont_remember: bool, config: &config::Session) -> Timestamp {
    now.plus_seconds(if dont_remember { DONT_REMEMBER_LIFETIME } else { config.expires_in.into() })
}

/// When a session ends that is renewed at `now`: never later than `max_age` after it began, and never sooner than it does
/// already.
pub fn renewed_until(session: &Session, now: Timestamp, config: &config::Session) -> Timestamp {
    let latest = session.created_at.plus_seconds(config.max_age.into());
    expires_at(now, false, config).min(latest).max(session.expires_at)
}

/// Whether the session began longer than `max_age` ago, so that no refresh token renews it.
pub fn is_too_old(session: &Session, now: Timestamp, config: &config::Session) -> bool {
    session.created_at.plus_seconds(config.max_age.into()) <= now
}

/// Whether the session is over.
pub fn has_ended(session: &Session, now: Timestamp) -> bool {
    session.expires_at <= now
}

/// Seconds for which a cache cookie is good, as in Better Auth: it goes with the browser where the session does, and is then
/// good for less, but for the forms that are JWTs.
pub fn remembered_for(dont_remember: bool, config: &config::CookieCache) -> i64 {
    match (dont_remember, config.strategy) {
        (false, _) => config.max_age.into(),
        (true, config::Strategy::Compact) => 60.min(config.max_age.into()),
        (true, config::Strategy::Jwt | config::Strategy::Jwe) => 300.min(config.max_age.into()),
    }
}

/// When a cache cookie stops to count: when it ends, and no later than `max_age` after it was written, whoever wrote it, nor
/// than its session ends.
pub fn forgotten_at(
    session: &Session,
    written_at: Timestamp,
    ends_at: Timestamp,
    config: &config::CookieCache,
) -> Timestamp {
    written_at.plus_seconds(config.max_age.into()).min(ends_at).min(session.expires_at)
}

/// Whether it is time to renew: `update_age` after it was made or last renewed, if it can end any later. A session that is
/// not to be remembered is never renewed.
pub fn renewal_is_due(session: &Session, dont_remember: bool, now: Timestamp, config: &config::Session) -> bool {
    let renewed_at = session.expires_at.plus_seconds(-i64::from(config.expires_in));
    !dont_remember
        && !session.dont_remember
        && !config.disable_session_refresh
        && renewed_at.plus_seconds(config.update_age.into()) <= now
        && session.expires_at < renewed_until(session, now, config)
}

/// Whether the session is young enough for endpoints that ask for a fresh one; always, if `fresh_age` is 0.
pub fn is_fresh(session: &Session, now: Timestamp, config: &config::Session) -> bool {
    config.fresh_age == 0 || now < session.created_at.plus_seconds(config.fresh_age.into())
}

#[cfg(test)]
mod tests {
    use super::*;

    const DAY: i64 = 86_400;

    fn session(dont_remember: bool) -> Session {
        let now = Timestamp::from_millis(0);
        Session {
            id: "s".into(),
            expires_at: expires_at(now, dont_remember, &config::Session::default()),
            token: "t".into(),
            created_at: now,
            updated_at: now,
            ip_address: None,
            user_agent: None,
            user_id: "u".into(),
            impersonated_by: None,
            dont_remember,
            additional: countersign_db::Additional::default(),
        }
    }

    fn at(seconds: i64) -> Timestamp {
        Timestamp::from_millis(seconds * 1000)
    }

    #[test]
    fn a_remembered_session_lives_a_week_and_another_a_day() {
        assert!(!has_ended(&session(false), at(7 * DAY - 1)));
        assert!(has_ended(&session(false), at(7 * DAY)));
        assert!(!has_ended(&session(true), at(DAY - 1)));
        assert!(has_ended(&session(true), at(DAY)));
    }

    #[test]
    fn renewal_is_due_a_day_after_the_last_one_and_never_for_one_not_remembered() {
        let config = config::Session::default();
        assert!(!renewal_is_due(&session(false), false, at(DAY - 1), &config));
        assert!(renewal_is_due(&session(false), false, at(DAY), &config));
        assert!(!renewal_is_due(&session(false), true, at(DAY), &config), "the cookie says so");
        assert!(!renewal_is_due(&session(true), false, at(DAY), &config), "the row says so");
        let never = config::Session { disable_session_refresh: true, ..config };
        assert!(!renewal_is_due(&session(false), false, at(DAY), &never));
    }

    #[test]
    fn no_renewal_goes_beyond_the_greatest_age_or_makes_a_session_shorter() {
        let config = config::Session { max_age: 10 * 86_400, ..config::Session::default() };
        let mut session = session(false);
        assert_eq!(renewed_until(&session, at(2 * DAY), &config), at(9 * DAY));
        assert_eq!(renewed_until(&session, at(5 * DAY), &config), at(10 * DAY));
        session.expires_at = at(10 * DAY);
        assert!(!renewal_is_due(&session, false, at(9 * DAY), &config), "it cannot end any later");
        session.expires_at = at(12 * DAY);
        assert_eq!(renewed_until(&session, at(9 * DAY), &config), at(12 * DAY), "another program made it longer");
        assert!(!is_too_old(&session, at(10 * DAY - 1), &config));
        assert!(is_too_old(&session, at(10 * DAY), &config));
    }

    #[test]
    fn a_cookie_counts_until_the_first_of_three_ends() {
        let config = config::CookieCache::default();
        assert_eq!(forgotten_at(&session(false), at(100), at(160), &config), at(160), "its own");
        assert_eq!(forgotten_at(&session(false), at(100), at(9000), &config), at(400), "ours");
        let long = config::CookieCache { max_age: 864_000, ..config };
        assert_eq!(forgotten_at(&session(false), at(100), at(8 * DAY), &long), at(7 * DAY), "the session's");
    }

    #[test]
    fn a_session_is_fresh_for_a_day_or_always() {
        let config = config::Session::default();
        assert!(is_fresh(&session(false), at(DAY - 1), &config));
        assert!(!is_fresh(&session(false), at(DAY), &config));
        let always = config::Session { fresh_age: 0, ..config };
        assert!(is_fresh(&session(false), at(6 * DAY), &always));
    }
}
