//! How logical names become those of the database at hand: once per template, validated, quoted.
//!
//! | In a template | Becomes, under Better Auth's Kysely names |
//! |---|---|
//! | `{user}` | `"user"` |
//! | `{user.email}` | `"email"` |
//! | `{user.email@u}` | `"u"."email"` |
//! | `{user.email@u:owner}` | `"u"."email" AS "owner"` |
//! | `{user.*}` | `"id" AS "id", "name" AS "name", ...`: every known column under its logical name |
//! | `{user.*@u}` | the same, each as `"u"."id" AS "id"` |
//! | `{session.*@s:s_}` | the same, each as `"s"."id" AS "s_id"`, for [`Row::under`](crate::Row::under) |
//! | `{user.+}` | `, "nick", "plan"`: the columns of the additional fields, each behind a comma; nothing where there are none |
//! | `{user.+$12}` | `, $12, $13`: a placeholder for each |
//! | `{user.=$6}` | `, "nick" = CASE WHEN $6 THEN $7 ELSE "nick" END, ...`: each set where the flag before its value is true |
//! | `{{`, `}}` | a brace |

use std::borrow::Cow;
use std::collections::HashMap;
use std::fmt::Write as _;
use std::sync::Arc;

use crate::schema::{BETTER_AUTH, OURS};
use crate::{Error, Field};

/// How instants are kept in a SQLite database. PostgreSQL has types for them, with or without a time zone, and says which.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum TimeCoding {
    /// As text, `2026-11-23T13:05:05.235Z`: Better Auth's own adapter, and Prisma's drivers of today.
    #[default]
    Text,
    /// As whole milliseconds since the Unix epoch: Drizzle, and Prisma's engine.
    Milliseconds,
}

/// The real names of the tables and columns we know. Every name is validated as an identifier when it is set, so rendering
/// a template can only yield what the template says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Names {
    tables: HashMap<&'static str, TableNames>,
    times: TimeCoding,
    /// Whether columns that are not named otherwise are named in snake_case.
    snake_case: bool,
}

#[derive(Clone, Debug, PartialEq, Eq)]
struct TableNames {
    real: String,
    /// Logical and real name, in the order of the schema; additional fields come last.
    columns: Vec<(Cow<'static, str>, String)>,
    /// The additional fields.
    fields: Vec<Arc<Field>>,
}

/// Better Auth's own names, as its Kysely adapter and its CLI use them.
impl Default for Names {
    fn default() -> Self {
        let theirs = BETTER_AUTH.iter().map(|table| {
            (
                table.name,
                std::iter::once("id").chain(table.columns.iter().map(|column| column.name)).collect::<Vec<_>>(),
            )
        });
        let ours = OURS.iter().map(|(table, columns)| (*table, columns.to_vec()));
        let tables = theirs
            .chain(ours)
            .map(|(table, columns)| {
                let columns = columns.into_iter().map(|column| (column.into(), column.to_owned())).collect();
                (table, TableNames { real: table.to_owned(), columns, fields: Vec::new() })
            })
            .collect();
        Self { tables, times: TimeCoding::Text, snake_case: false }
    }
}

impl Names {
    /// Gives a table of Better Auth another real name, as its `modelName` does. Ours keep their names.
    ///
    /// # Errors
    /// [`Error::Name`] when Better Auth has no such table or the name is not an identifier.
    pub fn table(mut self, logical: &str, real: &str) -> Result<Self, Error> {
        checked(real)?;
        real.clone_into(&mut self.renamable(logical)?.real);
        Ok(self)
    }

    /// Gives a column of a Better Auth table another real name, as its `fields` do.
    ///
    /// # Errors
    /// [`Error::Name`] when Better Auth has no such table or column or the name is not an identifier.
    pub fn column(mut self, table: &str, logical: &str, real: &str) -> Result<Self, Error> {
        checked(real)?;
        let column = self.renamable(table)?.columns.iter_mut().find(|(name, _)| name == logical);
        let (_, name) = column.ok_or_else(|| Error::Name(format!("table `{table}` has no column `{logical}`")))?;
        real.clone_into(name);
        Ok(self)
    }

