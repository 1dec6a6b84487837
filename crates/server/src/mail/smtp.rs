//! Mails through an SMTP server (RFC 5321).

use std::time::{Duration, UNIX_EPOCH};

use countersign_engine::config::{Relay, Tls};
use countersign_engine::outbox::{Carrier, Letter, NotCarried};
use lettre::message::header::{HeaderName, HeaderValue};
use lettre::message::{Mailbox, MultiPart};
use lettre::transport::smtp::authentication::Credentials;
use lettre::transport::smtp::client::{Certificate, Tls as Encryption, TlsParameters};
use lettre::transport::smtp::extension::ClientId;
use lettre::transport::smtp::{AsyncSmtpTransport, Error};
use lettre::{Address, AsyncTransport, Message, Tokio1Executor};

use super::{Mail, Templates, Unusable};
use crate::config::Config;

/// How long the server may take for one mail.
const PATIENCE: Duration = Duration::from_secs(40);
/// How long it may take for one answer.
const ANSWER: Duration = Duration::from_secs(20);

/// An SMTP server.
pub struct Smtp {
    transport: AsyncSmtpTransport<Tokio1Executor>,
    from: Mailbox,
    reply_to: Option<Mailbox>,
    templates: Templates,
}

impl Smtp {
    pub(super) fn new(config: &Config, templates: Templates) -> Result<Self, Unusable> {
        let email = &config.engine.email;
        let relay = email.smtp.relay().map_err(|why| Unusable(format!("`email.smtp.url` {why}")))?;
        let encryption = match relay.tls {
            Tls::None => Encryption::None,
            Tls::Implicit => Encryption::Wrapper(trust(&relay, email.smtp.ca.as_deref())?),
            Tls::StartTls => Encryption::Required(trust(&relay, email.smtp.ca.as_deref())?),
        };
        let mut builder = AsyncSmtpTransport::<Tokio1Executor>::builder_dangerous(&relay.host)
            .port(relay.port)
            .tls(encryption)
            .timeout(Some(ANSWER))
            .hello_name(ClientId::Domain(host_of(config)));
        if let Some((user, password)) = relay.credentials {
            builder = builder.credentials(Credentials::new(user, password.expose().to_owned()));
        }
        Ok(Self {
            transport: builder.build(),
            from: mailbox("email.from", &email.from)?,
            reply_to: email.reply_to.as_deref().map(|text| mailbox("email.reply_to", text)).transpose()?,
            templates,
        })
    }

    /// The message. Its id is the letter's, so that whoever gets it twice can tell.
    fn message(&self, letter: &Letter, mail: Mail) -> Result<Message, NotCarried> {
        let never = |error: &dyn std::error::Error| NotCarried::Never(error.to_string());
        let to = mail.to.parse::<Address>().map_err(|error| never(&error))?;
        let written = u64::try_from(letter.created_at.millis()).unwrap_or_default();
        let mut builder = Message::builder()
            .from(self.from.clone())
            .to(Mailbox::new(None, to))
            .subject(mail.subject)
            .date(UNIX_EPOCH + Duration::from_millis(written))
            .message_id(Some(format!("<{}@{}>", letter.id, self.from.email.domain())))
            // Nobody's holiday note shall answer it (RFC 3834 section 5).
            .raw_header(HeaderValue::new(
                HeaderName::new_from_ascii_str("Auto-Submitted"),
                "auto-generated".to_owned(),
            ));
        if let Some(reply_to) = &self.reply_to {
            builder = builder.reply_to(reply_to.clone());
        }
        builder.multipart(MultiPart::alternative_plain_html(mail.text, mail.html)).map_err(|error| never(&error))
    }
}

impl Carrier for Smtp {
    type Freight = Letter;
    const KEEPS: bool = false;

    fn patience(&self) -> Duration {
        PATIENCE
    }

    async fn carry(&self, letter: &Letter) -> Result<(), NotCarried> {
        // A template that is broken now may be mended while the letter waits.
        let mail = self.templates.mail(letter).map_err(NotCarried::Later)?;
        let message = self.message(letter, mail)?;
        self.transport.send(message).await.map(drop).map_err(|error| not_carried(&error))
    }
}

/// A server that does not take this mail for this address says so with 550 to 553 (RFC 5321 section 4.2.3). All else - it is
/// away, busy, or does not know our password - can pass.
fn not_carried(error: &Error) -> NotCarried {
    let mut why = error.to_string();
    let mut cause = std::error::Error::source(error);
    while let Some(next) = cause {
        why = format!("{why}: {next}");
        cause = next.source();
    }
    match error.status().map(u16::from) {
        Some(550..=553) => NotCarried::Never(why),
        _ => NotCarried::Later(why),
    }
}

fn trust(relay: &Relay, ca: Option<&str>) -> Result<TlsParameters, Unusable> {
    let unusable = |why: String| Unusable(format!("`email.smtp.ca`: {why}"));
    let mut parameters = TlsParameters::builder(relay.host.clone());
    if let Some(file) = ca {
        let pem = std::fs::read(file).map_err(|error| unusable(format!("{file}: {error}")))?;
        let certificate = Certificate::from_pem(&pem).map_err(|error| unusable(format!("{file}: {error}")))?;
        parameters = parameters.add_root_certificate(certificate);
    }
    parameters.build_rustls().map_err(|error| unusable(error.to_string()))
}

fn mailbox(key: &str, text: &str) -> Result<Mailbox, Unusable> {
    text.parse().map_err(|error| Unusable(format!("`{key}` must be like Example <no-reply@example.com>: {error}")))
}

/// How this machine introduces itself.
fn host_of(config: &Config) -> String {
    let origin = config.engine.base_url.origin();
    let host = url::Url::parse(origin).ok().and_then(|url| url.host_str().map(str::to_owned));
    host.unwrap_or_else(|| "localhost".to_owned())
}
