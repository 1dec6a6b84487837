//! `countersign user`: what an operator does to users.

use clap::{Args, Subcommand};
use countersign_contract as contract;
use countersign_engine::db::Timestamp;
use countersign_engine::user::rules::is_suspended;
use countersign_engine::{
    Clock, CreateUserError, Engine, Existing, NewUser, SetPasswordError, SystemClock, Unacceptable, User as Row, Who,
};
use serde_json::Value;
use zeroize::Zeroizing;

use super::console::{self, Failure, answer, note, printable, table};
use super::deployment::{self, Deployment};
use crate::http::user::wire;

/// More than the longest password anyone may set.
const PASSWORD_LIMIT: u64 = 64 * 1024;
/// What a name may have at most, in bytes.
pub(super) const NAME_LIMIT: usize = 1024;

#[derive(Subcommand)]
pub(super) enum User {
    /// Create a user.
    Create(Create),
    /// List users in the order of their ids, which is that of their creation.
    List(List),
    /// Show one user.
    Show(Show),
    /// Refuse a user at sign-in and on every request, and end their sessions.
    Suspend(Suspend),
    /// Lift a suspension.
    Restore(Named),
    /// Delete a user with accounts and sessions.
    Delete(Delete),
    /// Give a user other roles.
    SetRole(SetRole),
    /// Give a user a password, asked for on the terminal or read on standard input.
    SetPassword(SetPassword),
}

#[derive(Args)]
pub(super) struct Create {
    /// The e-mail address.
    #[arg(long)]
    email: String,
    /// The display name.
    #[arg(long)]
    name: String,
    /// Read the password on standard input; one newline at its end is not part of it.
    #[arg(long)]
    password_stdin: bool,
    /// The roles, joined by commas; `user` if not said.
    #[arg(long)]
    role: Option<String>,
    /// The value of an additional field, in JSON or as it is; may come several times.
    #[arg(long = "field", value_name = "NAME=VALUE", value_parser = field)]
    fields: Vec<(String, Value)>,
    /// Print the user as JSON.
    #[arg(long)]
    json: bool,
}

#[derive(Args)]
pub(super) struct List {
    /// How many at most.
    #[arg(long, default_value_t = 100, value_parser = clap::value_parser!(u32).range(1..=10_000))]
    limit: u32,
    /// Only users after the one with this id.
    #[arg(long, value_name = "ID", default_value = "", hide_default_value = true)]
    after: String,
    /// Print the users as a JSON array.
    #[arg(long)]
    json: bool,
}

#[derive(Args)]
pub(super) struct Named {
    /// The user's id or e-mail address.
    #[arg(value_name = "ID|EMAIL")]
    user: String,
}

#[derive(Args)]
pub(super) struct Show {
    #[command(flatten)]
    named: Named,
    /// Print the user as JSON.
    #[arg(long)]
    json: bool,
}

#[derive(Args)]
pub(super) struct Suspend {
    #[command(flatten)]
    named: Named,
    /// Why; kept with the user.
    #[arg(long)]
    reason: Option<String>,
    /// When the suspension ends by itself, as in 2027-01-31T12:00:00Z.
    #[arg(long, value_name = "TIME", value_parser = instant)]
    until: Option<Timestamp>,
}

#[derive(Args)]
pub(super) struct Delete {
    #[command(flatten)]
    named: Named,
    /// Say that it is meant: nothing brings a deleted user back.
    #[arg(long)]
    yes: bool,
}

#[derive(Args)]
pub(super) struct SetRole {
    #[command(flatten)]
    named: Named,
    /// The roles, joined by commas.
    role: String,
}

#[derive(Args)]
pub(super) struct SetPassword {
    #[command(flatten)]
    named: Named,
    /// Replace the password the user has, and end all their sessions.
    #[arg(long)]
    replace: bool,
}

impl User {
    pub(super) fn run(self, deployment: &Deployment) -> Result<(), Failure> {
        let config = deployment.config()?;
        deployment::wait_for(async {
            let engine = deployment::engine(&config).await?;
            let done = self.run_on(&engine).await;
            engine.database().close().await;
            done
        })
    }

