//! What mails say: a text, whose first line is its subject, and an HTML, in the language of whoever asked for the mail and in the
//! colours of the pages. Files in `email.templates` replace either. Values are escaped in HTML.

use std::io::ErrorKind;
use std::path::PathBuf;
use std::sync::Arc;

use countersign_engine::db::Timestamp;
use countersign_engine::outbox::{Content, Kind, Letter};
use minijinja::{Environment, UndefinedBehavior, Value, context};

use super::{Mail, Unusable, link};
use crate::config::Config;
use crate::messages::{Durations, Language, Messages};
use crate::pages::Look;

/// The built-in templates by name. Letters of all kinds have one shape.
const BUILT_IN: [(&str, &str); 2] = [
    ("layout.txt", include_str!("../../templates/mail/layout.txt")),
    ("layout.html", include_str!("../../templates/mail/layout.html")),
];

/// The templates. Cheap to clone. Files are read when a mail is written, so that a changed one counts at once.
#[derive(Clone, Debug)]
pub(crate) struct Templates {
    config: Arc<Config>,
    /// How mails look and what they speak, or why that is not known.
    look: Result<Arc<Look>, String>,
    directory: Option<PathBuf>,
}

/// What a kind of letter says.
struct Said {
    subject: String,
    words: String,
    button: String,
    otherwise: String,
}

impl Templates {
    pub(crate) fn of(config: &Config) -> Self {
        let directory = config.engine.email.templates.as_ref().map(PathBuf::from);
        Self { look: Look::of(config).map(Arc::new), config: Arc::new(config.clone()), directory }
    }

    /// Writes a letter as a mail, or says what is wrong with a template.
    pub(crate) fn mail(&self, letter: &Letter) -> Result<Mail, String> {
        let look = self.look.as_ref().map_err(Clone::clone)?;
        let language = look.languages.wanted(letter.language.as_deref());
        let url = link::url(letter, &self.config);
        let values = self.values(look, &language, letter, &url);
        let text = self.render(letter.kind, &language.tag, "txt", &values)?;
        let html = self.render(letter.kind, &language.tag, "html", &values)?;
        let (first, text) = text.split_once('\n').unwrap_or((&text, ""));
        let subject = first
            .strip_prefix("Subject:")
            .ok_or_else(|| format!("the first line of {}.txt must be `Subject: ...`", letter.kind.name()))?;
        Ok(Mail { to: letter.to.clone(), subject: one_line(subject), text: text.trim_start().to_owned(), html, url })
    }

    /// Writes a mail of each kind in each language, to find out before anyone waits for one.
    pub(crate) fn check(&self) -> Result<(), Unusable> {
        let sample = |kind, language: &str| Letter {
            id: String::new(),
            kind,
            to: "ada@example.com".to_owned(),
            content: Content { name: "Ada".to_owned(), token: "token".to_owned(), ..Content::default() },
            language: Some(language.to_owned()),
            created_at: Timestamp::from_millis(0),
            expires_at: Timestamp::from_millis(3_600_000),
        };
        let languages = &self.config.pages.languages;
        let mut kinds = Kind::ALL.into_iter().flat_map(|kind| languages.iter().map(move |language| (kind, language)));
        let written = kinds.try_for_each(|(kind, language)| self.mail(&sample(kind, language)).map(drop));
        written.map_err(|why| Unusable(format!("`email.templates`: {why}")))
    }

    fn values(&self, look: &Look, language: &Language, letter: &Letter, url: &str) -> Value {
        let app_name = self.config.engine.app_name.as_str();
        let valid_for = duration(&language.messages.durations, letter);
        let said = said(&language.messages, letter, app_name, &valid_for);
        let colours = look.palette.light;
        context! {
            app_name,
            to => &letter.to,
            name => one_line(&letter.content.name),
            new_email => letter.content.new_email.as_deref().unwrap_or_default(),
            url,
            valid_for,
            subject => said.subject,
            words => said.words,
            button => said.button,
            or_open => language.messages.mail.or_open(),
            otherwise => said.otherwise,
            language => &language.tag,
            direction => language.direction,
            accent => colours.accent.to_string(),
            fill => colours.fill.to_string(),
            on_fill => colours.on_fill.to_string(),
            logo => look.logo_of_mails(self.config.engine.base_url.origin()),
        }
    }

