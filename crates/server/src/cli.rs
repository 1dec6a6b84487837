//! The `countersign` command: what an operator types.
//!
//! Exit codes: 0 it is done, 1 it was refused or failed, 2 the command or the configuration is wrong. A message says
//! what to do next. Nothing secret is printed except where it was asked for.

mod console;
mod deployment;
mod doctor;
mod import;
mod migrate;
mod openapi;
mod secret;
mod serve;
mod session;
mod token;
mod user;

use std::ffi::OsString;
use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Args, Parser, Subcommand};

use self::console::Failure;
pub(crate) use self::console::printable;
use self::deployment::Deployment;

/// Stateless authentication for frontends that speak Better Auth.
#[derive(Parser)]
#[command(name = "countersign", version, after_help = AFTER_HELP)]
struct Cli {
    /// Read settings from FILE instead of countersign.toml.
    #[arg(long, global = true, value_name = "FILE")]
    config: Option<PathBuf>,
    #[command(subcommand)]
    command: Option<Command>,
}

const AFTER_HELP: &str = "Without a command: serve. Settings: countersign.toml, then the environment \
(BETTER_AUTH_SECRET, BETTER_AUTH_URL, BETTER_AUTH_TRUSTED_ORIGINS, DATABASE_URL, PORT, and COUNTERSIGN__SECTION__KEY for \
any other).";

#[derive(Subcommand)]
enum Command {
    /// Run the server.
    Serve,
    /// Bring the database up to the schema of this version. Of a database that Better Auth made, nothing is changed but what
    /// is missing.
    Migrate(Place),
    /// Check secret, database, schema, address and clock; of a database that Better Auth made, table by table. Changes nothing.
    Doctor(Place),
    /// Print the OpenAPI document of the endpoints.
    Openapi,
    /// Mint, verify and decode access tokens.
    #[command(subcommand)]
    Token(token::Token),
    /// Create, look at and change users.
    #[command(subcommand)]
    User(user::User),
    /// Take users over from elsewhere, with the hashes of their passwords.
    Import(import::Import),
    /// List and end sessions.
    #[command(subcommand)]
    Session(session::Session),
    /// Print a strong secret.
    Secret,
}

#[derive(Args)]
struct Place {
    /// Look at the database at URL instead of the configured one.
    #[arg(long, value_name = "URL")]
    database: Option<String>,
}

/// Runs the command these arguments say, the first being the program's name.
pub fn run(arguments: impl IntoIterator<Item = OsString>) -> ExitCode {
    let cli = match Cli::try_parse_from(arguments) {
        Ok(cli) => cli,
        Err(shown) => {
            // Help and version are for standard output and succeed; misuse exits 2. A closed pipe changes neither.
            let _ = shown.print();
            return ExitCode::from(u8::try_from(shown.exit_code()).unwrap_or(2));
        }
    };
    match cli.run() {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => failure.report(),
    }
}

impl Cli {
    fn run(self) -> Result<(), Failure> {
        let deployment = Deployment::new(self.config);
        match self.command.unwrap_or(Command::Serve) {
            Command::Serve => serve::run(&deployment),
            Command::Migrate(place) => migrate::run(&deployment, place.database),
            Command::Doctor(place) => doctor::run(&deployment, place.database),
            Command::Openapi => openapi::run(&deployment),
            Command::Token(token) => token.run(&deployment),
            Command::User(user) => user.run(&deployment),
            Command::Import(import) => import.run(&deployment),
            Command::Session(session) => session.run(&deployment),
            Command::Secret => secret::run(),
        }
    }
}