    async fn run_on(self, engine: &Engine) -> Result<(), Failure> {
        match self {
            Self::Create(create) => create.run(engine).await,
            Self::List(list) => list.run(engine).await,
            Self::Show(show) => show_user(&show.named.find(engine).await?, show.json),
            Self::Suspend(suspend) => suspend.run(engine).await,
            Self::Restore(named) => {
                let user = named.find(engine).await?;
                done(engine.restore(&user.id).await, format_args!("restored {}", user.email))
            }
            Self::Delete(delete) => delete.run(engine).await,
            Self::SetRole(SetRole { named, role }) => {
                let (user, role) = (named.find(engine).await?, roles(&role)?);
                done(engine.set_role(&user.id, role).await, format_args!("{} is now {role}", user.email))
            }
            Self::SetPassword(set) => set.run(engine).await,
        }
    }
}

impl Create {
    async fn run(self, engine: &Engine) -> Result<(), Failure> {
        if !contract::is_address(&self.email) {
            return Err(Failure::misuse("--email is not an e-mail address"));
        }
        if self.name.len() > NAME_LIMIT || self.name.contains('\0') {
            return Err(Failure::Misuse(format!("--name must have at most {NAME_LIMIT} bytes, none of them NUL")));
        }
        let role = self.role.as_deref().map(roles).transpose()?.map(str::to_owned);
        let password = if self.password_stdin { Some(read_password()?) } else { None };
        let members = self.fields.into_iter().collect();
        let new = NewUser { name: self.name, email: self.email, image: None, role, members };
        let user = match engine.create_user(new, password.as_ref().map(|password| password.as_str())).await {
            Ok(user) => user,
            Err(error) => return Err(not_created(error, engine)),
        };
        if password.is_none() {
            note("the user has no password and cannot sign in with one");
        }
        show_user(&user, self.json)
    }
}

fn not_created(error: CreateUserError, engine: &Engine) -> Failure {
    match error {
        CreateUserError::Unacceptable(why) => unacceptable(why, engine),
        other => Failure::refused(other),
    }
}

fn unacceptable(why: Unacceptable, engine: &Engine) -> Failure {
    let rules = &engine.config().email_and_password;
    Failure::Refused(match why {
        Unacceptable::TooShort => format!("the password is shorter than {} characters", rules.min_password_length),
        Unacceptable::TooLong => format!("the password is longer than {} characters", rules.max_password_length),
        Unacceptable::Common => "the password is one of those that are guessed first".to_owned(),
    })
}

impl SetPassword {
    async fn run(self, engine: &Engine) -> Result<(), Failure> {
        let user = self.named.find(engine).await?;
        let password = match console::ask_secretly("New password: ", "The same again: ")? {
            Some(password) => password,
            None => read_password()?,
        };
        let existing = if self.replace { Existing::Replace } else { Existing::Keep };
        match engine.set_password(&user.id, &password, existing).await {
            Ok(()) => done(Ok(true), format_args!("{} has a new password", user.email)),
            Err(SetPasswordError::Unacceptable(why)) => Err(unacceptable(why, engine)),
            Err(SetPasswordError::AlreadySet) => Err(Failure::Refused(format!(
                "{} has a password already; --replace sets another and ends all sessions",
                printable(&user.email)
            ))),
            Err(other) => Err(Failure::refused(other)),
        }
    }
}

impl List {
    async fn run(self, engine: &Engine) -> Result<(), Failure> {
        let users = engine.users(&self.after, self.limit).await.map_err(Failure::refused)?;
        if self.json {
            let users: Vec<contract::user::User> = users.iter().map(wire).collect();
            answer(serde_json::to_string(&users).map_err(Failure::refused)?)?;
        } else {
            let now = SystemClock.now();
            let rows: Vec<[String; 6]> = users.iter().map(|user| line(user, now)).collect();
            answer(table(["ID", "EMAIL", "NAME", "ROLE", "STATUS", "CREATED"], &rows))?;
        }
        match users.last() {
            Some(last) if users.len() == usize::try_from(self.limit).unwrap_or(usize::MAX) => {
                note(format_args!("there may be more: --after {}", printable(&last.id)));
            }
            _ => {}
        }
        Ok(())
    }
}

