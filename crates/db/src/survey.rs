//! Looking at a database that Better Auth made: what fits, what is missing, what is in the way, and which settings would
//! make it fit. Nothing is changed.

use std::fmt;
use std::sync::Arc;

use crate::catalog::{Catalog, Found};
use crate::migrate::{Missing, missing_of, missing_of_ours};
use crate::schema::{BETTER_AUTH, Column, FORMER, Table};
use crate::statement::Connection;
use crate::suggest::suggested;
use crate::{Db, Error, Holds, Kind, Names, TimeCoding, args};

/// What a database has of Better Auth's tables, under the names in use.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Survey {
    /// Better Auth's tables, one by one.
    pub tables: Vec<Surveyed>,
    /// What is missing of what is ours.
    pub ours: Vec<Missing>,
    /// Whether another program made Better Auth's tables, and we were never here.
    pub made_elsewhere: bool,
    /// Settings under which the database fits better, each as key and TOML value: `session.model_name` and `"sessions"`.
    pub settings: Vec<(String, String)>,
}

/// What a database has of one of Better Auth's tables.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Surveyed {
    /// Its logical name.
    pub table: &'static str,
    /// The name it has here.
    pub real: String,
    /// Whether it is there.
    pub present: bool,
    /// How many of the columns we know are there and fit.
    pub fitting: usize,
    /// What a migration adds.
    pub missing: Vec<Missing>,
    /// What a migration does not make fit.
    pub misfits: Vec<Misfit>,
    /// Columns we do not know. They are left alone.
    pub beside: Vec<String>,
}

/// What a migration does not make fit, each with the real name of a column.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Misfit {
    /// It is of a type that cannot hold what we would put there: the type, and those that can.
    Type(String, String, &'static str),
    /// It is not there, though every version of Better Auth has it: its logical name stands first.
    Absent(&'static str, String),
    /// We do not know it, and it demands a value.
    Demanding(String),
    /// It holds instants in another coding than any we can use throughout.
    Coding(String, &'static str),
}

impl fmt::Display for Misfit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Type(column, holds, wants) => write!(f, "column {column} is of type {holds} and must be {wants}"),
            Self::Absent(_, column) => write!(f, "column {column} is missing, which every version of Better Auth has"),
            Self::Demanding(column) => write!(f, "column {column} is unknown and demands a value"),
            Self::Coding(column, coding) => write!(f, "column {column} holds instants {coding}"),
        }
    }
}

impl Db {
    /// Looks at Better Auth's tables and ours.
    ///
    /// # Errors
    /// What the database says.
    pub async fn survey(&self) -> Result<Survey, Error> {
        let mut read = self.read().await?;
        let mut connection = read.connection();
        let catalog = Catalog::read(&mut connection).await?;
        let settings = suggested(&mut connection, &catalog, self.names()).await?;
        let mut tables = Vec::new();
        for table in BETTER_AUTH {
            tables.push(look(table, &mut connection, &catalog, self.names()).await?);
        }
        drop(read);
        let mut ours = missing_of_ours(&catalog);
        ours.extend(self.triggers_missing().await?.into_iter().map(Missing::Trigger));
        let theirs = !settings.is_empty() || tables.iter().any(|table| table.table == "user" && table.present);
        let made_elsewhere = theirs && !catalog.has_table("countersign_migration");
        Ok(Survey { tables, ours, made_elsewhere, settings })
    }
}

async fn look(
    table: &'static Table,
    connection: &mut Connection<'_>,
    catalog: &Catalog,
    names: &Names,
) -> Result<Surveyed, Error> {
    let real = names.real_table(table.name)?.to_owned();
    let mut missing: Vec<Missing> = missing_of(table, catalog, names)?.into_iter().map(|(lack, _)| lack).collect();
    let (mut fitting, mut misfits, mut beside) = (0, Vec::new(), Vec::new());
    let present = catalog.has_table(&real);
    if present {
        (fitting, misfits) = look_at_columns(table, connection.kind(), catalog, names)?;
        misfits.extend(codings(table, connection, names).await?);
        for (column, found) in unknown(table, catalog, names)? {
            let is_filled = FORMER.contains(&(table.name, column.as_str()));
            let demands = found.not_null && !found.has_default && !is_filled;
            if demands { misfits.push(Misfit::Demanding(column)) } else { beside.push(column) }
        }
        // Nothing is added where it would stand beside a column of another name.
        missing.retain(|lack| match lack {
            Missing::Column(_, column) => {
                !misfits.iter().any(|it| matches!(it, Misfit::Absent(_, real) if real == column))
            }
            _ => true,
        });
    }
    Ok(Surveyed { table: table.name, real, present, fitting, missing, misfits, beside })
}

/// The number of columns that fit, and those that do not.
fn look_at_columns(
    table: &'static Table,
    kind: Kind,
    catalog: &Catalog,
    names: &Names,
) -> Result<(usize, Vec<Misfit>), Error> {
    let (mut fitting, mut misfits) = (0, Vec::new());
    let real_table = names.real_table(table.name)?;
    for column in table.with_id() {
        let real = names.real_column(table.name, column.name)?;
        match catalog.column(real_table, real) {
            Some(found) => match other_types(&column, found, kind) {
                Some(wants) => misfits.push(Misfit::Type(real.to_owned(), found.holds.clone(), wants)),
                None => fitting += 1,
            },
            None if column.not_null => misfits.push(Misfit::Absent(column.name, real.to_owned())),
            None => {}
        }
    }
    Ok((fitting, misfits))
}

