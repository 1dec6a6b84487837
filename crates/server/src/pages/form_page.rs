//! A page that is a form. All have the same shape and one template: what it is about, what went wrong, the fields, the
//! button, and where else to go.

use askama::Template;
use axum::response::Response;

use super::page::{self, Site};
use super::provider::Doors;
use super::trouble::Trouble;

/// A page with one form.
#[derive(Template)]
#[template(path = "form.html")]
pub(super) struct FormPage {
    pub(super) site: Site,
    pub(super) title: String,
    /// What it is about, where the title does not say it all.
    pub(super) lead: String,
    /// Something that has gone well.
    pub(super) notice: String,
    pub(super) trouble: Trouble,
    /// Where the form is posted to.
    pub(super) action: &'static str,
    /// None where there is nothing to fill in or to send.
    pub(super) submit: String,
    /// Whether what the button does cannot be undone.
    pub(super) is_final: bool,
    /// Whose password is meant, for password managers; empty where a field says it.
    pub(super) username: String,
    pub(super) fields: Vec<Field>,
    pub(super) ticks: Vec<Tick>,
    pub(super) hidden: Vec<(&'static str, String)>,
    /// Where else one can come in.
    pub(super) doors: Doors,
    /// Where else to go; the first is a button where there is none.
    pub(super) links: Vec<Link>,
}

/// Something to fill in.
pub(super) struct Field {
    name: &'static str,
    label: String,
    kind: &'static str,
    autocomplete: &'static str,
    value: String,
    hint: String,
    /// The fewest characters, and the most; 0 where there is no such bound.
    bounds: (u16, u16),
}

/// Something to tick.
pub(super) struct Tick {
    pub(super) name: &'static str,
    pub(super) label: String,
    pub(super) is_set: bool,
}

/// Somewhere else to go: words before it, and the words of the link.
pub(super) struct Link {
    pub(super) before: String,
    pub(super) words: String,
    pub(super) to: String,
}

impl FormPage {
    pub(super) fn new(site: &Site, title: &str, action: &'static str) -> Self {
        Self {
            site: site.clone(),
            title: title.to_owned(),
            lead: String::new(),
            notice: String::new(),
            trouble: Trouble::default(),
            action,
            submit: title.to_owned(),
            is_final: false,
            username: String::new(),
            fields: Vec::new(),
            ticks: Vec::new(),
            hidden: Vec::new(),
            doors: Doors::default(),
            links: Vec::new(),
        }
    }

    /// Says why there is nothing to fill in here.
    pub(super) fn closed(self, why: &str) -> Self {
        Self { lead: why.to_owned(), submit: String::new(), ..self }
    }

    pub(super) fn show(&self) -> Response {
        self.trouble.mark(page::show(self.trouble.status, self))
    }

    /// Whether this field is the one to begin with: the first that is wrong, else the first that is empty.
    fn is_first(&self, field: &Field) -> bool {
        let wrong = self.fields.iter().find(|field| self.trouble.on(field.name).is_some());
        let first = wrong.or_else(|| self.fields.iter().find(|field| field.value.is_empty()));
        first.is_some_and(|first| first.name == field.name)
    }
}

impl Field {
    /// Something to write. `autocomplete` is a word of the HTML standard, section 4.10.18.7.
    pub(super) fn text(name: &'static str, label: &str, autocomplete: &'static str, value: &str) -> Self {
        let (label, value) = (label.to_owned(), value.to_owned());
        Self { name, label, kind: "text", autocomplete, value, hint: String::new(), bounds: (0, 0) }
    }

    /// An e-mail address (RFC 5321 section 4.5.3.1 bounds it).
    pub(super) fn email(site: &Site, autocomplete: &'static str, value: &str) -> Self {
        Self { kind: "email", bounds: (0, 254), ..Self::text("email", site.fields.email(), autocomplete, value) }
    }

    /// An address to be had in place of the one there is.
    pub(super) fn new_email(site: &Site, value: &str) -> Self {
        Self { label: site.fields.new_email().to_owned(), ..Self::email(site, "email", value) }
    }

    /// A password that exists. Nothing that was typed comes back.
    pub(super) fn password(name: &'static str, label: &str) -> Self {
        Self { kind: "password", ..Self::text(name, label, "current-password", "") }
    }

    /// A password to be chosen.
    pub(super) fn new_password(site: &Site, label: &str) -> Self {
        let shortest = site.app.config.engine.email_and_password.min_password_length;
        let hint = site.fields.password_hint(shortest);
        let password = Self::text("password", label, "new-password", "");
        Self { kind: "password", hint, bounds: (shortest, 0), ..password }
    }
}

impl Link {
    pub(super) fn new(before: &str, words: &str, to: impl Into<String>) -> Self {
        Self { before: before.to_owned(), words: words.to_owned(), to: to.into() }
    }

    /// The way back to the account.
    pub(super) fn to_account(site: &Site) -> Self {
        Self::new("", site.account.back(), page::ACCOUNT)
    }
}
