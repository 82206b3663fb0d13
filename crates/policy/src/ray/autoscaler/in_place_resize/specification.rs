//! The JSON in the annotation, and its schema.

use std::cell::OnceCell;
use std::collections::HashMap;
use std::ops::Range;

use rayguard_manifest::json::Json;
use rayguard_manifest::path::FieldPath;
use rayguard_manifest::yaml::{self, Document};

use super::{Fault, MOST_FAULTS};
use crate::ray::autoscaler::number::{Reading, quantity};
use crate::spelling::quote;

/// The text of the annotation, as JSON.
#[derive(Debug)]
pub(crate) struct Specification<'t> {
    text: &'t str,
    json: Json<'t>,
    document: OnceCell<Option<Document<'t>>>,
}

/// The limits of each group: the type, as JSON Schema names it, and the help.
const LIMITS: [(&str, &str, &str); 3] = [
    ("max-cpu", "a quantity", "write the most CPUs of a Pod, as \"4\""),
    ("max-memory", "a quantity or whole number", "write the most memory of a Pod, as \"8Gi\""),
    ("resize-timeout", "a whole number", "write the number of seconds, as 300"),
];

const FORM: &str = r#"write {"groups": {"NAME": {"max-cpu": "4", "max-memory": "8Gi", "resize-timeout": 300}}}"#;

impl<'t> Specification<'t> {
    /// Reads the text.
    pub(crate) fn read(text: &'t str) -> Result<Self, Fault> {
        let document = OnceCell::new();
        let error = match serde_json::from_str(text) {
            Ok(json) => return Ok(Self { text, json, document }),
            Err(error) => error,
        };
        if let Some(json) = as_python_reads(text) {
            return Ok(Self { text, json, document });
        }
        let reason = error.to_string();
        // Python reads deeper lists and maps than serde_json.
        let is_deep = reason.contains("recursion limit");
        let message = format!("the annotation is not JSON: {reason}");
        let mut fault = Fault::within(position(text, error.line(), error.column()), message, FORM);
        fault.is_certain = !is_deep;
        Err(fault)
    }

    /// Returns the groups in the annotation and their limits.
    pub(crate) fn groups(&self) -> impl Iterator<Item = (&str, &Json<'t>)> {
        // Of several groups with one name, Python keeps the last one at the place of the first one.
        let entries = self.json.field("groups").entries();
        let last: HashMap<&str, usize> =
            entries.iter().enumerate().map(|(index, (name, _))| (&**name, index)).collect();
        let is_last = move |index: usize, name: &str| last.get(name) == Some(&index);
        let all = entries.iter().enumerate().filter(move |(index, (name, _))| is_last(*index, name));
        all.map(|(_, (name, limits))| (&**name, limits))
    }

    /// Returns the span of a group in the text.
    pub(crate) fn span_of(&self, group: &str) -> Range<usize> {
        self.span(&FieldPath::root().field("groups").key(group))
    }

    /// Returns the errors according to the schema (`IPPRSpecsSchema` in `python/ray/autoscaler/v2/schema.py`). It looks at
    /// groups that do not exist too.
    pub(super) fn schema_faults(&self) -> Vec<Fault> {
        if self.json.as_object().is_none() {
            return vec![Fault::within(0..self.text.len(), "the annotation is not a JSON map", FORM)];
        }
        let Some(groups) = self.json.entry("groups") else { return Vec::new() };
        let mut faults = Vec::new();
        let path = || FieldPath::root().field("groups");
        if groups.as_object().is_none() {
            return vec![Fault::within(self.span(&path()), "the groups in the annotation are not a map", FORM)];
        }
        for (name, limits) in self.groups() {
            if faults.len() > MOST_FAULTS {
                break;
            }
            if limits.as_object().is_none() {
                let message = format!("the limits of the group {} are not a map", quote(name));
                faults.push(Fault::within(self.span(&path().key(name)), message, FORM));
                continue;
            }
            for (field, form, help) in LIMITS {
                let span = || self.span(&path().key(name).field(field));
                match limits.entry(field) {
                    None => {
                        let message = format!("the group {} has no {field}", quote(name));
                        faults.push(Fault::within(span(), message, help));
                    }
                    Some(value) if !has_type(field, value) => {
                        let message = format!("the {field} of the group {} is not {form}", quote(name));
                        faults.push(Fault::within(span(), message, help));
                    }
                    Some(_) => {}
                }
            }
        }
        faults
    }