    /// Renders the first of `KIND.LANGUAGE.EXTENSION`, `KIND.EXTENSION` and `layout.EXTENSION` that there is.
    fn render(&self, kind: Kind, language: &str, extension: &str, values: &Value) -> Result<String, String> {
        let layout = format!("layout.{extension}");
        let kind = kind.name();
        let names = [format!("{kind}.{language}.{extension}"), format!("{kind}.{extension}"), layout.clone()];
        let mut environment = Environment::new();
        environment.set_undefined_behavior(UndefinedBehavior::Strict);
        let said = |error: minijinja::Error| format!("{error:#}");
        let mut chosen = None;
        for name in names {
            let Some(source) = self.source(&name)? else { continue };
            environment.add_template_owned(name.clone(), source).map_err(said)?;
            chosen.get_or_insert(name);
        }
        environment.get_template(&chosen.unwrap_or(layout)).and_then(|template| template.render(values)).map_err(said)
    }

    fn source(&self, name: &str) -> Result<Option<String>, String> {
        if let Some(path) = self.directory.as_ref().map(|directory| directory.join(name)) {
            match std::fs::read_to_string(&path) {
                Ok(source) => return Ok(Some(source)),
                Err(error) if error.kind() == ErrorKind::NotFound => {}
                Err(error) => return Err(format!("{}: {error}", path.display())),
            }
        }
        Ok(BUILT_IN.iter().find(|(known, _)| *known == name).map(|(_, source)| (*source).to_owned()))
    }
}

fn said(messages: &Messages, letter: &Letter, app_name: &str, valid_for: &str) -> Said {
    let to = letter.to.as_str();
    match letter.kind {
        Kind::ResetPassword => {
            let say = &messages.reset_password_mail;
            Said {
                subject: say.subject(app_name),
                words: say.words(to, app_name, valid_for),
                button: say.button().to_owned(),
                otherwise: say.otherwise().to_owned(),
            }
        }
        Kind::VerifyEmail => {
            let say = &messages.verify_email_mail;
            Said {
                subject: say.subject(app_name),
                words: say.words(to, app_name, valid_for),
                button: say.button().to_owned(),
                otherwise: say.otherwise(app_name),
            }
        }
        Kind::ChangeEmailConfirmation => {
            let say = &messages.change_email_confirmation_mail;
            let new_email = letter.content.new_email.as_deref().unwrap_or_default();
            Said {
                subject: say.subject(app_name),
                words: say.words(to, new_email, app_name, valid_for),
                button: say.button().to_owned(),
                otherwise: say.otherwise().to_owned(),
            }
        }
        Kind::ChangeEmailVerification => {
            let say = &messages.change_email_verification_mail;
            Said {
                subject: say.subject(app_name),
                words: say.words(to, app_name, valid_for),
                button: say.button().to_owned(),
                otherwise: say.otherwise().to_owned(),
            }
        }
        Kind::SignUpAttempt => {
            let say = &messages.sign_up_attempt_mail;
            Said {
                subject: say.subject(app_name),
                words: say.words(to, app_name),
                button: say.button().to_owned(),
                otherwise: say.otherwise().to_owned(),
            }
        }
        Kind::DeleteAccount => {
            let say = &messages.delete_account_mail;
            Said {
                subject: say.subject(app_name),
                words: say.words(to, app_name, valid_for),
                button: say.button().to_owned(),
                otherwise: say.otherwise().to_owned(),
            }
        }
    }
}

/// A subject is one line of a head: what could end it becomes a blank (RFC 5322 section 2.2).
fn one_line(text: &str) -> String {
    text.split(|c: char| c.is_control() || c.is_whitespace())
        .filter(|word| !word.is_empty())
        .collect::<Vec<_>>()
        .join(" ")
}

