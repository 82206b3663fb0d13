//! One value type for every object, whether it came as JSON from the API server or as YAML from a file.
//!
//! It borrows what it can from the text, keeps fields it knows nothing of, and reads totally: a field that is absent,
//! `null` or of another type than asked for is simply not there. The mutating webhook runs before the API server's
//! schema validation, so rules do meet ill-typed objects.

mod deserialize;

mod read;

pub mod scan;

use std::borrow::Cow;
use std::collections::HashMap;

use serde::ser::{Serialize, SerializeMap, Serializer};
pub use serde_json::Number;

pub use read::{Fault, Reader};

/// A JSON value that borrows its strings from the text it was read from.
#[derive(Clone, Debug, Default)]
pub enum Json<'a> {
    /// `null`
    #[default]
    Null,
    /// `true` or `false`
    Bool(bool),
    /// A number
    Number(Number),
    /// A string
    String(Cow<'a, str>),
    /// A list
    Array(Vec<Json<'a>>),
    /// A map, in the order in which it was written
    Object(Object<'a>),
}

static NULL: Json<'static> = Json::Null;

impl<'a> Json<'a> {
    /// The value of a field; [`Json::Null`] where it is absent or this is no map.
    #[inline]
    pub fn field(&self, name: &str) -> &Json<'a> {
        self.entry(name).unwrap_or(&NULL)
    }

    /// The value of a field if it is written at all, `null` included.
    #[inline]
    pub fn entry(&self, name: &str) -> Option<&Json<'a>> {
        self.as_object()?.get(name)
    }

    /// The value some fields down.
    pub fn descend<'n>(&self, names: impl IntoIterator<Item = &'n str>) -> &Json<'a> {
        names.into_iter().fold(self, |value, name| value.field(name))
    }

    /// The items of a list; none where this is no list.
    #[inline]
    pub fn items(&self) -> &[Json<'a>] {
        match self {
            Json::Array(items) => items,
            _ => &[],
        }
    }

    /// The fields of a map; none where this is no map.
    #[inline]
    pub fn entries(&self) -> &[(Cow<'a, str>, Json<'a>)] {
        match self {
            Json::Object(object) => &object.0,
            _ => &[],
        }
    }

    /// The text of a string.
    #[inline]
    pub fn as_str(&self) -> Option<&str> {
        match self {
            Json::String(text) => Some(text),
            _ => None,
        }
    }

    /// The text of a string that is not empty: what an optional field that is set looks like in Go.
    pub fn as_nonempty_str(&self) -> Option<&str> {
        self.as_str().filter(|text| !text.is_empty())
    }

    /// A number without a fraction, as the API server sees it: `2.0` is one, within what a float holds exactly.
    pub fn as_i64(&self) -> Option<i64> {
        const MOST: f64 = 9_007_199_254_740_991.0;
        let Json::Number(number) = self else { return None };
        number.as_i64().or_else(|| {
            let float = number.as_f64().filter(|float| float.fract() == 0.0 && float.abs() <= MOST)?;
            #[expect(clippy::cast_possible_truncation, reason = "it has no fraction and fits")]
            Some(float as i64)
        })
    }

    /// A boolean.
    pub fn as_bool(&self) -> Option<bool> {
        match self {
            Json::Bool(value) => Some(*value),
            _ => None,
        }
    }

    /// The map, if this is one.
    #[inline]
    pub fn as_object(&self) -> Option<&Object<'a>> {
        match self {
            Json::Object(object) => Some(object),
            _ => None,
        }
    }

    /// The map, if this is one, to be changed.
    pub fn as_object_mut(&mut self) -> Option<&mut Object<'a>> {
        match self {
            Json::Object(object) => Some(object),
            _ => None,
        }
    }

    /// Whether this is `null`, or was absent.
    #[inline]
    pub fn is_null(&self) -> bool {
        matches!(self, Json::Null)
    }

    /// The type's name as JSON Schema has it.
    pub fn type_name(&self) -> &'static str {
        match self {
            Json::Null => "null",
            Json::Bool(_) => "boolean",
            Json::Number(number) if number.is_f64() => "number",
            Json::Number(_) => "integer",
            Json::String(_) => "string",
            Json::Array(_) => "array",
            Json::Object(_) => "object",
        }
    }

    /// The same value, borrowing from nothing.
    pub fn into_owned(self) -> Json<'static> {
        match self {
            Json::Null => Json::Null,
            Json::Bool(value) => Json::Bool(value),
            Json::Number(number) => Json::Number(number),
            Json::String(text) => Json::String(Cow::Owned(text.into_owned())),
            Json::Array(items) => Json::Array(items.into_iter().map(Json::into_owned).collect()),
            Json::Object(Object(entries)) => Json::Object(Object(
                entries.into_iter().map(|(name, value)| (Cow::Owned(name.into_owned()), value.into_owned())).collect(),
            )),
        }
    }
}

impl<'a> From<&'a str> for Json<'a> {
    fn from(text: &'a str) -> Self {
        Json::String(Cow::Borrowed(text))
    }
}

impl From<String> for Json<'_> {
    fn from(text: String) -> Self {
        Json::String(Cow::Owned(text))
    }
}

impl<'a> FromIterator<(Cow<'a, str>, Json<'a>)> for Json<'a> {
    fn from_iter<I: IntoIterator<Item = (Cow<'a, str>, Json<'a>)>>(entries: I) -> Self {
        Json::Object(Object(entries.into_iter().collect()))
    }
}