impl Named {
    pub(super) async fn find(&self, engine: &Engine) -> Result<Row, Failure> {
        let user = engine.user(Who::parse(&self.user)).await.map_err(Failure::refused)?;
        user.ok_or_else(|| Failure::Refused(format!("there is no user {}", printable(&self.user))))
    }
}

impl Suspend {
    async fn run(self, engine: &Engine) -> Result<(), Failure> {
        if self.until.is_some_and(|until| until <= SystemClock.now()) {
            return Err(Failure::misuse("--until is in the past"));
        }
        let user = self.named.find(engine).await?;
        let suspended = engine.suspend(&user.id, self.reason, self.until).await;
        let until = self.until.map(|until| format!(" until {}", until.to_iso())).unwrap_or_default();
        done(suspended, format_args!("suspended {}{until}", user.email))
    }
}

impl Delete {
    async fn run(self, engine: &Engine) -> Result<(), Failure> {
        let user = self.named.find(engine).await?;
        if !self.yes {
            return Err(Failure::Misuse(format!(
                "this deletes {} for good; say so with --yes",
                printable(&user.email)
            )));
        }
        done(engine.delete_user(&user.id).await, format_args!("deleted {}", user.email))
    }
}

/// Says what was done, where it was.
fn done(found: Result<bool, countersign_engine::Error>, what: std::fmt::Arguments<'_>) -> Result<(), Failure> {
    if !found.map_err(Failure::refused)? {
        return Err(Failure::refused("the user is gone"));
    }
    Ok(answer(printable(&what.to_string()))?)
}

fn show_user(user: &Row, json: bool) -> Result<(), Failure> {
    if json {
        return Ok(answer(serde_json::to_string(&wire(user)).map_err(Failure::refused)?)?);
    }
    let [id, email, name, role, status, created] = line(user, SystemClock.now());
    let verified = if user.email_verified { "yes" } else { "no" }.to_owned();
    let reason = printable(user.ban_reason.as_deref().unwrap_or_default());
    let rows = [
        ["id".to_owned(), id],
        ["email".to_owned(), email],
        ["verified".to_owned(), verified],
        ["name".to_owned(), name],
        ["role".to_owned(), role],
        ["status".to_owned(), status],
        ["reason".to_owned(), reason],
        ["created".to_owned(), created],
        ["updated".to_owned(), user.updated_at.to_iso()],
    ];
    let told: Vec<[String; 2]> = rows.into_iter().filter(|[_, value]| !value.is_empty()).collect();
    Ok(answer(table(["FIELD", "VALUE"], &told))?)
}

/// A user as one row: id, e-mail, name, role, status, creation.
fn line(user: &Row, now: Timestamp) -> [String; 6] {
    let status = match (is_suspended(user, now), user.ban_expires) {
        (false, _) => "active".to_owned(),
        (true, None) => "suspended".to_owned(),
        (true, Some(until)) => format!("suspended until {}", until.to_iso()),
    };
    let role = user.role.as_deref().unwrap_or_default();
    let [id, email, name, role] = [user.id.as_str(), &user.email, &user.name, role].map(printable);
    [id, email, name, role, status, user.created_at.to_iso()]
}

fn read_password() -> Result<Zeroizing<String>, Failure> {
    let bytes = console::input(PASSWORD_LIMIT)?;
    let text = std::str::from_utf8(&bytes).map_err(|_| Failure::misuse("the password is not valid UTF-8"))?;
    Ok(Zeroizing::new(text.to_owned()))
}

/// Role names, joined by commas as Better Auth's admin plugin keeps them.
pub(super) fn roles(text: &str) -> Result<&str, Failure> {
    let is_name = |role: &str| {
        !role.is_empty() && role.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | ':' | '.'))
    };
    if text.split(',').all(is_name) {
        return Ok(text);
    }
    Err(Failure::misuse("a role is made of letters, digits, '-', '_', ':' and '.'; several are joined by commas"))
}

fn field(text: &str) -> Result<(String, Value), String> {
    let (name, value) = text.split_once('=').ok_or("a field is given as in plan=free")?;
    Ok((name.to_owned(), serde_json::from_str(value).unwrap_or_else(|_| Value::from(value))))
}

fn instant(text: &str) -> Result<Timestamp, String> {
    Timestamp::parse_iso(text).ok_or_else(|| "a time is written as in 2027-01-31T12:00:00Z".to_owned())
}
