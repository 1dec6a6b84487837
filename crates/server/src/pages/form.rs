//! Reading what a form of ours posted.

use axum::extract::Request;
use axum::response::Response;
use countersign_contract::{Endpoint, transport};
use countersign_engine::Caller;
use http::{HeaderMap, StatusCode, header};

use super::page::{self, Site};
use crate::app::App;
use crate::http::answer::Extras;
use crate::http::cookie::SetCookies;
use crate::http::endpoint::{Admits, form_pairs, read_body};
use crate::http::problem::Problem;
use crate::http::rate_limit;
use crate::http::visit::Visit;

/// The fields of a form. They may hold a password, so they are never printed.
#[derive(Default)]
pub(crate) struct Form(Vec<(String, String)>);

/// A posted form of somebody who may do what it asks for.
pub(super) struct Theirs {
    pub(super) visit: Visit,
    pub(super) form: Form,
    pub(super) caller: Caller,
    /// What follows from looking who it is.
    pub(super) cookies: SetCookies,
}

/// A posted form, who sent it, and whether it may be acted upon.
pub(crate) struct Posted {
    pub(crate) visit: Visit,
    pub(crate) form: Form,
    pub(crate) admitted: Result<(), Problem>,
}

impl Form {
    /// The first value of a field; empty where there is none.
    pub(crate) fn text(&self, name: &str) -> &str {
        self.0.iter().find(|(known, _)| known == name).map_or("", |(_, value)| value)
    }

    /// Whether a box was ticked.
    pub(crate) fn is_ticked(&self, name: &str) -> bool {
        self.0.iter().any(|(known, _)| known == name)
    }

    /// The query of an address, read like a form.
    pub(crate) fn query(request: &Request) -> Self {
        Self(form_pairs(request.uri().query().unwrap_or_default()))
    }
}

impl Posted {
    /// Reads a form that does what the endpoint `E` does, and is counted with it. Where it comes from is asked of every
    /// form as it is where one signs in, also without cookies (security O2). Of a form sent from elsewhere nothing is kept, so that nobody else fills in our forms.
    pub(crate) async fn read<E: Endpoint>(app: &App, request: Request) -> Self {
        let (parts, body) = request.into_parts();
        let visit = Visit::of(&parts, app);
        if let Err(problem) = check_origin(app, &parts.headers) {
            return Self { visit, form: Form::default(), admitted: Err(problem) };
        }
        match read(app, &parts.headers, body).await {
            Ok(form) => {
                let admitted = rate_limit::count(app, &visit, E::PATH).await;
                Self { visit, form, admitted }
            }
            Err(problem) => Self { visit, form: Form::default(), admitted: Err(problem) },
        }
    }
}

impl Theirs {
    /// Reads a form that does what the endpoint `E` does, for whom `E` admits. Nobody signs in first and comes back to
    /// the account; any other refusal is a page.
    pub(super) async fn read<E>(site: &Site, request: Request) -> Result<Self, Response>
    where
        E: Endpoint,
        E::Auth: Admits<Caller = Caller>,
    {
        let Posted { visit, form, admitted } = Posted::read::<E>(&site.app, request).await;
        admitted.map_err(|problem| page::problem(site, &problem, SetCookies::default()))?;
        let mut extras = Extras::default();
        match E::Auth::admit(&site.app, &visit, &mut extras).await {
            Ok(caller) => Ok(Self { visit, form, caller, cookies: extras.cookies }),
            Err(problem) if problem.status() == StatusCode::UNAUTHORIZED => {
                Err(page::see_other(&page::onward("/sign-in", page::ACCOUNT), extras.cookies))
            }
            Err(problem) => Err(page::problem(site, &problem, extras.cookies)),
        }
    }
}

fn check_origin(app: &App, headers: &HeaderMap) -> Result<(), Problem> {
    app.origins.check(headers)?;
    app.origins.check_form(headers)
}

async fn read(app: &App, headers: &HeaderMap, body: axum::body::Body) -> Result<Form, Problem> {
    let content_type = headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let essence = content_type.split(';').next().unwrap_or_default().trim();
    if !essence.eq_ignore_ascii_case("application/x-www-form-urlencoded") {
        return Err(Problem::new(transport::Error::UnsupportedMediaType));
    }
    let bytes = read_body(app, body).await?;
    Ok(Form(form_pairs(&String::from_utf8_lossy(&bytes))))
}
