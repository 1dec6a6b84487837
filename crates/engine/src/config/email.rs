//! How mails leave.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use url::Url;

use super::base_url::is_local;
use super::{BaseUrl, Problems, Sensitive};

/// How mails leave.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Email {
    /// What carries mails. `auto` is `smtp` where `email.smtp.url` is set, else `dev` where `base_url` is this machine,
    /// else `off`.
    pub transport: Transport,
    /// Who mails are from: `Example <no-reply@example.com>`.
    pub from: String,
    /// Where answers to them go, if not to `from`.
    pub reply_to: Option<String>,
    /// The server that takes mails.
    pub smtp: Smtp,
    /// A directory with templates that replace the built-in ones of the same name, such as `reset-password.html`.
    pub templates: Option<String>,
    /// Seconds for which it is remembered that a mail was sent, or given up; what it said is erased at once.
    pub retention: u32,
}

/// What carries mails.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Transport {
    /// As the other settings suggest.
    #[default]
    Auto,
    /// An SMTP server (RFC 5321).
    Smtp,
    /// Nothing: mails are printed to the terminal and shown at `/dev/outbox`, for developing on one machine.
    Dev,
    /// No mail is sent. What needs one answers that it is switched off.
    Off,
}

/// The server that takes mails.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Smtp {
    /// `smtps://HOST` with TLS from the first byte (port 465), or `smtp://HOST` with STARTTLS, which the server must offer
    /// (port 587). On this machine, and with `?tls=none`, `smtp://` goes without TLS. User and password may stand in it.
    pub url: Option<Sensitive>,
    /// The user to sign in as, if not in `url`.
    pub user: Option<String>,
    /// The password, if not in `url`.
    pub password: Option<Sensitive>,
    /// A file with certificates (PEM) to trust besides the public ones.
    pub ca: Option<String>,
}

/// How a connection to an SMTP server is encrypted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Tls {
    /// From the first byte (RFC 8314 section 3.3).
    Implicit,
    /// After STARTTLS (RFC 3207); a server that does not offer it is not spoken to.
    StartTls,
    /// Not at all.
    None,
}

/// Where an SMTP server is and how it is spoken to.
#[derive(Clone, Debug)]
pub struct Relay {
    /// Name or address.
    pub host: String,
    /// The port.
    pub port: u16,
    /// How the connection is encrypted.
    pub tls: Tls,
    /// User and password, where the server wants to know.
    pub credentials: Option<(String, Sensitive)>,
}

impl Email {
    pub(super) fn transport(&self, base_url: &BaseUrl) -> Transport {
        match self.transport {
            Transport::Auto if self.smtp.url.is_some() => Transport::Smtp,
            Transport::Auto if base_url.is_local() => Transport::Dev,
            Transport::Auto => Transport::Off,
            chosen => chosen,
        }
    }

    pub(super) fn check(&self, base_url: &BaseUrl, problems: &mut Problems) {
        let transport = self.transport(base_url);
        problems.unless(transport != Transport::Dev || base_url.is_local(), "email.transport", || {
            format!("cannot be dev where `base_url` is {base_url}: everybody could read the mails at /dev/outbox")
        });
        if transport == Transport::Smtp {
            problems.unless(!self.from.is_empty(), "email.from", || {
                "must say who mails are from, like Example <no-reply@example.com>".to_owned()
            });
            let relay = self.smtp.relay();
            problems.unless(relay.is_ok(), "email.smtp.url", || relay.err().unwrap_or_default().to_owned());
        }
    }
}