    /// Gives columns the names Better Auth's Drizzle generator writes: `emailVerified` is `email_verified`.
    #[must_use]
    pub fn snake_case(mut self) -> Self {
        for table in BETTER_AUTH {
            for (logical, real) in self.tables.get_mut(table.name).into_iter().flat_map(|names| &mut names.columns) {
                *real = snake_case(logical);
            }
        }
        self.snake_case = true;
        self
    }

    /// Gives tables the names that `usePlural` makes: an `s` more.
    #[must_use]
    pub fn plural(mut self) -> Self {
        for table in BETTER_AUTH {
            if let Some(names) = self.tables.get_mut(table.name) {
                names.real = format!("{}s", table.name);
            }
        }
        self
    }

    /// The logical names of the columns of a Better Auth table; none where it has no such table.
    pub fn columns(table: &str) -> impl Iterator<Item = &'static str> {
        let known = BETTER_AUTH.iter().find(|known| known.name == table);
        let columns = known.map_or(&[][..], |known| known.columns);
        known.map(|_| "id").into_iter().chain(columns.iter().map(|column| column.name))
    }

    /// A logical name in snake_case: `emailVerified` is `email_verified`.
    #[must_use]
    pub fn snake_case_of(logical: &str) -> String {
        snake_case(logical)
    }

    /// Adds a field of one's own to a table of Better Auth, as its `additionalFields` do.
    ///
    /// # Errors
    /// [`Error::Name`] when Better Auth has no such table, a name is no identifier, or the table has such a field or column.
    pub fn additional(mut self, table: &str, field: Field) -> Result<Self, Error> {
        checked(&field.name)?;
        let usual = if self.snake_case { snake_case(&field.name) } else { field.name.clone() };
        let column = field.column.clone().unwrap_or(usual);
        checked(&column)?;
        let names = self.renamable(table)?;
        // SQLite has no two columns whose names differ by case alone.
        if names.columns.iter().any(|(name, real)| *name == field.name || real.eq_ignore_ascii_case(&column)) {
            return Err(Error::Name(format!("table `{table}` has a field `{}` already", field.name)));
        }
        names.columns.push((field.name.clone().into(), column));
        names.fields.push(Arc::new(field));
        Ok(self)
    }

    /// The additional fields of a table, in the order in which they were added.
    ///
    /// # Errors
    /// [`Error::Template`] when no such table is known.
    pub fn fields(&self, table: &str) -> Result<&[Arc<Field>], Error> {
        Ok(&self.names_of(table)?.fields)
    }

    /// Sets how instants are kept in SQLite.
    #[must_use]
    pub fn times(self, times: TimeCoding) -> Self {
        Self { times, ..self }
    }

    /// Renders a template. The database renders each template it meets once and keeps the result; a test that renders all
    /// templates of a crate finds the mistakes in them.
    ///
    /// # Errors
    /// [`Error::Template`] when the template is malformed or names what does not exist.
    pub fn render(&self, template: &str) -> Result<String, Error> {
        let mut sql = String::with_capacity(template.len() * 2);
        let mut rest = template;
        while let Some(at) = rest.find(['{', '}']) {
            let (before, from) = rest.split_at(at);
            sql.push_str(before);
            rest = match from
                .strip_prefix("{{")
                .map(|rest| ('{', rest))
                .or_else(|| from.strip_prefix("}}").map(|rest| ('}', rest)))
            {
                Some((brace, rest)) => {
                    sql.push(brace);
                    rest
                }
                None => self.render_slot(from, &mut sql)?,
            };
        }
        sql.push_str(rest);
        Ok(sql)
    }

    pub(crate) const fn time_coding(&self) -> TimeCoding {
        self.times
    }

