//! The violations of a schema, and their texts.

use rayguard_manifest::fix::{Edit, Fix};
use rayguard_manifest::json::Json;
use rayguard_manifest::path::FieldPath;

use super::node::{Node, Type};
use crate::kuberay::Version;
use crate::reason::Reason;
use crate::spelling::quote;

/// A field that the API server would drop, or a value that it would reject.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Violation {
    /// A field that the schema does not have. The API server drops it, and kubectl by default rejects the object.
    Unknown {
        /// The field.
        path: FieldPath,
        /// What the user may have meant.
        suggestion: Option<Suggestion>,
    },
    /// A value that the schema does not allow, or a required field that is missing. The API server rejects the object.
    /// If a number does not fit into 32 bits, the API server accepts it, but the operator cannot read the object.
    Malformed {
        /// The value, or the field to add.
        path: FieldPath,
        /// The kind of error, as Kubernetes classifies it.
        reason: Reason,
        /// What is wrong: lower case, one line, no full stop. It never contains a value that may be a secret.
        message: String,
        /// What to write instead: an instruction, one line, no full stop.
        help: String,
        /// The change that fixes it, where there is exactly one safe change.
        fix: Option<Fix>,
    },
}

/// The message about a key of a label or annotation.
pub(super) const BAD_KEY: &str = "is not a valid label or annotation key";

impl Violation {
    /// Reports whether it is about the name of the field and not about its value.
    pub fn is_about_key(&self) -> bool {
        match self {
            Violation::Unknown { .. } => true,
            Violation::Malformed { message, .. } => message == BAD_KEY,
        }
    }
}

/// What the user may have meant by a field that the schema does not have.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Suggestion {
    /// A field with almost this name.
    Spelling {
        /// The field.
        name: &'static str,
        /// Whether no other field is similar, the object does not have this field already, and the field accepts the
        /// value.
        is_certain: bool,
        /// Whether the value has the type of the field.
        form: Form,
    },
    /// `serveConfig`, the field of KubeRay 0 for which `serveConfigV2` has another form.
    OldServeConfig,
    /// The paths of fields of this name, from the root of the object, some levels up or down.
    Elsewhere(Vec<String>),
    /// The field of this name in a newer release of KubeRay.
    Release(Version),
    /// The field of this name in a newer version of the API, such as `ray.io/v1`.
    ApiVersion(String),
}

/// Whether a value has the type that a field requires.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Form {
    /// It has.
    Fits,
    /// It is a map or a list, and the field is a string that contains YAML.
    Text,
    /// It is the base64 of JSON, and the field contains YAML.
    Decoded,
    /// It has not. The field requires a value of this type, such as `a list`.
    Other(&'static str),
}

/// A message, and the help for it.
pub(super) type Texts = (String, String);

/// Returns the texts for a value of the wrong type. They do not contain a secret value.
pub(super) fn wrong_type(node: &Node, value: &Json<'_>, is_secret: bool) -> Texts {
    let expected = noun(node.kind);
    let found = match value {
        Json::Null => "null".to_owned(),
        Json::Bool(_) if is_secret => "a boolean".to_owned(),
        Json::Bool(value) => format!("the boolean {value}"),
        Json::Number(_) if is_secret => "a number".to_owned(),
        Json::Number(number) => format!("the number {number}"),
        Json::String(_) if is_secret => "a string".to_owned(),
        Json::String(text) => format!("the string {}", quote(text)),
        Json::Array(_) => "a list".to_owned(),
        Json::Object(_) => "a map".to_owned(),
    };
    let help = match (node.kind, value) {
        (_, Json::Null) => "remove the empty item".to_owned(),
        (Type::String | Type::IntOrString, Json::Bool(_) | Json::Number(_)) if is_secret => "write it in quotes".into(),
        (Type::String | Type::IntOrString, Json::Bool(value)) => format!("write \"{value}\" in quotes"),
        // The number 1.10 reads as 1.1, so the text that the user wrote is lost.
        (Type::String, Json::Number(number)) if number.is_f64() => "write it in quotes".into(),
        (Type::String | Type::IntOrString, Json::Number(number)) => format!("write \"{number}\" in quotes"),
        (Type::Integer | Type::Int32 | Type::Number, Json::String(text)) if !is_secret && is_number(text) => {
            format!("write {text} without quotes")
        }
        (Type::Boolean, Json::String(text)) if text == "true" || text == "false" => {
            format!("write {text} without quotes")
        }
        (Type::Array, Json::Object(_)) => "write a list: begin each item with a dash".to_owned(),
        (Type::Array, _) => "write a list, each item after a dash".to_owned(),
        (Type::Object, Json::Array(_)) => "write a map: \"key: value\", without dashes".to_owned(),
        (Type::Object, _) => "write a map, each \"key: value\" on its own line".to_owned(),
        _ => format!("write {expected}"),
    };
    (format!("must be {expected}, is {found}"), help)
}