/// How long the link is good for, in words.
fn duration(say: &Durations, letter: &Letter) -> String {
    let seconds = letter.expires_at.seconds().saturating_sub(letter.created_at.seconds());
    match seconds {
        86_400 => say.one_day().to_owned(),
        86_400.. if seconds % 86_400 == 0 => say.days(seconds / 86_400),
        3_600 => say.one_hour().to_owned(),
        3_600.. if seconds % 3_600 == 0 => say.hours(seconds / 3_600),
        60..120 => say.one_minute().to_owned(),
        120.. => say.minutes(seconds / 60),
        1 => say.one_second().to_owned(),
        _ => say.seconds(seconds),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn letter(name: &str, to: &str, callback: Option<&str>) -> Letter {
        Letter {
            id: "1".to_owned(),
            kind: Kind::ResetPassword,
            to: to.to_owned(),
            content: Content {
                name: name.to_owned(),
                token: "abc".to_owned(),
                callback_url: callback.map(str::to_owned),
                ..Content::default()
            },
            language: None,
            created_at: Timestamp::from_millis(0),
            expires_at: Timestamp::from_millis(3_600_000),
        }
    }

    fn templates() -> Templates {
        let mut config = Config::default();
        config.engine.app_name = "Ada & Co".to_owned();
        Templates::of(&config)
    }

    #[test]
    fn every_kind_of_letter_has_built_in_templates_that_can_be_written() {
        templates().check().unwrap();
    }

    #[test]
    fn values_are_escaped_in_html_and_nowhere_else() {
        let mail = templates().mail(&letter("<b>", "o'hara@example.com", Some("/a?b=<c>&d"))).unwrap();
        assert_eq!(mail.subject, "Choose a new password for Ada & Co");
        assert!(mail.text.contains("account of o'hara@example.com at Ada & Co."), "{}", mail.text);
        assert!(mail.text.contains(&mail.url) && mail.text.contains("good for 1 hour"), "{}", mail.text);
        assert!(mail.html.contains("Ada &amp; Co") && mail.html.contains("o&#x27;hara@example.com"), "{}", mail.html);
        assert!(!mail.html.contains("<c>") && !mail.text.contains("<b>"), "{}", mail.html);
        assert_eq!(mail.url, "http://localhost:3000/api/auth/reset-password/abc?callbackURL=%2Fa%3Fb%3D%3Cc%3E%26d");
    }

    #[test]
    fn a_file_takes_the_place_of_a_built_in_template() {
        let directory = std::env::temp_dir().join(format!("countersign-templates-{}", std::process::id()));
        std::fs::create_dir_all(&directory).unwrap();
        let mut config = Config::default();
        config.engine.email.templates = Some(directory.display().to_string());
        let templates = Templates::of(&config);
        let write = |text: &str| std::fs::write(directory.join("reset-password.txt"), text).unwrap();

        std::fs::write(directory.join("reset-password.fr.txt"), "Subject: Salut\n\n{{ url }}").unwrap();
        let french = Letter { language: Some("fr".to_owned()), ..letter("Ada", "ada@example.com", None) };
        assert_eq!(templates.mail(&french).unwrap().subject, "Salut");

        write("Subject: Hi {{ name }}\n\nGo to {{ url }}");
        let mail = templates.mail(&letter("Ada\r\nBcc: x", "ada@example.com", None)).unwrap();
        assert_eq!(mail.subject, "Hi Ada Bcc: x", "a name ends no line");
        assert!(mail.text.starts_with("Go to http://localhost:3000/"), "{}", mail.text);
        assert!(mail.html.contains("Choose a new password"));

        for (text, why) in
            [("no subject", "first line"), ("Subject: {{ nme }}\n", "undefined"), ("Subject: {% if", "syntax")]
        {
            write(text);
            let refused = templates.check().unwrap_err().to_string();
            assert!(refused.contains("reset-password.txt") && refused.contains(why), "{refused}");
        }
        std::fs::remove_dir_all(&directory).unwrap();
    }

    #[test]
    fn a_mail_is_in_the_language_it_was_asked_for_in_and_in_the_colours_of_the_pages() {
        let mut config = Config::default();
        config.engine.base_url = "https://auth.example".parse().unwrap();
        config.pages.logo = Some("https://cdn.example/logo.png".to_owned());
        config.pages.colors.accent = Some("#ffcc00".parse().unwrap());
        let german = Letter { language: Some("de-AT".to_owned()), ..letter("Ada", "ada@example.com", None) };
        let mail = Templates::of(&config).mail(&german).unwrap();
        assert_eq!(mail.subject, "Ein neues Passwort für Countersign");
        assert!(
            mail.text.contains("1 Stunde") && mail.html.contains("<html lang=\"de\" dir=\"ltr\">"),
            "{}",
            mail.html
        );
        assert!(mail.html.contains("background:#ffcc00") && !mail.html.contains(";color:#ffcc00"), "{}", mail.html);
        assert!(mail.html.contains("src=\"https:&#x2f;&#x2f;cdn.example&#x2f;logo.png\""), "{}", mail.html);
    }

    #[test]
    fn says_in_words_how_long_a_link_is_good_for() {
        let english = templates().look.unwrap().languages.wanted(Some("en"));
        let words = |seconds| {
            let letter = Letter { expires_at: Timestamp::from_seconds(seconds), ..letter("", "", None) };
            duration(&english.messages.durations, &letter)
        };
        assert_eq!(
            [1, 30, 60, 5_400, 3_600, 7_200, 86_400, 172_800].map(words),
            ["1 second", "30 seconds", "1 minute", "90 minutes", "1 hour", "2 hours", "1 day", "2 days"]
        );
    }
}
