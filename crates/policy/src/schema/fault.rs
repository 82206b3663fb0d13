//! What is wrong with an object by its schema, and how to say it.

use super::node::{Node, Type};
use crate::kuberay::Version;
use crate::reason::Reason;
use crate::spelling::quote;
use rayguard_manifest::fix::{Edit, Fix};
use rayguard_manifest::json::Json;
use rayguard_manifest::path::FieldPath;

/// One thing that the API server would drop or refuse.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Fault {
    /// A field that the schema does not have. The API server drops it, and kubectl by default refuses the object.
    Unknown {
        /// The field.
        path: FieldPath,
        /// What may have been meant.
        suggestion: Option<Suggestion>,
    },
    /// A value that the schema does not allow, or the lack of one. The API server refuses the object, or, for a
    /// number too large for the operator, KubeRay cannot read it.
    Malformed {
        /// The value, or the field to add.
        path: FieldPath,
        /// In the words of Kubernetes, what kind of fault it is.
        reason: Reason,
        /// What is wrong: lower case, one line, no full stop. Never says a value that may be a secret.
        message: String,
        /// What to write instead: an instruction, one line, no full stop.
        help: String,
        /// What mends it, where there is one safe answer.
        mend: Option<Fix>,
    },
}

/// What may have been meant by a field that the schema does not have.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Suggestion {
    /// A field with almost this name.
    Spelling {
        /// The field.
        name: &'static str,
        /// Whether it can be no other, and is not there as well.
        is_certain: bool,
    },
    /// The field of this name some levels up or down: places where it may belong.
    Elsewhere(Vec<String>),
    /// The field of this name in a newer release of KubeRay.
    Release(Version),
    /// The field of this name in a newer version of the API, such as `ray.io/v1`.
    ApiVersion(String),
}

/// A message and the help that goes with it.
pub(super) type Words = (String, String);

/// What to say of a value of the wrong type. A secret one is not said.
pub(super) fn wrong_type(node: &Node, value: &Json<'_>, is_secret: bool) -> Words {
    let wanted = noun(node.kind);
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
        // As a number 1.10 is 1.1, which is the same quantity, but seldom the text that was meant.
        (Type::String, Json::Number(number)) if number.is_f64() => "write it in quotes".into(),
        (Type::String | Type::IntOrString, Json::Number(number)) => format!("write \"{number}\" in quotes"),
        (Type::Integer | Type::Int32 | Type::Number, Json::String(text)) if !is_secret && is_number(text) => {
            format!("write {text} without quotes")
        }
        (Type::Boolean, Json::String(text)) if text == "true" || text == "false" => {
            format!("write {text} without quotes")
        }
        (Type::Array, Json::Object(_)) => "write a list: begin each item with a dash".to_owned(),
        (Type::Array, _) => "write a list, each item behind a dash".to_owned(),
        (Type::Object, Json::Array(_)) => "write a map: \"key: value\", without dashes".to_owned(),
        (Type::Object, _) => "write a map, \"key: value\" on lines of their own".to_owned(),
        _ => format!("write {wanted}"),
    };
    (format!("must be {wanted}, is {found}"), help)
}

/// What makes of a value of the wrong type one of the right type that says the same.
pub(super) fn other_type(node: &Node, value: &Json<'_>, path: &FieldPath) -> Option<Fix> {
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

/// The choice that a text is but for its capitals.
pub(super) fn meant_choice(text: &str, choices: &[&'static str], path: &FieldPath) -> Option<Fix> {
    let choice = choices.iter().find(|choice| choice.eq_ignore_ascii_case(text))?;
    Some(Fix { edits: vec![Edit::Set { path: path.clone(), value: Json::from(*choice) }] })
}

/// What to say of a whole number that KubeRay has no room for.
pub(super) fn too_large(number: i64) -> Words {
    let (least, most) = (i32::MIN, i32::MAX);
    (
        format!("must fit into 32 bits, is {number}: the API server takes it, and KubeRay cannot read the object"),
        format!("write a number from {least} to {most}"),
    )
}

/// What to say of a field that has to be there and is not.
pub(super) fn missing(name: &str, node: Option<&Node>) -> Words {
    ("is missing".to_owned(), format!("add {name}, {}", node.map_or("a value", |node| noun(node.kind))))
}

/// What to say of a text that is none of those that there are.
pub(super) fn no_choice(text: &str, choices: &[&str]) -> Words {
    let choices: Vec<_> = choices.iter().map(|choice| format!("{choice:?}")).collect();
    (format!("{} is none of the values that there are", quote(text)), format!("write {}", choices.join(" or ")))
}

/// What to say of a text of the wrong form.
pub(super) fn wrong_form(node: &Node, text: &str, pattern: &str, is_secret: bool) -> Words {
    let found = if is_secret { "the text".to_owned() } else { quote(text) };
    match node.kind {
        Type::IntOrString => {
            (format!("{found} is not a quantity"), "write a quantity such as 2, \"500m\" or \"4Gi\"".to_owned())
        }
        _ => (
            format!("{found} does not have the form that it must have"),
            format!("write a text that matches {pattern}"),
        ),
    }
}

/// What to say of an item that is in its list already.
pub(super) fn repeated(keys: &[&'static str], first: usize, item: &Json<'_>) -> Words {
    let values = keys.iter().filter_map(|key| Some(format!("{key} {}", shown(item.entry(key)?))));
    match values.collect::<Vec<_>>() {
        values if values.is_empty() => (format!("is the same as item {first}"), "remove one of the two".to_owned()),
        values => (
            format!("has {} like item {first}", values.join(" and ")),
            "remove one of the two, for there may be only one".to_owned(),
        ),
    }
}

fn is_number(text: &str) -> bool {
    text.parse::<i32>().is_ok()
}

fn noun(kind: Type) -> &'static str {
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

fn shown(value: &Json<'_>) -> String {
    match value {
        Json::String(text) => quote(text),
        Json::Number(number) => number.to_string(),
        other => other.type_name().to_owned(),
    }
}