/// Returns the change of a value to the right type, where the meaning stays the same.
pub(super) fn fix_type(node: &Node, value: &Json<'_>, path: &FieldPath) -> Option<Fix> {
    let path = path.clone();
    let edit = match (node.kind, value) {
        (Type::String | Type::IntOrString, Json::Bool(_) | Json::Number(_)) => Edit::Quote { path },
        (Type::Integer | Type::Int32 | Type::Number, Json::String(text)) => {
            Edit::Set { path, value: Json::Number(text.parse::<i32>().ok()?.into()) }
        }
        (Type::Boolean, Json::String(text)) => Edit::Set { path, value: Json::Bool(text.parse().ok()?) },
        _ => return None,
    };
    Some(Fix { edits: vec![edit] })
}

/// Returns the change of a text to the allowed value that differs from it only in case.
pub(super) fn fix_case(text: &str, choices: &[&'static str], path: &FieldPath) -> Option<Fix> {
    let choice = choices.iter().find(|choice| choice.eq_ignore_ascii_case(text))?;
    Some(Fix { edits: vec![Edit::Set { path: path.clone(), value: Json::from(*choice) }] })
}

/// Returns the texts for a whole number that does not fit into KubeRay's 32 bits.
pub(super) fn too_large(number: i64) -> Texts {
    let (least, most) = (i32::MIN, i32::MAX);
    (
        format!("must fit into 32 bits, is {number}: the API server accepts it, but KubeRay cannot read the object"),
        format!("write a number from {least} to {most}"),
    )
}

/// Returns the texts for a required field that is missing.
pub(super) fn missing(name: &str, node: Option<&Node>) -> Texts {
    ("is missing".to_owned(), format!("add {name}, {}", node.map_or("a value", |node| noun(node.kind))))
}

/// Returns the texts for a string that is not one of the allowed values.
pub(super) fn not_allowed(text: &str, choices: &[&str]) -> Texts {
    let choices: Vec<_> = choices.iter().map(|choice| format!("{choice:?}")).collect();
    (format!("{} is not one of the allowed values", quote(text)), format!("write {}", choices.join(" or ")))
}

/// Returns the texts for a string that does not match its pattern.
pub(super) fn pattern_mismatch(node: &Node, text: &str, pattern: &str, is_secret: bool) -> Texts {
    let found = if is_secret { "the text".to_owned() } else { quote(text) };
    match node.kind {
        Type::IntOrString => {
            (format!("{found} is not a quantity"), "write a quantity such as 2, \"500m\" or \"4Gi\"".to_owned())
        }
        _ => (format!("{found} does not match the required pattern"), format!("write a text that matches {pattern}")),
    }
}

/// Returns the texts for an item whose key an earlier item of the list has.
pub(super) fn duplicate(keys: &[&'static str], first: usize, item: &Json<'_>) -> Texts {
    let values = keys.iter().filter_map(|key| Some(format!("{key} {}", display(item.entry(key)?))));
    match values.collect::<Vec<_>>() {
        values if values.is_empty() => (format!("is the same as item {first}"), "remove one of the two".to_owned()),
        values => (
            format!("has the same {} as item {first}", values.join(" and ")),
            "remove one of the two, because only one is allowed".to_owned(),
        ),
    }
}

fn is_number(text: &str) -> bool {
    text.parse::<i32>().is_ok()
}

pub(super) fn noun(kind: Type) -> &'static str {
    match kind {
        Type::Object => "a map",
        Type::Array => "a list",
        Type::String => "a string",
        Type::Integer | Type::Int32 => "a whole number",
        Type::Number => "a number",
        Type::Boolean => "true or false",
        Type::IntOrString => "a whole number or a string",
    }
}

fn display(value: &Json<'_>) -> String {
    match value {
        Json::String(text) => quote(text),
        Json::Number(number) => number.to_string(),
        other => other.type_name().to_owned(),
    }
}