impl Smtp {
    /// What the settings say about the server.
    ///
    /// # Errors
    /// What is wrong with `url`, as the rest of a sentence.
    pub fn relay(&self) -> Result<Relay, &'static str> {
        const FORM: &str = "must be smtps://HOST or smtp://HOST, with a port if it is not 465 or 587";
        let url = self.url.as_ref().ok_or("must name the server, like smtps://mail.example.com")?;
        let url = Url::parse(url.expose()).map_err(|_| FORM)?;
        let host = url.host_str().filter(|host| !host.is_empty()).ok_or(FORM)?;
        let wants = url.query_pairs().find(|(name, _)| name == "tls").map(|(_, value)| value.into_owned());
        let tls = match (url.scheme(), wants.as_deref()) {
            ("smtps", None) => Tls::Implicit,
            ("smtp", Some("required")) => Tls::StartTls,
            ("smtp", Some("none")) => Tls::None,
            ("smtp", None) if is_this_machine(host) => Tls::None,
            ("smtp", None) => Tls::StartTls,
            _ => return Err(FORM),
        };
        let port = url.port().unwrap_or(if tls == Tls::Implicit { 465 } else { 587 });
        let user = self.user.clone().or_else(|| (!url.username().is_empty()).then(|| unescaped(url.username())));
        let password = self.password.clone().or_else(|| url.password().map(|text| unescaped(text).into()));
        let host = host.trim_start_matches('[').trim_end_matches(']').to_owned();
        Ok(Relay { host, port, tls, credentials: user.zip(password) })
    }
}

/// `smtp:` is no scheme whose hosts a URL parser reads as addresses, so they are read here.
fn is_this_machine(host: &str) -> bool {
    Url::parse(&format!("http://{host}/")).is_ok_and(|url| is_local(&url))
}

fn unescaped(text: &str) -> String {
    let as_query = text.replace('+', "%2B");
    url::form_urlencoded::parse(as_query.as_bytes()).next().map(|(name, _)| name.into_owned()).unwrap_or_default()
}

impl Default for Email {
    fn default() -> Self {
        Self {
            transport: Transport::Auto,
            from: String::new(),
            reply_to: None,
            smtp: Smtp::default(),
            templates: None,
            retention: 604_800,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Config;

    type Spoken = (String, u16, Tls, Option<(String, String)>);

    fn relay(url: &str) -> Result<Spoken, &'static str> {
        let smtp = Smtp { url: Some(url.to_owned().into()), ..Smtp::default() };
        let Relay { host, port, tls, credentials } = smtp.relay()?;
        Ok((host, port, tls, credentials.map(|(user, password)| (user, password.expose().to_owned()))))
    }

    #[test]
    fn a_mail_server_elsewhere_is_spoken_to_over_tls() {
        assert_eq!(relay("smtps://mail.example"), Ok(("mail.example".into(), 465, Tls::Implicit, None)));
        let user = Some(("a@b".to_owned(), "p+: x".to_owned()));
        assert_eq!(
            relay("smtp://a%40b:p+%3A%20x@mail.example:2525"),
            Ok(("mail.example".into(), 2525, Tls::StartTls, user))
        );
        assert_eq!(relay("smtp://127.0.0.1:25"), Ok(("127.0.0.1".into(), 25, Tls::None, None)));
        assert_eq!(relay("smtp://[::1]:25"), Ok(("::1".into(), 25, Tls::None, None)));
        assert_eq!(relay("smtp://localhost?tls=required"), Ok(("localhost".into(), 587, Tls::StartTls, None)));
        assert_eq!(relay("smtp://relay.lan:25?tls=none"), Ok(("relay.lan".into(), 25, Tls::None, None)));
        for wrong in ["mail.example", "http://mail.example", "smtp://", "smtps://x?tls=none", "smtp://x?tls=maybe"] {
            assert!(relay(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn mails_are_shown_to_everybody_on_this_machine_only() {
        let mut config = Config::default();
        assert_eq!(config.transport(), Transport::Dev);
        config.base_url = "https://auth.example".parse().unwrap();
        assert_eq!((config.transport(), config.resets_passwords()), (Transport::Off, false));
        config.email.transport = Transport::Dev;
        let keys = |config: &Config| config.validate().unwrap_err().iter().map(|it| it.key).collect::<Vec<_>>();
        assert_eq!(keys(&config), ["email.transport"]);
        config.email.transport = Transport::Smtp;
        assert_eq!(keys(&config), ["email.from", "email.smtp.url"]);
        config.email.transport = Transport::Auto;
        config.email.smtp.url = Some("smtps://mail.example".to_owned().into());
        config.email.from = "no-reply@example.com".to_owned();
        assert_eq!((config.validate(), config.transport()), (Ok(()), Transport::Smtp));
    }
}