impl From<&Json<'_>> for serde_json::Value {
    fn from(json: &Json<'_>) -> Self {
        use serde_json::Value;
        match json {
            Json::Null => Value::Null,
            Json::Bool(value) => Value::Bool(*value),
            Json::Number(number) => Value::Number(number.clone()),
            Json::String(text) => Value::String(text.to_string()),
            Json::Array(items) => Value::Array(items.iter().map(Value::from).collect()),
            Json::Object(object) => {
                Value::Object(object.0.iter().map(|(name, value)| (name.to_string(), value.into())).collect())
            }
        }
    }
}

impl Eq for Json<'_> {}

impl PartialEq for Json<'_> {
    /// Equality as JSON has it: the order of a map's fields says nothing.
    fn eq(&self, other: &Self) -> bool {
        match (self, other) {
            (Json::Null, Json::Null) => true,
            (Json::Bool(a), Json::Bool(b)) => a == b,
            (Json::Number(a), Json::Number(b)) => a == b,
            (Json::String(a), Json::String(b)) => a == b,
            (Json::Array(a), Json::Array(b)) => a == b,
            (Json::Object(a), Json::Object(b)) => a.0.len() == b.0.len() && a.has_fields_of(b),
            _ => false,
        }
    }
}

/// The fields of a JSON map, in the order in which they were written.
#[derive(Clone, Debug, Default)]
pub struct Object<'a>(pub Vec<(Cow<'a, str>, Json<'a>)>);

impl<'a> Object<'a> {
    /// Whether every field is one of the other map's. Most maps that are compared are written in the same order; where
    /// two are not, looking up each field of one in the other would take a time that grows with its square.
    fn has_fields_of(&self, other: &Self) -> bool {
        if self.0.iter().zip(&other.0).all(|((name, _), (other, _))| name == other) {
            return self.0.iter().zip(&other.0).all(|((_, value), (_, other))| value == other);
        }
        let fields: HashMap<_, _> = other.0.iter().map(|(name, value)| (name, value)).collect();
        self.0.iter().all(|(name, value)| fields.get(name) == Some(&value))
    }

    /// The value of a field, `null` included. Of fields written twice the last one counts, as for the API server.
    #[inline]
    pub fn get(&self, name: &str) -> Option<&Json<'a>> {
        self.0.iter().rev().find(|(key, _)| key == name).map(|(_, value)| value)
    }

    /// The value of a field, to be changed.
    pub fn get_mut(&mut self, name: &str) -> Option<&mut Json<'a>> {
        self.0.iter_mut().rev().find(|(key, _)| key == name).map(|(_, value)| value)
    }

    /// Adds a field, or gives it another value.
    pub fn insert(&mut self, name: impl Into<Cow<'a, str>>, value: Json<'a>) {
        let name = name.into();
        match self.get_mut(&name) {
            Some(present) => *present = value,
            None => self.0.push((name, value)),
        }
    }
}

impl Serialize for Json<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Json::Null => serializer.serialize_unit(),
            Json::Bool(value) => serializer.serialize_bool(*value),
            Json::Number(number) => number.serialize(serializer),
            Json::String(text) => serializer.serialize_str(text),
            Json::Array(items) => serializer.collect_seq(items),
            Json::Object(object) => {
                let mut map = serializer.serialize_map(Some(object.0.len()))?;
                for (name, value) in &object.0 {
                    map.serialize_entry(name, value)?;
                }
                map.end()
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(text: &str) -> Json<'_> {
        serde_json::from_str(text).expect("JSON")
    }

    #[test]
    fn strings_are_borrowed_unless_they_have_escapes() {
        let json = parse(r#"{"a":"plain","b":"with\nescape"}"#);
        assert!(matches!(json.field("a"), Json::String(Cow::Borrowed("plain"))));
        assert!(matches!(json.field("b"), Json::String(Cow::Owned(_))));
        assert!(matches!(&json.entries()[0].0, Cow::Borrowed("a")));
    }

    #[test]
    fn what_is_absent_or_of_another_type_reads_as_nothing() {
        let json = parse(r#"{"a":[{"b":null}],"c":"text"}"#);
        assert!(json.descend(["a", "b", "c"]).is_null());
        assert!(json.field("c").items().is_empty());
        assert_eq!(json.field("a").as_str(), None);
        assert_eq!(json.field("a").items()[0].entry("b"), Some(&Json::Null));
    }

    #[test]
    fn a_float_without_a_fraction_is_a_whole_number() {
        for (text, number) in
            [("3", Some(3)), ("3.0", Some(3)), ("-2e3", Some(-2000)), ("3.5", None), ("1e300", None), ("\"3\"", None)]
        {
            assert_eq!(parse(text).as_i64(), number, "{text}");
        }
    }

    #[test]
    fn the_last_of_two_equal_fields_counts() {
        assert_eq!(parse(r#"{"a":1,"a":2}"#).field("a").as_i64(), Some(2));
    }

    #[test]
    fn a_map_is_equal_in_any_order() {
        assert_eq!(parse(r#"{"a":1,"b":[2,{"c":3}]}"#), parse(r#"{"b":[2,{"c":3}],"a":1}"#));
        assert_ne!(parse(r#"{"a":1}"#), parse(r#"{"a":1,"b":2}"#));
        assert_ne!(parse(r#"{"a":1,"b":2}"#), parse(r#"{"b":1,"a":2}"#));
        assert_ne!(parse("[1,2]"), parse("[2,1]"));
    }

    #[test]
    fn deep_nesting_is_an_error_and_not_a_crash() {
        let text = format!("{}{}", "[".repeat(100_000), "]".repeat(100_000));
        assert!(serde_json::from_str::<Json<'_>>(&text).is_err());
    }

    #[test]
    fn writing_gives_back_what_was_read() {
        let text = r#"{"z":null,"a":[1,-2,3.5,true,"x"],"m":{}}"#;
        assert_eq!(serde_json::to_string(&parse(text)).expect("JSON"), text);
    }
}