    /// The unquoted real name of a table, to look it up in the database's catalog.
    pub(crate) fn real_table(&self, logical: &str) -> Result<&str, Error> {
        Ok(&self.names_of(logical)?.real)
    }

    /// The unquoted real name of a column.
    pub(crate) fn real_column(&self, table: &str, logical: &str) -> Result<&str, Error> {
        self.names_of(table)?.real_column(table, logical)
    }

    /// Renders `{...}` at the beginning of `from` and returns what follows it.
    fn render_slot<'t>(&self, from: &'t str, sql: &mut String) -> Result<&'t str, Error> {
        let (slot, rest) = from.strip_prefix('{').and_then(|inner| inner.split_once('}')).ok_or_else(|| {
            Error::Template(format!("unbalanced brace at `{}`", from.chars().take(20).collect::<String>()))
        })?;
        let Slot { table, column, qualifier, label } = Slot::parse(slot)?;
        let names = self.names_of(table)?;
        match column {
            None => quote(sql, &names.real),
            Some("*") => names.render_all(qualifier, label.unwrap_or_default(), sql),
            Some("+") => names.real_fields().for_each(|column| _ = write!(sql, ", \"{column}\"")),
            Some(column) if column.starts_with(['+', '=']) => names.render_fields(column, sql)?,
            Some(column) => {
                qualify(sql, qualifier, names.real_column(table, column)?);
                if let Some(label) = label {
                    alias(sql, "", label);
                }
            }
        }
        Ok(rest)
    }

    fn renamable(&mut self, table: &str) -> Result<&mut TableNames, Error> {
        let theirs = BETTER_AUTH.iter().find(|known| known.name == table);
        theirs
            .and_then(|known| self.tables.get_mut(known.name))
            .ok_or_else(|| Error::Name(format!("Better Auth has no table `{table}`")))
    }

    fn names_of(&self, table: &str) -> Result<&TableNames, Error> {
        self.tables.get(table).ok_or_else(|| Error::Template(format!("no table `{table}` is known")))
    }
}

impl TableNames {
    fn real_column(&self, table: &str, logical: &str) -> Result<&str, Error> {
        let found = self.columns.iter().find(|(name, _)| name == logical);
        found
            .map(|(_, real)| real.as_str())
            .ok_or_else(|| Error::Template(format!("table `{table}` has no column `{logical}`")))
    }

    /// The columns of the additional fields: the last ones.
    fn real_fields(&self) -> impl Iterator<Item = &str> {
        let others = self.columns.len() - self.fields.len();
        self.columns.iter().skip(others).map(|(_, real)| real.as_str())
    }

    /// Placeholders from the one that `slot` names, `+$12` or `=$6`.
    fn render_fields(&self, slot: &str, sql: &mut String) -> Result<(), Error> {
        let (sets, first) = (slot.starts_with('='), slot.get(1..).and_then(|rest| rest.strip_prefix('$')));
        let first = first.and_then(|digits| digits.parse::<usize>().ok());
        let first = first.ok_or_else(|| Error::Template(format!("`{slot}` names no first placeholder")))?;
        for (position, column) in self.real_fields().enumerate() {
            let _infallible = if sets {
                let flag = first + 2 * position;
                write!(sql, ", \"{column}\" = CASE WHEN ${flag} THEN ${} ELSE \"{column}\" END", flag + 1)
            } else {
                write!(sql, ", ${}", first + position)
            };
        }
        Ok(())
    }

    fn render_all(&self, qualifier: Option<&str>, prefix: &str, sql: &mut String) {
        for (position, (logical, real)) in self.columns.iter().enumerate() {
            if position > 0 {
                sql.push_str(", ");
            }
            qualify(sql, qualifier, real);
            alias(sql, prefix, logical);
        }
    }
}

/// What stands between braces: `table`, `table.column`, with `@qualifier` and `:label` behind.
struct Slot<'t> {
    table: &'t str,
    column: Option<&'t str>,
    qualifier: Option<&'t str>,
    label: Option<&'t str>,
}