/// The types that would do, where the one found does not. SQLite's columns take whatever is put there, but for ids: a whole
/// number would come back.
fn other_types(column: &Column, found: &Found, kind: Kind) -> Option<&'static str> {
    let holds = found.holds.as_str();
    let is_id = column.name == "id" || column.references.is_some();
    let (fits, wants) = match (kind, column.holds) {
        (Kind::Sqlite, Holds::Text) => (!(is_id && holds.contains("int")), "text"),
        (Kind::Sqlite, _) => (true, ""),
        (Kind::Postgres, Holds::Text) if is_id => (is_text(holds) || holds == "uuid", "text or uuid"),
        (Kind::Postgres, Holds::Text) => (is_text(holds), "text"),
        (Kind::Postgres, Holds::Bool) => (holds == "boolean", "boolean"),
        (Kind::Postgres, Holds::Time) => (holds.starts_with("timestamp"), "timestamptz or timestamp"),
        // Only additional fields hold these, and whatever their columns are of is taken.
        (Kind::Postgres, Holds::Number | Holds::List) => (true, ""),
    };
    (!fits).then_some(wants)
}

fn is_text(holds: &str) -> bool {
    matches!(holds, "text" | "character varying")
}

fn unknown(table: &'static Table, catalog: &Catalog, names: &Names) -> Result<Vec<(String, Found)>, Error> {
    let own = names.fields(table.name)?.iter().map(|field| field.name.as_str());
    let known =
        table.with_id().map(|column| column.name).chain(own).map(|column| names.real_column(table.name, column));
    let known = known.collect::<Result<Vec<_>, _>>()?;
    let columns = catalog.tables.get(names.real_table(table.name)?).into_iter().flatten();
    Ok(columns
        .filter(|(column, _)| !known.contains(&column.as_str()))
        .map(|(column, found)| (column.clone(), found.clone()))
        .collect())
}

/// Instants of SQLite that no setting reads right: two codings in one column, or seconds.
async fn codings(
    table: &'static Table,
    connection: &mut Connection<'_>,
    names: &Names,
) -> Result<Option<Misfit>, Error> {
    if connection.kind() == Kind::Postgres {
        return Ok(None);
    }
    let found = Instants::of(table, connection, names).await?;
    let Some(column) = found.column else { return Ok(None) };
    let coding = match found {
        Instants { texts, numbers, .. } if texts > 0 && numbers > 0 => "in two codings, text and numbers",
        Instants { least: Some(least), .. } if least < LEAST_MILLISECONDS => "in seconds, not in milliseconds",
        _ => return Ok(None),
    };
    Ok(Some(Misfit::Coding(column, coding)))
}

/// Early in 1973 as milliseconds, and the year 5138 as seconds.
const LEAST_MILLISECONDS: i64 = 100_000_000_000;

/// How the first column of instants of a table in SQLite is filled.
#[derive(Default)]
pub(crate) struct Instants {
    column: Option<String>,
    pub(crate) texts: i64,
    pub(crate) numbers: i64,
    least: Option<i64>,
}

impl crate::FromRow for Instants {
    fn from_row(row: &crate::Row<'_>) -> Result<Self, Error> {
        Ok(Self { column: None, texts: row.int("texts")?, numbers: row.int("numbers")?, least: row.opt_int("least")? })
    }
}

impl Instants {
    pub(crate) async fn of(
        table: &'static Table,
        connection: &mut Connection<'_>,
        names: &Names,
    ) -> Result<Self, Error> {
        let catalog = Catalog::read(connection).await?;
        let real = names.real_table(table.name)?;
        let times = table.columns.iter().filter(|column| column.holds == Holds::Time && column.not_null);
        for column in times {
            let name = names.real_column(table.name, column.name)?;
            if catalog.has_column(real, name) {
                let sql = format!(
                    "SELECT count(*) FILTER (WHERE typeof(\"{name}\") = 'text') AS texts, \
                     count(*) FILTER (WHERE typeof(\"{name}\") IN ('integer', 'real')) AS numbers, \
                     CAST(min(\"{name}\") FILTER (WHERE typeof(\"{name}\") IN ('integer', 'real')) AS INTEGER) AS least \
                     FROM \"{real}\""
                );
                let found: Option<Self> = connection.opt(&Arc::from(sql), args![]).await?;
                return Ok(Self { column: Some(name.to_owned()), ..found.unwrap_or_default() });
            }
        }
        Ok(Self::default())
    }
}

/// How instants lie in a SQLite database under these names: what is there says it, or else how the columns are declared.
pub(crate) async fn time_coding(
    connection: &mut Connection<'_>,
    catalog: &Catalog,
    names: &Names,
) -> Result<Option<TimeCoding>, Error> {
    if connection.kind() == Kind::Postgres {
        return Ok(None);
    }
    let mut declared = None;
    for table in BETTER_AUTH {
        let found = Instants::of(table, connection, names).await?;
        match found {
            Instants { texts: 1.., .. } => return Ok(Some(TimeCoding::Text)),
            Instants { numbers: 1.., .. } => return Ok(Some(TimeCoding::Milliseconds)),
            Instants { column: Some(column), .. } => {
                let holds = catalog.column(names.real_table(table.name)?, &column).map(|found| found.holds.as_str());
                declared = declared.or(match holds {
                    Some(holds) if holds.contains("int") => Some(TimeCoding::Milliseconds),
                    // Prisma's word, whichever way it writes.
                    Some("datetime") | None => None,
                    Some(_) => Some(TimeCoding::Text),
                });
            }
            Instants { column: None, .. } => {}
        }
    }
    Ok(declared)
}
