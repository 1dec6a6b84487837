//! The tables of a database, one by one: what fits, what is missing, and the settings under which it would fit.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use countersign_engine::db::{Db, Misfit, Missing, Survey, Surveyed};

use super::{Finding, Problem, problem};
use crate::config::Config;

const MIGRATE: &str = "run `countersign migrate`";

/// What is found of Better Auth's tables and of ours.
pub(super) async fn findings(db: &Db, config: &Config) -> Vec<(&'static str, Finding)> {
    let survey = match db.survey().await {
        Ok(survey) => survey,
        Err(error) => return vec![("schema", Err(problem(error, "check the rights of the database user")))],
    };
    let mut findings = Vec::new();
    if survey.made_elsewhere {
        findings.push(("made by", origin(config)));
    }
    if !survey.settings.is_empty() {
        findings.push(("names", Err(Problem { what: settings(&survey.settings), next: None })));
    }
    findings.extend(survey.tables.iter().map(|table| (table.table, of(table, &survey))));
    findings.push(("ours", ours(&survey.ours)));
    findings
}

/// A database that Better Auth made is joined only where that is said.
fn origin(config: &Config) -> Finding {
    if config.database.shared {
        return Ok("Better Auth, and shared with it".to_owned());
    }
    Err(problem(
        "Better Auth, which may still use it",
        "set `database.shared` to true, and `token.secret` or an asymmetric `token.algorithm` with it",
    ))
}

/// The settings as they stand in `countersign.toml`, to be copied.
fn settings(settings: &[(String, String)]) -> String {
    let mut sections: BTreeMap<&str, Vec<(&str, &str)>> = BTreeMap::new();
    for (key, value) in settings {
        let (section, key) = key.rsplit_once('.').unwrap_or(("", key));
        sections.entry(section).or_default().push((key, value));
    }
    let mut text =
        "tables or columns have other names here, or instants another form; copy this into countersign.toml:"
            .to_owned();
    for (section, keys) in sections {
        // Writing to a String cannot fail.
        let _ = write!(text, "\n\n    [{section}]");
        for (key, value) in keys {
            let _ = write!(text, "\n    {key} = {value}");
        }
    }
    text.push('\n');
    text
}

fn of(table: &Surveyed, survey: &Survey) -> Finding {
    let name = &table.real;
    if let Some(misfit) = table.misfits.first() {
        let more = match table.misfits.len() - 1 {
            0 => String::new(),
            more => format!(", and {more} more"),
        };
        return Err(Problem {
            what: format!("table {name}: {misfit}{more}; {}", remedy(table.table, misfit)),
            next: None,
        });
    }
    let wanted = if survey.settings.is_empty() { MIGRATE } else { "set the names above first" };
    if !table.present {
        return Err(problem(format_args!("table {name} is missing"), wanted));
    }
    let beside = match table.beside.as_slice() {
        [] => String::new(),
        [one] => format!("; {one} is left alone"),
        several => format!("; {} are left alone", several.join(", ")),
    };
    let fitting = format!("table {name}: {} columns fit", table.fitting);
    if table.missing.is_empty() {
        return Ok(format!("{fitting}{beside}"));
    }
    let missing: Vec<String> = table.missing.iter().map(lack).collect();
    Err(problem(format_args!("{fitting}{beside}; missing are {}", missing.join(", ")), wanted))
}

/// What is missing, without the table's name, which was said.
fn lack(missing: &Missing) -> String {
    match missing {
        Missing::Column(_, column) => column.clone(),
        Missing::Index(index) => format!("the index {index}"),
        other => other.to_string(),
    }
}

/// What to do about what no migration makes fit.
fn remedy(table: &str, misfit: &Misfit) -> String {
    match misfit {
        Misfit::Absent(column, _) => {
            let key = countersign_engine::db::Names::snake_case_of(column);
            format!("say with `{table}.fields.{key}` what it is called here, or let Better Auth's CLI migrate first")
        }
        Misfit::Type(column, holds, _) if holds.contains("int") && column == "id" => {
            "ids that are numbers are not served; Better Auth makes texts or UUIDs".to_owned()
        }
        Misfit::Demanding(_) => "no user could be made; let it be null or give it a default".to_owned(),
        Misfit::Coding(..) => "rewrite the column in one coding, ISO-8601 text or milliseconds".to_owned(),
        _ => "change the column's type".to_owned(),
    }
}

/// Our own tables and triggers, in one line.
fn ours(missing: &[Missing]) -> Finding {
    match missing {
        [] => Ok("tables and triggers are complete".to_owned()),
        [one] => Err(problem(one, MIGRATE)),
        [first, rest @ ..] => Err(problem(format_args!("{first}, and {} more", rest.len()), MIGRATE)),
    }
}
