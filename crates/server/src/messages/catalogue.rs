//! Reading the catalogues: the built-in ones, and what files say instead.

use std::io::ErrorKind;
use std::path::Path;
use std::sync::Arc;

use serde::Deserialize;
use toml::{Table, Value};

use super::Messages;
use super::language::{direction, is_tag, wanted};
use crate::config::Pages;

/// What any other language says where its file says nothing.
const ENGLISH: &str = include_str!("../../messages/en.toml");

/// The built-in languages.
const BUILT_IN: [(&str, &str); 3] =
    [("en", ENGLISH), ("de", include_str!("../../messages/de.toml")), ("fr", include_str!("../../messages/fr.toml"))];

/// A language and what is said in it.
#[derive(Debug)]
pub(crate) struct Language {
    /// Its tag, for a `lang` attribute.
    pub(crate) tag: String,
    /// Which way it is written, for a `dir` attribute.
    pub(crate) direction: &'static str,
    pub(crate) messages: Messages,
}

/// The languages of one server.
#[derive(Clone, Debug)]
pub(crate) struct Languages {
    /// The one for everybody who speaks none of them.
    first: Arc<Language>,
    all: Vec<Arc<Language>>,
}

impl Languages {
    /// Reads every configured language, or says which setting is wrong and how.
    pub(crate) fn read(settings: &Pages) -> Result<Self, String> {
        let folder = settings.messages.as_deref().map(Path::new);
        let all: Vec<_> = settings.languages.iter().map(|tag| read(tag, folder)).collect::<Result<_, _>>()?;
        let first = all.first().ok_or("`pages.languages` must name at least one language")?;
        Ok(Self { first: Arc::clone(first), all })
    }

    /// What an `Accept-Language` header asks for; without a wish that can be met, the first.
    pub(crate) fn wanted(&self, header: Option<&str>) -> Arc<Language> {
        let tags: Vec<&str> = self.all.iter().map(|language| language.tag.as_str()).collect();
        let at = header.and_then(|header| wanted(header, &tags));
        Arc::clone(at.and_then(|at| self.all.get(at)).unwrap_or(&self.first))
    }
}

fn read(tag: &str, folder: Option<&Path>) -> Result<Arc<Language>, String> {
    if !is_tag(tag) {
        return Err("`pages.languages` must hold language tags such as en or pt-BR".to_owned());
    }
    let own = folder.map_or(Ok(None), |folder| own_file(&folder.join(format!("{tag}.toml"))))?;
    let built_in = BUILT_IN.iter().find(|(known, _)| known.eq_ignore_ascii_case(tag)).map(|(_, text)| *text);
    if own.is_none() && built_in.is_none() {
        return Err(format!(
            "`pages.languages`: {tag} is not built in; put {tag}.toml into the folder `pages.messages`"
        ));
    }
    let mut table = parse(built_in.unwrap_or(ENGLISH))?;
    if let Some(own) = own {
        overlay(&mut table, own);
    }
    let said = |why: String| format!("`pages.messages`: {tag}.toml: {why}");
    let messages = Messages::deserialize(Value::Table(table)).map_err(|error| said(one_line(&error)))?;
    messages.check().map_err(said)?;
    Ok(Arc::new(Language { tag: tag.to_owned(), direction: direction(tag), messages }))
}

/// A file of one's own, where there is one.
fn own_file(path: &Path) -> Result<Option<Table>, String> {
    let said = |why: &str| format!("`pages.messages`: {}: {why}", path.display());
    match std::fs::read_to_string(path) {
        Ok(text) => parse(&text).map(Some).map_err(|why| said(&why)),
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(None),
        Err(error) => Err(said(&error.to_string())),
    }
}

fn parse(text: &str) -> Result<Table, String> {
    text.parse().map_err(|error: toml::de::Error| one_line(&error))
}

