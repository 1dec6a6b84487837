//! Who calls: the session a request shows, and the cookies that follow from looking for it. Every endpoint that asks goes this
//! road (docs/wire.md 6.2, 6.6).

use countersign_engine::{Caller, Error, Found, Renewal, SessionError};

use super::answer::Extras;
use super::session_data;
use super::visit::Visit;
use crate::app::App;

/// How a session is looked for.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Search {
    /// Whether finding it may renew it.
    pub(crate) renewal: Renewal,
    /// Whether a cache cookie will do.
    pub(crate) cached: bool,
}

impl Search {
    /// For an endpoint other than `/get-session`.
    pub(crate) fn elsewhere(app: &App, visit: &Visit, cached: bool) -> Self {
        let renewal = match app.config.engine.session.defer_session_refresh {
            true => Renewal::OnlySay,
            false if visit.disables_refresh() => Renewal::Never,
            false => Renewal::WhenDue,
        };
        Self { renewal, cached }
    }
}

/// A live session that was found.
#[derive(Debug)]
pub(crate) struct Live {
    /// The session and its user.
    pub(crate) caller: Caller,
    /// Whether it should be renewed and was not; none where a cache cookie was believed, which cannot tell.
    pub(crate) needs_renewal: Option<bool>,
}

/// The session the request shows. Cookies that follow go into `extras`, also with an error.
pub(crate) async fn find(
    app: &App,
    visit: &Visit,
    search: Search,
    extras: &mut Extras,
) -> Result<Option<Live>, SessionError> {
    if let Some(caller) = remembered(app, visit, search, extras) {
        return Ok(Some(Live { caller, needs_renewal: None }));
    }
    match visit.find_session(app, search.renewal).await {
        Ok(Found::Live { caller, renewed: true, .. }) => {
            extras.again((app, visit), &caller).map_err(Error::from)?;
            Ok(Some(Live { caller, needs_renewal: Some(false) }))
        }
        Ok(Found::Live { caller, needs_renewal, .. }) => {
            // As in Better Auth: not where the session ends with the browser's, and not where nothing is to change.
            if !visit.disables_refresh() && !visit.forgets(app, &caller) {
                extras.remember((app, visit), &caller, false);
            }
            Ok(Some(Live { caller, needs_renewal: Some(needs_renewal && !visit.disables_refresh()) }))
        }
        Ok(Found::Nobody) => Ok(None),
        Ok(Found::Gone) => {
            extras.clear((app, visit));
            Ok(None)
        }
        Err(error) => {
            if matches!(error, SessionError::Vanished) {
                extras.clear((app, visit));
            }
            Err(error)
        }
    }
}

/// The session a cache cookie remembers, if it may be believed. One that may not is deleted, and so is any where none is used.
fn remembered(app: &App, visit: &Visit, search: Search, extras: &mut Extras) -> Option<Caller> {
    let raw = visit.cookies.session_data(&app.cookies)?;
    if !app.config.engine.session.cookie_cache.enabled {
        extras.cookies.clear_session_data(&app.cookies, &visit.cookies);
        return None;
    }
    let token = visit.session_token(app)?;
    if !search.cached || visit.disables_cookie_cache() {
        return None;
    }
    let caller = session_data::read(app, &raw, &token).and_then(|remembered| app.engine.recall(remembered));
    if caller.is_none() {
        extras.cookies.expire_session_data(&app.cookies);
    }
    caller
}
