//! Mails: what a letter of the engine's outbox looks like, and who carries it.
//!
//! ```text
//! Letter ──> link.rs ──> template.rs ──> Mail ──┬──> smtp.rs   an SMTP server
//! (engine)   its URL     text and HTML          └──> dev.rs    the terminal, and /dev/outbox
//! ```

mod dev;
mod link;
mod smtp;
mod template;

use std::sync::Arc;
use std::time::Duration;

use countersign_engine::config::Transport;
use countersign_engine::outbox::{Carrier, Letter, NotCarried};
use countersign_engine::{Engine, outbox};
use serde::Serialize;

use self::dev::Dev;
pub(crate) use self::link::{AGREED_PAGE, CHANGED_PAGE, CONFIRMED_PAGE, DELETION_PAGE, LINK_PAGE, RESET_PAGE};
use self::smtp::Smtp;
pub(crate) use self::template::Templates;
use crate::config::Config;

/// A mail as it is sent.
#[derive(Clone, Serialize)]
pub(crate) struct Mail {
    pub(crate) to: String,
    pub(crate) subject: String,
    pub(crate) text: String,
    pub(crate) html: String,
    /// The link it is about.
    pub(crate) url: String,
}

/// Why no mail can be sent with these settings, as one sentence that names the setting.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub struct Unusable(pub(crate) String);

/// Who carries letters under the settings at hand.
pub enum Carriers {
    /// An SMTP server.
    Smtp(Arc<Smtp>),
    /// The terminal and a local page.
    Dev(Arc<Dev>),
    /// Nobody.
    Off,
}

impl std::fmt::Debug for Carriers {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Smtp(_) => "Smtp",
            Self::Dev(_) => "Dev",
            Self::Off => "Off",
        })
    }
}

impl Carriers {
    /// Reads the settings and tries every template.
    ///
    /// # Errors
    /// [`Unusable`].
    pub fn of(config: &Config) -> Result<Self, Unusable> {
        let templates = Templates::of(config);
        let carriers = match config.engine.transport() {
            Transport::Smtp => Self::Smtp(Arc::new(Smtp::new(config, templates.clone())?)),
            Transport::Dev => Self::Dev(Arc::new(Dev::new(templates.clone()))),
            Transport::Auto | Transport::Off => return Ok(Self::Off),
        };
        templates.check()?;
        Ok(carriers)
    }

    /// Carries the letters of an engine for as long as it is polled.
    pub async fn carry_letters(self, engine: &Engine) {
        match self {
            Self::Smtp(smtp) => engine.carry(smtp).await,
            Self::Dev(dev) => engine.carry(dev).await,
            Self::Off => engine.carry(Arc::new(Nobody)).await,
        }
    }
}

/// The mails that were shown on this machine, the newest last. Carries first what is due and waits a while for what others
/// are carrying, so that whoever asked for a mail finds it.
pub(crate) async fn shown(engine: &Engine, config: &Config) -> Result<Vec<Mail>, countersign_engine::Error> {
    const PATIENCE: Duration = Duration::from_secs(20);
    let templates = Templates::of(config);
    engine.carry_due(&Arc::new(Dev::new(templates.clone()))).await?;
    let carried = async {
        while engine.letters_are_under_way().await? {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        Ok::<(), countersign_engine::Error>(())
    };
    tokio::time::timeout(PATIENCE, carried).await.unwrap_or(Ok(()))?;
    let letters = engine.kept_letters().await?;
    Ok(letters.iter().filter_map(|letter| templates.mail(letter).ok()).collect())
}

/// Leaves letters where they are, from a time when there was somebody to carry them.
struct Nobody;

impl Carrier for Nobody {
    type Freight = Letter;
    const KEEPS: bool = false;

    fn patience(&self) -> Duration {
        Duration::from_secs(1)
    }

    async fn carry(&self, _: &Letter) -> Result<(), NotCarried> {
        Err(outbox::NotCarried::Later("email.transport is off".to_owned()))
    }
}