/// Puts the texts of `own` in the place of those of the same key.
fn overlay(table: &mut Table, own: Table) {
    for (key, value) in own {
        match (table.get_mut(&key), value) {
            (Some(Value::Table(section)), Value::Table(own)) => overlay(section, own),
            (_, value) => {
                table.insert(key, value);
            }
        }
    }
}

fn one_line(error: &toml::de::Error) -> String {
    error.to_string().split_whitespace().collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;
    use std::fs;

    use super::*;

    fn settings(languages: &[&str], messages: Option<&Path>) -> Pages {
        Pages {
            languages: languages.iter().map(|tag| (*tag).to_owned()).collect(),
            messages: messages.map(|folder| folder.display().to_string()),
            ..Pages::default()
        }
    }

    fn keys(table: &Table, prefix: &str) -> BTreeSet<String> {
        let inner = |(key, value): (&String, &Value)| match value {
            Value::Table(section) => keys(section, &format!("{prefix}{key}.")),
            _ => BTreeSet::from([format!("{prefix}{key}")]),
        };
        table.iter().flat_map(inner).collect()
    }

    #[test]
    fn no_text_is_missing_in_any_language_and_each_holds_its_values() {
        let english = keys(&parse(ENGLISH).unwrap(), "");
        assert!(english.len() > 50);
        for (tag, text) in BUILT_IN {
            let table = parse(text).unwrap();
            assert_eq!(keys(&table, ""), english, "{tag}");
            let messages = Messages::deserialize(Value::Table(table)).unwrap();
            assert_eq!(messages.check(), Ok(()), "{tag}");
        }
        Languages::read(&Pages::default()).unwrap();
    }

    #[test]
    fn a_language_is_chosen_and_else_the_first() {
        let languages = Languages::read(&settings(&["fr", "de"], None)).unwrap();
        let tag = |header| languages.wanted(header).tag.clone();
        assert_eq!([Some("de-CH"), Some("en"), None].map(tag), ["de", "fr", "fr"]);
    }

    #[test]
    fn files_replace_texts_and_add_languages_and_are_refused_by_name_where_they_are_wrong() {
        let folder = std::env::temp_dir().join(format!("countersign-messages-{}", std::process::id()));
        fs::create_dir_all(&folder).unwrap();
        let read = |tag: &str, text: &str| {
            fs::write(folder.join(format!("{tag}.toml")), text).unwrap();
            Languages::read(&settings(&[tag], Some(&folder)))
        };

        let german = read("de", "[home]\nlead = \"Ein Konto für alles.\"").unwrap().wanted(None);
        assert_eq!(german.messages.home.lead(), "Ein Konto für alles.");
        assert_eq!(german.messages.sign_in.title(), "Anmelden", "what the file does not say stays");
        let hebrew = read("he", "[sign_in]\ntitle = \"כניסה\"").unwrap().wanted(None);
        assert_eq!((hebrew.direction, hebrew.messages.sign_in.title()), ("rtl", "כניסה"));
        assert_eq!(hebrew.messages.sign_up.title(), "Create an account", "English where the file says nothing");

        for (text, why) in [
            ("[home]\nleed = \"x\"", "leed"),
            ("[home]\nlead = 3", "string"),
            ("[home]\nwelcome = \"Hello\"", "`home.welcome` must say where {name} stands"),
            ("[home]\nlead = \"{nmae}\"", "`home.lead` has no value {nmae}"),
            ("[home", "de.toml"),
        ] {
            let refused = read("de", text).unwrap_err();
            assert!(refused.starts_with("`pages.messages`") && refused.contains(why), "{refused}");
        }
        for (tags, why) in [(&["it"][..], "it is not built in"), (&[], "at least one"), (&["../de"], "language tags")] {
            let refused = Languages::read(&settings(tags, Some(&folder))).unwrap_err();
            assert!(refused.starts_with("`pages.languages`") && refused.contains(why), "{refused}");
        }
        fs::remove_dir_all(&folder).unwrap();
    }
}