impl<'t> Slot<'t> {
    fn parse(slot: &'t str) -> Result<Self, Error> {
        let (body, label) = split(slot, ':');
        let (body, qualifier) = split(body, '@');
        let (table, column) = split(body, '.');
        if column.is_none() && (qualifier.is_some() || label.is_some()) {
            return Err(Error::Template(format!("`{{{slot}}}`: a table takes no qualifier and no label")));
        }
        for word in [qualifier, label].into_iter().flatten() {
            checked(word).map_err(|_| Error::Template(format!("`{{{slot}}}`: `{word}` is not an identifier")))?;
        }
        Ok(Self { table, column, qualifier, label })
    }
}

fn split(text: &str, separator: char) -> (&str, Option<&str>) {
    match text.split_once(separator) {
        Some((before, after)) => (before, Some(after)),
        None => (text, None),
    }
}

fn quote(sql: &mut String, identifier: &str) {
    let _infallible = write!(sql, "\"{identifier}\"");
}

fn qualify(sql: &mut String, qualifier: Option<&str>, identifier: &str) {
    if let Some(qualifier) = qualifier {
        quote(sql, qualifier);
        sql.push('.');
    }
    quote(sql, identifier);
}

fn alias(sql: &mut String, prefix: &str, name: &str) {
    let _infallible = write!(sql, " AS \"{prefix}{name}\"");
}

/// `emailVerified` as `email_verified`.
pub(crate) fn snake_case(name: &str) -> String {
    let mut snake = String::with_capacity(name.len() + 4);
    for c in name.chars() {
        if c.is_ascii_uppercase() {
            snake.push('_');
        }
        snake.push(c.to_ascii_lowercase());
    }
    snake
}

