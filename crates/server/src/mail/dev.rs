//! Mails for developing on one machine: printed to the terminal, and left in the database for `/dev/outbox`.

use std::io::{self, Write};
use std::time::Duration;

use countersign_engine::outbox::{Carrier, Letter, NotCarried};

use super::Templates;
use crate::cli::printable;

/// The terminal.
pub struct Dev {
    templates: Templates,
}

impl Dev {
    pub(super) fn new(templates: Templates) -> Self {
        Self { templates }
    }
}

impl Carrier for Dev {
    type Freight = Letter;
    const KEEPS: bool = true;

    fn patience(&self) -> Duration {
        Duration::from_secs(1)
    }

    async fn carry(&self, letter: &Letter) -> Result<(), NotCarried> {
        let mail = self.templates.mail(letter).map_err(NotCarried::Later)?;
        let mut lines = format!("countersign: a mail to {}: {}\n", printable(&mail.to), printable(&mail.subject));
        for line in mail.text.lines() {
            lines.push_str(&format!("  | {}\n", printable(line)));
        }
        // Where the terminal is closed, the page still shows the mail.
        let _ = io::stderr().lock().write_all(lines.as_bytes());
        Ok(())
    }
}
