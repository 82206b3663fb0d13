//! The value type for all objects, both JSON from the API server and YAML from a file.
//!
//! A value borrows strings from its text where possible, and it keeps unknown fields. The accessors never fail: a field
//! that is absent, `null` or of another type reads as absent. The mutating webhook runs before the API server validates
//! the schema, so rules do receive fields of the wrong type.

mod deserialize;

mod read;

pub mod scan;

use std::borrow::Cow;
use std::collections::HashMap;

use serde::ser::{Serialize, SerializeMap, Serializer};

pub use read::{ReadError, Reader};
pub use serde_json::Number;

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
    /// A map, with its fields in the order of the text
    Object(Object<'a>),
}

static NULL: Json<'static> = Json::Null;

impl<'a> Json<'a> {
    /// Returns the value of a field, or [`Json::Null`] if the field is absent or this value is not a map.
    #[inline]
    pub fn field(&self, name: &str) -> &Json<'a> {
        self.entry(name).unwrap_or(&NULL)
    }

    /// Returns the value of a field if the field is present, even if it is `null`.
    #[inline]
    pub fn entry(&self, name: &str) -> Option<&Json<'a>> {
        self.as_object()?.get(name)
    }

    /// Follows a path of field names and returns the value there, or [`Json::Null`] if a field is absent.
    pub fn descend<'n>(&self, names: impl IntoIterator<Item = &'n str>) -> &Json<'a> {
        names.into_iter().fold(self, |value, name| value.field(name))
    }

    /// Returns the items of a list, or no items if this value is not a list.
    #[inline]
    pub fn items(&self) -> &[Json<'a>] {
        match self {
            Json::Array(items) => items,
            _ => &[],
        }
    }

    /// Returns the fields of a map, or no fields if this value is not a map.
    #[inline]
    pub fn entries(&self) -> &[(Cow<'a, str>, Json<'a>)] {
        match self {
            Json::Object(object) => &object.0,
            _ => &[],
        }
    }

    /// Returns the text of a string, or `None` if this value is not a string.
    #[inline]
    pub fn as_str(&self) -> Option<&str> {
        match self {
            Json::String(text) => Some(text),
            _ => None,
        }
    }

    /// Returns the text of a string that is not empty. Go treats an optional string field as set only if it is not
    /// empty.
    pub fn as_nonempty_str(&self) -> Option<&str> {
        self.as_str().filter(|text| !text.is_empty())
    }

    /// Returns an integer as the API server reads it. A float without a fraction, such as `2.0`, counts as an integer
    /// if its absolute value is at most 2^53 - 1, because larger floats are not exact.
    pub fn as_i64(&self) -> Option<i64> {
        const MOST: f64 = 9_007_199_254_740_991.0;
        let Json::Number(number) = self else { return None };
        number.as_i64().or_else(|| {
            let float = number.as_f64().filter(|float| float.fract() == 0.0 && float.abs() <= MOST)?;
            #[expect(clippy::cast_possible_truncation, reason = "the number has no fraction and fits")]
            Some(float as i64)
        })
    }

    /// Returns a boolean, or `None` if this value is not a boolean.
    pub fn as_bool(&self) -> Option<bool> {
        match self {
            Json::Bool(value) => Some(*value),
            _ => None,
        }
    }

    /// Returns the map, or `None` if this value is not a map.
    #[inline]
    pub fn as_object(&self) -> Option<&Object<'a>> {
        match self {
            Json::Object(object) => Some(object),
            _ => None,
        }
    }

    /// Returns the map for changes, or `None` if this value is not a map.
    pub fn as_object_mut(&mut self) -> Option<&mut Object<'a>> {
        match self {
            Json::Object(object) => Some(object),
            _ => None,
        }
    }

    /// Reports whether this value is `null`. The accessors return `null` for an absent field, too.
    #[inline]
    pub fn is_null(&self) -> bool {
        matches!(self, Json::Null)
    }

    /// Returns the name of the type in JSON Schema, such as `integer`.
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

    /// Copies all borrowed strings, so that the value does not depend on its text.
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
    /// Compares two values as JSON: the order of a map's fields does not matter.
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

/// The fields of a JSON map, in the order of the text.
#[derive(Clone, Debug, Default)]
pub struct Object<'a>(pub Vec<(Cow<'a, str>, Json<'a>)>);

impl<'a> Object<'a> {
    /// Reports whether the other map has every field of this one. Most maps that are compared have the same order. For
    /// the others, a hash map avoids time that is quadratic in the number of fields.
    fn has_fields_of(&self, other: &Self) -> bool {
        if self.0.iter().zip(&other.0).all(|((name, _), (other, _))| name == other) {
            return self.0.iter().zip(&other.0).all(|((_, value), (_, other))| value == other);
        }
        let fields: HashMap<_, _> = other.0.iter().map(|(name, value)| (name, value)).collect();
        self.0.iter().all(|(name, value)| fields.get(name) == Some(&value))
    }

    /// Returns the value of a field, even if it is `null`. If the field occurs twice, the last one counts, as for the
    /// API server.
    #[inline]
    pub fn get(&self, name: &str) -> Option<&Json<'a>> {
        self.0.iter().rev().find(|(key, _)| key == name).map(|(_, value)| value)
    }

    /// Returns the value of a field for changes. If the field occurs twice, this is the last one.
    pub fn get_mut(&mut self, name: &str) -> Option<&mut Json<'a>> {
        self.0.iter_mut().rev().find(|(key, _)| key == name).map(|(_, value)| value)
    }

    /// Adds a field, or replaces its value.
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
    fn absent_and_ill_typed_fields_read_as_null_or_empty() {
        let json = parse(r#"{"a":[{"b":null}],"c":"text"}"#);
        assert!(json.descend(["a", "b", "c"]).is_null());
        assert!(json.field("c").items().is_empty());
        assert_eq!(json.field("a").as_str(), None);
        assert_eq!(json.field("a").items()[0].entry("b"), Some(&Json::Null));
    }

    #[test]
    fn a_float_without_a_fraction_is_an_integer() {
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
    fn maps_are_equal_in_any_order() {
        assert_eq!(parse(r#"{"a":1,"b":[2,{"c":3}]}"#), parse(r#"{"b":[2,{"c":3}],"a":1}"#));
        assert_ne!(parse(r#"{"a":1}"#), parse(r#"{"a":1,"b":2}"#));
        assert_ne!(parse(r#"{"a":1,"b":2}"#), parse(r#"{"b":1,"a":2}"#));
        assert_ne!(parse("[1,2]"), parse("[2,1]"));
    }

    #[test]
    fn deep_nesting_is_an_error_and_no_stack_overflow() {
        let text = format!("{}{}", "[".repeat(100_000), "]".repeat(100_000));
        assert!(serde_json::from_str::<Json<'_>>(&text).is_err());
    }

    #[test]
    fn serialization_returns_the_parsed_text() {
        let text = r#"{"z":null,"a":[1,-2,3.5,true,"x"],"m":{}}"#;
        assert_eq!(serde_json::to_string(&parse(text)).expect("JSON"), text);
    }
}
