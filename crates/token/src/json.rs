//! JSON objects read strictly: a name twice is seen at any depth, a wrong type is told apart from an absent member, and
//! strings are borrowed where they hold no escape.

use std::{borrow::Cow, cell::Cell, fmt};

use serde::{
    Deserializer as _,
    de::{self, DeserializeSeed, IgnoredAny, MapAccess, SeqAccess, Visitor},
};
use serde_json::{Map, Number, Value};

/// Why a text is not an object we can read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Unreadable {
    NotAnObject,
    DuplicateMember,
}

/// A type that takes the members of an object one by one.
pub(crate) trait Object<'de>: Default {
    /// Reads the value of one member; `Ok(false)` when the name was seen before.
    fn member<A: MapAccess<'de>>(&mut self, name: Text<'de>, from: &mut Members<'_, A>) -> Result<bool, A::Error>;
}

/// The rest of an object whose member's name was just read.
pub(crate) struct Members<'a, A> {
    map: &'a mut A,
    duplicate: &'a Cell<bool>,
}

impl<'de, A: MapAccess<'de>> Members<'_, A> {
    /// Puts the value into a slot; `Ok(false)` when the slot was filled before.
    pub(crate) fn fill<T: FromJson<'de>>(&mut self, slot: &mut Member<T>) -> Result<bool, A::Error> {
        let first = matches!(slot, Member::Absent);
        *slot = self.map.next_value_seed(Typed(std::marker::PhantomData))?.map_or(Member::Wrong, Member::Is);
        Ok(first)
    }

    /// Passes over the value; a name twice within it is seen all the same.
    pub(crate) fn skip(&mut self) -> Result<bool, A::Error> {
        self.map.next_value_seed(Strict(self.duplicate)).map(|_| true)
    }

    /// Puts the value of any type among the others.
    pub(crate) fn keep(&mut self, name: Text<'de>, others: &mut Map<String, Value>) -> Result<bool, A::Error> {
        let value = self.map.next_value_seed(Strict(self.duplicate))?;
        Ok(others.insert(name.into_owned(), value).is_none())
    }
}

/// A member of an object. A malformed member is not an absent one (CVE-2026-25537 is what happens otherwise).
#[derive(Default)]
pub(crate) enum Member<T> {
    #[default]
    Absent,
    Wrong,
    Is(T),
}

impl<T> Member<T> {
    /// The value of a member that may be absent.
    pub(crate) fn optional<E>(self, wrong: E) -> Result<Option<T>, E> {
        match self {
            Self::Absent => Ok(None),
            Self::Wrong => Err(wrong),
            Self::Is(value) => Ok(Some(value)),
        }
    }

    /// The value of a member that must be there.
    pub(crate) fn required<E>(self, absent: E, wrong: E) -> Result<T, E> {
        self.optional(wrong)?.ok_or(absent)
    }
}

/// Reads one JSON object in UTF-8 with nothing after it. `serde_json` bounds the depth at 128.
pub(crate) fn read_object<'de, T: Object<'de>>(bytes: &'de [u8]) -> Result<T, Unreadable> {
    let text = std::str::from_utf8(bytes).map_err(|_| Unreadable::NotAnObject)?;
    let duplicate = Cell::new(false);
    let mut object = T::default();
    let mut json = serde_json::Deserializer::from_str(text);
    let read = json.deserialize_map(ObjectVisitor { into: &mut object, duplicate: &duplicate });
    match read.and_then(|()| json.end()) {
        Ok(()) if duplicate.get() => Err(Unreadable::DuplicateMember),
        Ok(()) => Ok(object),
        Err(_) => Err(Unreadable::NotAnObject),
    }
}

/// Fills the object in place: it is large, and every copy would be paid on each request.
struct ObjectVisitor<'a, T> {
    into: &'a mut T,
    duplicate: &'a Cell<bool>,
}

impl<'de, T: Object<'de>> Visitor<'de> for ObjectVisitor<'_, T> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<(), A::Error> {
        while let Some(name) = map.next_key_seed(Key)? {
            let first = self.into.member(name, &mut Members { map: &mut map, duplicate: self.duplicate })?;
            if !first {
                self.duplicate.set(true);
            }
        }
        Ok(())
    }
}

/// A string, borrowed where it holds no escape.
pub(crate) type Text<'de> = Cow<'de, str>;

/// A time in seconds since 1970 (RFC 7519 section 2, NumericDate). A fraction lies between `floor` and `ceil`.
#[derive(Clone, Copy)]
pub(crate) struct NumericDate {
    pub(crate) floor: i64,
    pub(crate) ceil: i64,
}

/// One string or several.
pub(crate) struct Texts<'de>(pub(crate) Vec<Text<'de>>);

/// There is such a member, whatever it holds.
pub(crate) struct Present;

/// What a member's value may become. Each function answers `None` for a wrong type.
pub(crate) trait FromJson<'de>: Sized {
    fn from_text(_: Text<'de>) -> Option<Self> {
        None
    }
    fn from_integer(_: i64) -> Option<Self> {
        None
    }
    fn from_float(_: f64) -> Option<Self> {
        None
    }
    fn from_texts(_: Vec<Text<'de>>) -> Option<Self> {
        None
    }
    fn from_other() -> Option<Self> {
        None
    }
}

impl<'de> FromJson<'de> for Text<'de> {
    fn from_text(text: Text<'de>) -> Option<Self> {
        Some(text)
    }
}

