//! The comparison of the reader and the schema.

use jsonschema::Validator;
use rayguard_manifest::json::Json;
use rayguard_policy::policy::Policy;
use rayguard_policy::policy::file::ConfigError;
use serde_json::Value;

/// What the reader and the schema say about a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Agreement {
    /// Both accept it.
    Valid,
    /// Both refuse it.
    Invalid,
    /// Only the reader refuses it, for an error of this kind.
    ReaderOnly(&'static str),
}

/// The kinds of errors that the schema does not find, with a part of the path and a part of the message.
pub(crate) const READER_ONLY: [(&str, &str, &str); 8] = [
    // Depends on another key, kuberay.version.
    ("gate-of-another-version", "kuberay.featureGates.", "does not have this feature gate"),
    ("field-of-another-version", "defaults.podTemplate.", "there is no such key"),
    // The length without the dots around the domain.
    ("long-domain", "settings.clusterDomain", "write the DNS domain"),
    // Values below a Pod template.
    ("directive", "defaults.podTemplate.", "such as $patch is not allowed"),
    ("null-in-list", "defaults.podTemplate.", "is null"),
    ("null-as-merge-key", "defaults.podTemplate.", "an item of this list is identified by its"),
    ("duplicate-item", "defaults.podTemplate.", "remove one of the two"),
    ("huge-number", "defaults.podTemplate.", "is the number 1e+30"),
];

/// Compares the reader with the schema.
///
/// # Panics
///
/// Panics if only the schema refuses the file, or only the reader for an error of another kind.
pub(crate) fn compare(validator: &Validator, file: &Value) -> Agreement {
    let text = file.to_string();
    let json: Json<'_> = serde_json::from_str(&text).expect("JSON");
    let errors = Policy::from_json(&json).err().unwrap_or_default();
    let refusals: Vec<_> =
        validator.iter_errors(file).map(|error| format!("{}: {error}", error.instance_path())).collect();
    match (errors.first(), refusals.is_empty()) {
        (None, true) => Agreement::Valid,
        (None, false) => panic!("only the schema refuses {text}: {}", refusals.join("\n")),
        (Some(_), false) => Agreement::Invalid,
        (Some(first), true) => {
            for error in &errors {
                assert!(kind(error, &json).is_some(), "only the reader refuses {text}: {error}");
            }
            kind(first, &json).map_or(Agreement::Invalid, Agreement::ReaderOnly)
        }
    }
}

fn kind(error: &ConfigError, file: &Json<'_>) -> Option<&'static str> {
    let path = error.path.to_string();
    let is_it = |(_, at, part): &&(&str, &str, &str)| path.starts_with(at) && error.message.contains(part);
    let (kind, ..) = READER_ONLY.iter().find(is_it)?;
    // The schema finds an item without its key, but not one whose key is null.
    let item = error.path.value(file).unwrap_or(&Json::Null);
    let has_null = item.is_null() || item.entries().iter().any(|(_, value)| value.is_null());
    (*kind != "null-as-merge-key" || has_null).then_some(*kind)
}