/// An identifier here is what needs no escape between quotes in either database: ASCII letters, digits and underscores, not
/// beginning with a digit, at most 63 bytes (PostgreSQL cuts longer ones silently).
pub(crate) fn checked(identifier: &str) -> Result<(), Error> {
    let first = identifier.chars().next().is_some_and(|c| c.is_ascii_alphabetic() || c == '_');
    let rest = identifier.chars().all(|c| c.is_ascii_alphanumeric() || c == '_');
    if first && rest && identifier.len() <= 63 {
        return Ok(());
    }
    Err(Error::Name(format!("`{}` cannot be the name of a table or column", identifier.escape_debug())))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Holds;

    fn render(template: &str) -> String {
        Names::default().render(template).unwrap()
    }

    #[test]
    fn renders_each_form_of_the_table_above() {
        assert_eq!(render("FROM {user} u"), "FROM \"user\" u");
        assert_eq!(render("{user.email} = $1"), "\"email\" = $1");
        assert_eq!(render("{user.email@u}"), "\"u\".\"email\"");
        assert_eq!(render("{user.email@u:owner}"), "\"u\".\"email\" AS \"owner\"");
        assert_eq!(
            render("{countersign_migration.*}"),
            "\"version\" AS \"version\", \"name\" AS \"name\", \"appliedAt\" AS \"appliedAt\""
        );
        assert_eq!(
            render("{countersign_migration.*@m:m_}"),
            "\"m\".\"version\" AS \"m_version\", \"m\".\"name\" AS \"m_name\", \"m\".\"appliedAt\" AS \"m_appliedAt\""
        );
        assert_eq!(render("'{{}}'"), "'{}'");
    }

    #[test]
    fn keeps_logical_names_in_the_row_when_real_ones_differ() {
        let names =
            Names::default().table("user", "users").unwrap().column("user", "emailVerified", "email_verified").unwrap();
        let sql = names.render("SELECT {user.*} FROM {user} WHERE {user.emailVerified}").unwrap();
        assert!(sql.contains("\"email_verified\" AS \"emailVerified\""), "{sql}");
        assert!(sql.ends_with("FROM \"users\" WHERE \"email_verified\""), "{sql}");
    }

    #[test]
    fn knows_the_names_of_other_generators() {
        let sql = Names::default().plural().snake_case().render("{account.accessTokenExpiresAt} {jwks}").unwrap();
        assert_eq!(sql, "\"access_token_expires_at\" \"jwkss\"");
        assert_eq!(Names::columns("jwks").collect::<Vec<_>>().len(), 7);
        assert_eq!(Names::columns("countersign_feed").count(), 0);
    }

    #[test]
    fn an_additional_field_is_named_as_its_neighbours_are() {
        let field = Field {
            name: "nickName".to_owned(),
            column: None,
            holds: Holds::Text,
            required: false,
            default: None,
            returned: true,
        };
        let names = |names: Names| names.additional("user", field.clone()).unwrap().render("{user.+}").unwrap();
        assert_eq!(names(Names::default()), ", \"nickName\"");
        assert_eq!(names(Names::default().snake_case()), ", \"nick_name\"");
    }

    #[test]
    fn additional_fields_follow_the_columns_they_stand_beside() {
        let field = |name: &str, column: &str| Field {
            name: name.to_owned(),
            column: Some(column.to_owned()),
            holds: Holds::Text,
            required: false,
            default: None,
            returned: true,
        };
        let names = Names::default().additional("user", field("nick", "nick")).unwrap();
        let names = names.additional("user", field("plan", "plan_name")).unwrap();
        let render = |template: &str| names.render(template).unwrap();
        assert!(render("{user.*@u}").ends_with("\"u\".\"nick\" AS \"nick\", \"u\".\"plan_name\" AS \"plan\""));
        assert_eq!(render("(id{user.+}) ($1{user.+$2})"), "(id, \"nick\", \"plan_name\") ($1, $2, $3)");
        assert_eq!(
            render("SET a = $1{user.=$3}"),
            "SET a = $1, \"nick\" = CASE WHEN $3 THEN $4 ELSE \"nick\" END, \
             \"plan_name\" = CASE WHEN $5 THEN $6 ELSE \"plan_name\" END"
        );
        assert_eq!(render("{session.+}{session.+$1}{session.=$1}"), "");
        for (table, taken) in
            [("user", "email"), ("user", "id"), ("user", "nick"), ("countersign_audit", "x"), ("user", "a b")]
        {
            let refused = names.clone().additional(table, field(taken, taken));
            assert!(matches!(refused, Err(Error::Name(_))), "{table} {taken}");
        }
        assert!(names.clone().additional("user", field("other", "email")).is_err(), "the column of another field");
        for template in ["{user.+$}", "{user.+x}", "{user.=}"] {
            assert!(matches!(names.render(template), Err(Error::Template(_))), "{template}");
        }
    }

    #[test]
    fn refuses_a_template_that_names_what_does_not_exist() {
        for template in [
            "{users}",
            "{user.mail}",
            "{user",
            "user}",
            "{}",
            "{user@u}",
            "{user:u}",
            "{user.email@}",
            "{user.email@u;--}",
            "{user.email:a b}",
        ] {
            assert!(matches!(Names::default().render(template), Err(Error::Template(_))), "{template}");
        }
    }

    #[test]
    fn refuses_a_name_that_would_need_quoting() {
        for name in ["", "a\"b", "a b", "1a", "naïve", "a;drop", &"a".repeat(64)] {
            assert!(matches!(Names::default().table("user", name), Err(Error::Name(_))), "{name}");
            assert!(matches!(Names::default().column("user", "email", name), Err(Error::Name(_))), "{name}");
        }
        for table in ["person", "countersign_audit"] {
            assert!(matches!(Names::default().table(table, "p"), Err(Error::Name(_))), "{table}");
        }
        assert!(matches!(Names::default().column("user", "phone", "p"), Err(Error::Name(_))));
    }
}