impl<'de> FromJson<'de> for Texts<'de> {
    fn from_text(text: Text<'de>) -> Option<Self> {
        Some(Self(vec![text]))
    }
    fn from_texts(texts: Vec<Text<'de>>) -> Option<Self> {
        Some(Self(texts))
    }
}

impl FromJson<'_> for NumericDate {
    fn from_integer(seconds: i64) -> Option<Self> {
        (seconds >= 0).then_some(Self { floor: seconds, ceil: seconds })
    }

    fn from_float(seconds: f64) -> Option<Self> {
        /// 2^53: above, a double no longer holds every whole second.
        const MOST: f64 = 9_007_199_254_740_992.0;
        (0.0..=MOST).contains(&seconds).then(|| Self { floor: seconds.floor() as i64, ceil: seconds.ceil() as i64 })
    }
}

impl<'de> FromJson<'de> for Present {
    fn from_text(_: Text<'de>) -> Option<Self> {
        Some(Self)
    }
    fn from_integer(_: i64) -> Option<Self> {
        Some(Self)
    }
    fn from_float(_: f64) -> Option<Self> {
        Some(Self)
    }
    fn from_texts(_: Vec<Text<'de>>) -> Option<Self> {
        Some(Self)
    }
    fn from_other() -> Option<Self> {
        Some(Self)
    }
}

struct Typed<T>(std::marker::PhantomData<T>);

impl<'de, T: FromJson<'de>> DeserializeSeed<'de> for Typed<T> {
    type Value = Option<T>;

    fn deserialize<D: de::Deserializer<'de>>(self, from: D) -> Result<Option<T>, D::Error> {
        from.deserialize_any(self)
    }
}

impl<'de, T: FromJson<'de>> Visitor<'de> for Typed<T> {
    type Value = Option<T>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a value")
    }

    fn visit_borrowed_str<E>(self, text: &'de str) -> Result<Option<T>, E> {
        Ok(T::from_text(Cow::Borrowed(text)))
    }

    fn visit_str<E>(self, text: &str) -> Result<Option<T>, E> {
        Ok(T::from_text(Cow::Owned(text.to_owned())))
    }

    fn visit_u64<E>(self, number: u64) -> Result<Option<T>, E> {
        Ok(i64::try_from(number).ok().and_then(T::from_integer))
    }

    fn visit_i64<E>(self, number: i64) -> Result<Option<T>, E> {
        Ok(T::from_integer(number))
    }

    fn visit_f64<E>(self, number: f64) -> Result<Option<T>, E> {
        Ok(T::from_float(number))
    }

    fn visit_bool<E>(self, _: bool) -> Result<Option<T>, E> {
        Ok(T::from_other())
    }

    fn visit_unit<E>(self) -> Result<Option<T>, E> {
        Ok(T::from_other())
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Option<T>, A::Error> {
        let mut texts = Some(Vec::new());
        while let Some(element) = seq.next_element_seed(Typed::<Text<'de>>(std::marker::PhantomData))? {
            texts = texts.zip(element).map(|(mut texts, text)| {
                texts.push(text);
                texts
            });
        }
        Ok(texts.map_or_else(T::from_other, T::from_texts))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Option<T>, A::Error> {
        while map.next_entry::<IgnoredAny, IgnoredAny>()?.is_some() {}
        Ok(T::from_other())
    }
}

struct Key;

impl<'de> DeserializeSeed<'de> for Key {
    type Value = Text<'de>;

    fn deserialize<D: de::Deserializer<'de>>(self, from: D) -> Result<Text<'de>, D::Error> {
        from.deserialize_str(self)
    }
}

impl<'de> Visitor<'de> for Key {
    type Value = Text<'de>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a member name")
    }

    fn visit_borrowed_str<E>(self, text: &'de str) -> Result<Text<'de>, E> {
        Ok(Cow::Borrowed(text))
    }

    fn visit_str<E>(self, text: &str) -> Result<Text<'de>, E> {
        Ok(Cow::Owned(text.to_owned()))
    }
}

/// Any value; a name twice in any object of it raises the flag.
struct Strict<'a>(&'a Cell<bool>);

impl<'de> DeserializeSeed<'de> for Strict<'_> {
    type Value = Value;

    fn deserialize<D: de::Deserializer<'de>>(self, from: D) -> Result<Value, D::Error> {
        from.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Strict<'_> {
    type Value = Value;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a value")
    }

    fn visit_str<E>(self, text: &str) -> Result<Value, E> {
        Ok(Value::String(text.to_owned()))
    }

    fn visit_u64<E>(self, number: u64) -> Result<Value, E> {
        Ok(Value::Number(number.into()))
    }

    fn visit_i64<E>(self, number: i64) -> Result<Value, E> {
        Ok(Value::Number(number.into()))
    }

    fn visit_f64<E>(self, number: f64) -> Result<Value, E> {
        Ok(Number::from_f64(number).map_or(Value::Null, Value::Number))
    }

    fn visit_bool<E>(self, flag: bool) -> Result<Value, E> {
        Ok(Value::Bool(flag))
    }

    fn visit_unit<E>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Value, A::Error> {
        let mut values = Vec::new();
        while let Some(value) = seq.next_element_seed(Strict(self.0))? {
            values.push(value);
        }
        Ok(Value::Array(values))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Value, A::Error> {
        let mut object = Map::new();
        while let Some(name) = map.next_key_seed(Key)? {
            let value = map.next_value_seed(Strict(self.0))?;
            if object.insert(name.into_owned(), value).is_some() {
                self.0.set(true);
            }
        }
        Ok(Value::Object(object))
    }
}
