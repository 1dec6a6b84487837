//! Which settings would make a database fit: tables and columns that are Better Auth's under other names.

use crate::catalog::Catalog;
use crate::names::{checked, snake_case};
use crate::schema::{BETTER_AUTH, Table};
use crate::statement::Connection;
use crate::survey::time_coding;
use crate::{Error, Names, TimeCoding};

/// Settings, each as key and TOML value.
type Settings = Vec<(String, String)>;

/// The fewest settings under which the database fits better than under `names`; none where it fits.
pub(crate) async fn suggested(
    connection: &mut Connection<'_>,
    catalog: &Catalog,
    names: &Names,
) -> Result<Settings, Error> {
    let as_is = Suggestion { settings: Vec::new(), names: names.clone() }.fitted(catalog)?;
    let mut best = as_is;
    if *names == Names::default() {
        for (settings, names) in [
            (vec![SNAKE_CASE], names.clone().snake_case()),
            (vec![PLURAL], names.clone().plural()),
            (vec![SNAKE_CASE, PLURAL], names.clone().snake_case().plural()),
        ] {
            let settings = settings.into_iter().map(|(key, value)| (key.to_owned(), value.to_owned())).collect();
            let other = Suggestion { settings, names }.fitted(catalog)?;
            if other.settings.len() < best.settings.len() {
                best = other;
            }
        }
    }
    let Suggestion { mut settings, names: fitted } = best;
    match time_coding(connection, catalog, &fitted).await? {
        Some(coding) if coding != names.time_coding() => {
            let value = match coding {
                TimeCoding::Text => "\"text\"",
                TimeCoding::Milliseconds => "\"milliseconds\"",
            };
            settings.push(("database.dates".to_owned(), value.to_owned()));
        }
        _ => {}
    }
    Ok(settings)
}

const SNAKE_CASE: (&str, &str) = ("database.camel_case", "false");
const PLURAL: (&str, &str) = ("database.use_plural", "true");

/// Settings, and the names they lead to.
struct Suggestion {
    settings: Settings,
    names: Names,
}

impl Suggestion {
    /// With a setting for each table and column that is here under another name.
    fn fitted(mut self, catalog: &Catalog) -> Result<Self, Error> {
        for table in BETTER_AUTH {
            if is_whole(table, catalog, &self.names)? {
                continue;
            }
            let Some(found) = resembling(table, catalog) else { continue };
            if found != self.names.real_table(table.name)? {
                self.settings.push((format!("{}.model_name", table.name), format!("\"{found}\"")));
                self.names = self.names.table(table.name, found)?;
            }
            for column in table.with_id() {
                let has_it = catalog.has_column(found, self.names.real_column(table.name, column.name)?);
                let Some(name) = column_like(column.name, found, catalog).filter(|_| !has_it) else { continue };
                let key = format!("{}.fields.{}", table.name, snake_case(column.name));
                self.settings.push((key, format!("\"{name}\"")));
                self.names = self.names.column(table.name, column.name, name)?;
            }
        }
        Ok(self)
    }
}

/// Whether a table is there under its name with every column that Better Auth always had.
fn is_whole(table: &'static Table, catalog: &Catalog, names: &Names) -> Result<bool, Error> {
    let real = names.real_table(table.name)?;
    for column in table.with_id().filter(|column| column.not_null) {
        if !catalog.has_column(real, names.real_column(table.name, column.name)?) {
            return Ok(false);
        }
    }
    Ok(true)
}

/// The table of the catalog that looks most like this one: by the column nothing else has, most of the others, and the name.
fn resembling<'c>(table: &'static Table, catalog: &'c Catalog) -> Option<&'c str> {
    let always: Vec<&str> = table.with_id().filter(|column| column.not_null).map(|column| column.name).collect();
    let likeness = |real: &&str| {
        let found = always.iter().filter(|column| column_like(column, real, catalog).is_some()).count();
        let most = found * 10 >= always.len() * 6;
        (most && column_like(table.mark, real, catalog).is_some()).then_some((closeness(table.name, real), found))
    };
    let foreign = catalog.tables.keys().map(String::as_str).filter(|real| !real.starts_with("countersign_"));
    foreign.filter(|real| checked(real).is_ok() && likeness(real).is_some()).max_by_key(likeness)
}

/// How close a name is to that of a table.
fn closeness(table: &str, real: &str) -> u8 {
    let (real, plural) = (letters(real), format!("{table}s"));
    match real.as_str() {
        same if same == table => 3,
        same if same == plural => 2,
        other if other.ends_with(table) || other.ends_with(&plural) => 1,
        _ => 0,
    }
}

/// The column of a table that has the same letters and digits as this one.
fn column_like<'c>(column: &str, table: &str, catalog: &'c Catalog) -> Option<&'c str> {
    let mut columns = catalog.tables.get(table)?.keys().map(String::as_str);
    columns.find(|real| letters(real) == letters(column) && checked(real).is_ok())
}

/// A name without what spellings differ in.
fn letters(name: &str) -> String {
    name.chars().filter(char::is_ascii_alphanumeric).map(|c| c.to_ascii_lowercase()).collect()
}