    /// Checks the quantities of a group that exists.
    pub(super) fn check_limits(&self, name: &str, limits: &Json<'_>, faults: &mut Vec<Fault>) {
        for (field, _, help) in &LIMITS[..2] {
            let refused = match quantity(limits.field(field)) {
                Reading::Unreadable => true,
                // A float can be infinite, but a whole number cannot.
                Reading::NotFinite => *field == "max-memory",
                _ => false,
            };
            if refused {
                let value = quote(limits.field(field).as_str().unwrap_or_default());
                let message = format!("the {field} of the group {}, {value}, is not a quantity", quote(name));
                let path = FieldPath::root().field("groups").key(name).field(*field);
                faults.push(Fault::within(self.span(&path), message, *help));
            }
        }
    }

    /// Returns the span of a value.
    fn span(&self, path: &FieldPath) -> Range<usize> {
        let read = || yaml::documents(self.text).into_iter().next()?.ok();
        let document = self.document.get_or_init(read).as_ref();
        document.map_or(0..self.text.len(), |document| document.locate(path).bytes)
    }
}

/// Reads what Python reads as JSON and `serde_json` does not: `NaN`, `Infinity`, a number that is too large for a float, and
/// half of a surrogate pair. Such a number is read as a fraction, because it is a number, but not a whole one.
fn as_python_reads(text: &str) -> Option<Json<'static>> {
    let mut replaced = String::with_capacity(text.len());
    let (mut is_string, mut rest) = (false, text);
    while let Some(char) = rest.chars().next() {
        let (length, instead) = match char {
            '"' => {
                is_string = !is_string;
                (1, None)
            }
            '\\' if is_string && is_surrogate(rest) => (6, Some("\u{fffd}")),
            '\\' if is_string => (1 + rest.chars().nth(1).map_or(0, char::len_utf8), None),
            'N' | 'I' if !is_string => match ["NaN", "Infinity"].into_iter().find(|word| rest.starts_with(word)) {
                Some(word) => (word.len(), Some("0.5")),
                None => return None,
            },
            '0'..='9' if !is_string => {
                let is_part = |byte: &u8| byte.is_ascii_digit() || b".eE+-".contains(byte);
                let length = rest.bytes().take_while(is_part).count();
                let is_huge = rest[..length].parse().is_ok_and(|number: f64| number.is_infinite());
                (length, is_huge.then_some("0.5"))
            }
            _ => (char.len_utf8(), None),
        };
        replaced.push_str(instead.unwrap_or(&rest[..length]));
        rest = &rest[length..];
    }
    let json: Json<'_> = serde_json::from_str(&replaced).ok()?;
    Some(json.into_owned())
}

/// Reports whether a text begins with the escape of a half of a surrogate pair, such as `\ud83d`.
fn is_surrogate(text: &str) -> bool {
    let bytes = text.as_bytes();
    matches!(bytes, [b'\\', b'u', b'd' | b'D', b'8'..=b'9' | b'a'..=b'f' | b'A'..=b'F', one, other, ..]
        if one.is_ascii_hexdigit() && other.is_ascii_hexdigit())
}

/// Reports whether a value has the type of a field. JSON Schema counts `2.0` as a whole number, and no boolean as a number.
fn has_type(field: &str, value: &Json<'_>) -> bool {
    match value {
        Json::String(_) => field != "resize-timeout",
        Json::Number(number) => field == "max-cpu" || number.as_f64().is_some_and(|number| number.fract() == 0.0),
        _ => false,
    }
}

/// Returns the span of one character at a line and column of `serde_json`, which count bytes from 1.
fn position(text: &str, line: usize, column: usize) -> Range<usize> {
    let start: usize = text.split_inclusive('\n').take(line.saturating_sub(1)).map(str::len).sum();
    let mut at = (start + column.saturating_sub(1)).min(text.len().saturating_sub(1));
    while !text.is_char_boundary(at) {
        at -= 1;
    }
    at..at + text[at..].chars().next().map_or(0, char::len_utf8)
}
