//! `countersign session`: list and end the sessions of users. Servers that run know within a quarter of a second.

use clap::{Args, Subcommand};
use countersign_contract as contract;
use countersign_engine::{Engine, Session as Row};

use super::console::{Failure, answer, printable, table};
use super::deployment::{self, Deployment};
use super::user::Named;
use crate::http::session::wire;

#[derive(Subcommand)]
pub(super) enum Session {
    /// List the live sessions of a user.
    List(List),
    /// End a session, and with it every access token that belongs to it.
    Revoke(Revoke),
}

#[derive(Args)]
pub(super) struct List {
    #[command(flatten)]
    named: Named,
    /// Print JSON.
    #[arg(long)]
    json: bool,
}

#[derive(Args)]
pub(super) struct Revoke {
    /// The session's id.
    #[arg(value_name = "ID")]
    session: String,
}

impl Session {
    pub(super) fn run(self, deployment: &Deployment) -> Result<(), Failure> {
        let config = deployment.config()?;
        deployment::wait_for(async {
            let engine = deployment::engine(&config).await?;
            match self {
                Self::List(list) => list.run(&engine).await,
                Self::Revoke(revoke) => revoke.run(&engine).await,
            }
        })
    }
}

impl List {
    async fn run(self, engine: &Engine) -> Result<(), Failure> {
        let user = self.named.find(engine).await?;
        let sessions = engine.sessions(&user.id).await.map_err(Failure::refused)?;
        if self.json {
            let sessions: Vec<contract::session::Session> = sessions.iter().map(wire).collect();
            answer(serde_json::to_string(&sessions).map_err(Failure::refused)?)?;
        } else {
            let rows: Vec<[String; 5]> = sessions.iter().map(line).collect();
            answer(table(["ID", "CREATED", "EXPIRES", "ADDRESS", "AGENT"], &rows))?;
        }
        Ok(())
    }
}

fn line(session: &Row) -> [String; 5] {
    let said = |text: &Option<String>| printable(text.as_deref().unwrap_or_default());
    [
        session.id.clone(),
        session.created_at.to_iso(),
        session.expires_at.to_iso(),
        said(&session.ip_address),
        said(&session.user_agent),
    ]
}

impl Revoke {
    async fn run(self, engine: &Engine) -> Result<(), Failure> {
        let id = printable(&self.session);
        match engine.end_any_session(&self.session).await.map_err(Failure::refused)? {
            Some(user) => Ok(answer(format_args!("ended session {id} of user {}", printable(&user)))?),
            None => {
                Err(Failure::Refused(format!("there is no session {id}; `countersign session list USER` lists them")))
            }
        }
    }
}
