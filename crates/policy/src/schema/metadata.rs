//! The forms that Kubernetes gives to names, labels and annotations, beyond what a schema can say.

use crate::name::Syntax;
use crate::reason::Reason;
use rayguard_manifest::json::Json;
use rayguard_manifest::path::FieldPath;

use super::Fault;

/// What is wrong with the metadata of an object, as far as it is text. Where it is not, its schema says so.
pub(super) fn faults(metadata: &Json<'_>) -> Vec<Fault> {
    let mut faults = Vec::new();
    let text = |field: &str| metadata.field(field).as_str().unwrap_or_default();
    let (name, prefix) = (text("name"), text("generateName"));
    if ["name", "generateName"].iter().all(|field| matches!(metadata.field(field), Json::Null | Json::String(_)))
        && name.is_empty()
        && prefix.is_empty()
    {
        faults.push(fault(path("name"), Reason::Required, "is missing", "add name, a string"));
    }
    for (field, text) in [("name", name.to_owned()), ("generateName", with_an_end(prefix))] {
        if !text.is_empty() && !Syntax::Dns1123Subdomain.admits(&text) {
            let help = "use lower-case letters, digits, dashes and dots, with a letter or digit at both ends";
            faults.push(fault(path(field), Reason::Invalid, "has a form that no name of an object may have", help));
        }
    }
    for (key, value) in metadata.field("labels").entries() {
        let text = value.as_str().unwrap_or_default();
        if !Syntax::QualifiedName.admits(key) {
            faults.push(bad_key(path("labels").key(&**key)));
        } else if !Syntax::LabelValue.admits(text) {
            let help = "use at most 63 letters, digits, dashes, underscores and dots; a letter or digit at both ends";
            let path = path("labels").key(&**key);
            faults.push(fault(path, Reason::Invalid, "has a form that no label's value may have", help));
        }
    }
    for (key, _) in metadata.field("annotations").entries() {
        if !Syntax::QualifiedName.admits(&key.to_lowercase()) {
            faults.push(bad_key(path("annotations").key(&**key)));
        }
    }
    faults
}

fn path(field: &'static str) -> FieldPath {
    FieldPath::of(["metadata", field])
}

fn fault(path: FieldPath, reason: Reason, message: &str, help: &str) -> Fault {
    Fault::Malformed { path, reason, message: message.to_owned(), help: help.to_owned(), mend: None }
}

fn bad_key(path: FieldPath) -> Fault {
    let help =
        "write at most 63 letters, digits, dashes, underscores and dots, where needed behind a domain and a slash";
    fault(path, Reason::Invalid, "has a form that no key of a label or annotation may have", help)
}

/// A prefix of a name, as if the generated part followed: it may end in a dash.
fn with_an_end(prefix: &str) -> String {
    let mut text = prefix.to_owned();
    if text.len() > 1 && text.ends_with('-') {
        text.pop();
        text.pop();
        text.push('a');
    }
    text
}
