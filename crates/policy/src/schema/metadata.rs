//! The syntax of names, labels and annotations, which Kubernetes checks in addition to the schema.

use rayguard_manifest::json::Json;
use rayguard_manifest::path::FieldPath;

use super::Violation;
use super::violation::BAD_KEY;
use crate::name::Syntax;
use crate::reason::Reason;

/// Returns the violations in an object's metadata. Values that are not strings are left to the schema.
pub(super) fn violations(metadata: &Json<'_>) -> Vec<Violation> {
    let mut violations = Vec::new();
    let text = |field: &str| metadata.field(field).as_str().unwrap_or_default();
    let (name, prefix) = (text("name"), text("generateName"));
    if ["name", "generateName"].iter().all(|field| matches!(metadata.field(field), Json::Null | Json::String(_)))
        && name.is_empty()
        && prefix.is_empty()
    {
        violations.push(violation(path("name"), Reason::Required, "is missing", "add name, a string"));
    }
    for (field, text) in [("name", name.to_owned()), ("generateName", with_suffix(prefix))] {
        if !text.is_empty() && !Syntax::Dns1123Subdomain.admits(&text) {
            let help = "use lower-case letters, digits, dashes and dots, with a letter or digit at both ends";
            violations.push(violation(path(field), Reason::Invalid, "is not a valid object name", help));
        }
    }
    let namespace = text("namespace");
    if !namespace.is_empty() && !Syntax::Dns1123Label.admits(namespace) {
        let help = "use at most 63 lower-case letters, digits and dashes, with a letter or digit at both ends";
        violations.push(violation(path("namespace"), Reason::Invalid, "is not a valid name of a namespace", help));
    }
    for (key, value) in metadata.field("labels").entries() {
        let text = value.as_str().unwrap_or_default();
        if !Syntax::QualifiedName.admits(key) {
            violations.push(bad_key(path("labels").key(&**key)));
        } else if !Syntax::LabelValue.admits(text) {
            let help = "use at most 63 letters, digits, dashes, underscores and dots; a letter or digit at both ends";
            let path = path("labels").key(&**key);
            violations.push(violation(path, Reason::Invalid, "is not a valid label value", help));
        }
    }
    for (key, _) in metadata.field("annotations").entries() {
        if !Syntax::QualifiedName.admits(&key.to_lowercase()) {
            violations.push(bad_key(path("annotations").key(&**key)));
        }
    }
    violations
}

fn path(field: &'static str) -> FieldPath {
    FieldPath::of(["metadata", field])
}

fn violation(path: FieldPath, reason: Reason, message: &str, help: &str) -> Violation {
    Violation::Malformed { path, reason, message: message.to_owned(), help: help.to_owned(), fix: None }
}

fn bad_key(path: FieldPath) -> Violation {
    let help = "use at most 63 letters, digits, dashes, underscores and dots, optionally after a domain and a slash";
    violation(path, Reason::Invalid, BAD_KEY, help)
}

/// Returns a name prefix as if the generated suffix followed it, so that it may end in a dash (`maskTrailingDash` in
/// k8s.io/apimachinery/pkg/api/validation).
fn with_suffix(prefix: &str) -> String {
    let mut text = prefix.to_owned();
    if text.len() > 1 && text.ends_with('-') {
        text.pop();
        text.pop();
        text.push('a');
    }
    text
}
