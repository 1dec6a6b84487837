//! How the pages of one server look and what they speak: read from the settings once.

use std::sync::Arc;

use axum::Router;
use axum::routing::get;
use base64_simd::STANDARD;
use http::{HeaderMap, HeaderValue, header};
use sha2::{Digest, Sha256};

use super::logo::Logo;
use super::palette::Palette;
use crate::app::App;
use crate::config::Config;
use crate::messages::{Language, Languages};

/// The one stylesheet. It stands inside every page behind the colours of the brand, and the policy names its hash.
pub(super) const STYLE: &str = include_str!("../../templates/style.css");

const LOGO: &str = "/logo";
const LOGO_DARK: &str = "/logo-dark";

/// What every page of a server shares.
#[derive(Debug)]
pub(crate) struct Look {
    pub(crate) languages: Languages,
    pub(crate) palette: Palette,
    pub(super) style: String,
    pub(super) logo: Option<Logo>,
    pub(super) logo_dark: Option<Logo>,
    /// The picture in the tab of a browser.
    pub(super) icon: String,
    pub(super) policy: HeaderValue,
}

impl Look {
    /// Reads the files that the settings name, or says which setting is wrong and how.
    pub(crate) fn of(config: &Config) -> Result<Self, String> {
        let settings = &config.pages;
        let logo = self::logo("pages.logo", settings.logo.as_deref(), LOGO)?;
        let logo_dark = self::logo("pages.logo_dark", settings.logo_dark.as_deref(), LOGO_DARK)?;
        let palette = Palette::of(&settings.colors)?;
        let style = palette.css() + STYLE;
        let policy = policy(&style, [&logo, &logo_dark].into_iter().flatten())?;
        let icon = logo.as_ref().map_or_else(|| icon(&palette), |logo| logo.address.clone());
        Ok(Self { languages: Languages::read(settings)?, palette, style, logo, logo_dark, icon, policy })
    }

    /// The language that whoever sends these headers wants.
    pub(crate) fn language(&self, headers: &HeaderMap) -> Arc<Language> {
        self.languages.wanted(headers.get(header::ACCEPT_LANGUAGE).and_then(|value| value.to_str().ok()))
    }

    /// The address at which a program that shows mails finds a logo it can show.
    pub(crate) fn logo_of_mails(&self, origin: &str) -> Option<String> {
        self.logo.as_ref().and_then(|logo| logo.absolute(origin))
    }
}

fn logo(key: &str, value: Option<&str>, path: &str) -> Result<Option<Logo>, String> {
    value.map(|value| Logo::read(value, path)).transpose().map_err(|why| format!("`{key}` {why}"))
}

/// Nothing runs and nothing is loaded, but for the stylesheet, pictures of our own and the logo (security O6).
fn policy<'a>(style: &str, logos: impl Iterator<Item = &'a Logo>) -> Result<HeaderValue, String> {
    let hash = STANDARD.encode_to_string(Sha256::digest(style));
    let pictures: String = logos.filter_map(|logo| logo.origin.as_ref()).map(|origin| format!(" {origin}")).collect();
    let policy = format!(
        "default-src 'none'; style-src 'sha256-{hash}'; img-src 'self' data:{pictures}; form-action 'self'; \
         frame-ancestors 'none'; base-uri 'none'"
    );
    HeaderValue::from_str(&policy).map_err(|error| error.to_string())
}

/// The mark in the colours of the brand.
fn icon(palette: &Palette) -> String {
    let hex = |colour: crate::config::Colour| colour.to_string().replace('#', "%23");
    let (fill, on_fill) = (hex(palette.light.fill), hex(palette.light.on_fill));
    format!(
        "data:image/svg+xml,%3Csvg xmlns='http://www.w3.org/2000/svg' viewBox='0 0 32 32'%3E%3Crect width='32' height='32' \
         rx='9' fill='{fill}'/%3E%3Cpath d='M7 17l5 5 8-11M15 21l1.500 1L25 11' fill='none' stroke='{on_fill}' \
         stroke-width='2.600' stroke-linecap='round' stroke-linejoin='round'/%3E%3C/svg%3E"
    )
}

/// The logos that are files.
pub(super) fn routes(app: &App) -> Router<App> {
    let logos = app.look.iter().flat_map(|look| [(LOGO, &look.logo), (LOGO_DARK, &look.logo_dark)]);
    logos.fold(Router::new(), |router, (path, logo)| match logo.as_ref().and_then(|logo| logo.file.clone()) {
        Some(picture) => router.route(path, get(move || async move { picture.show() })),
        None => router,
    })
}
