//! How the hosted pages look and what they say.

use schemars::JsonSchema;
use serde::Deserialize;

use super::Colour;

/// The hosted pages: their languages and their looks. Their name is `app_name`.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Pages {
    /// The languages pages and mails are written in, as language tags; whoever speaks none of them gets the first. Built in
    /// are `en`, `de` and `fr`.
    pub languages: Vec<String>,
    /// A folder with messages of one's own: `de.toml` holds what shall be said instead of the built-in German, or all of a
    /// language that is not built in. What such a file does not say is said in English.
    pub messages: Option<String>,
    /// The logo beside the name: a file (SVG, PNG, JPEG, WebP or GIF of at most 256 KiB) that this server serves, or a URL
    /// with `https:` or `data:`.
    pub logo: Option<String>,
    /// The logo for who prefers dark pages, where it is another.
    pub logo_dark: Option<String>,
    /// Whether the logo says the name itself, so that the name need not stand beside it.
    pub logo_has_name: bool,
    /// Whether pages show what developers look for: the access token, how to make a client, the API reference. Without it:
    /// where `base_url` is this machine.
    pub for_developers: Option<bool>,
    /// The colours.
    pub colors: Colors,
}

/// Colours, as `#rrggbb` or `#rgb`.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Colors {
    /// The colour of buttons, and of links and marks, for which it is darkened until it can be read.
    pub accent: Option<Colour>,
    /// The same on dark pages. Without it: `accent`, lightened for text.
    pub accent_dark: Option<Colour>,
    /// The ground of the page, light enough for dark text on it.
    pub background: Option<Colour>,
    /// The same on dark pages, dark enough for light text on it.
    pub background_dark: Option<Colour>,
}

impl Default for Pages {
    fn default() -> Self {
        Self {
            languages: ["en", "de", "fr"].map(str::to_owned).to_vec(),
            messages: None,
            logo: None,
            logo_dark: None,
            logo_has_name: false,
            for_developers: None,
            colors: Colors::default(),
        }
    }
}
