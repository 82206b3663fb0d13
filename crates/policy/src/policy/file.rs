//! The policy file: one format for the CLI's `--config` and the webhook's ConfigMap.
//!
//! An unknown key is an error. Otherwise a misspelled key would silently have no effect.

mod form;
mod installed;
mod json_schema;
mod keys;
mod kuberay;
mod rule_names;
mod template;
mod text;

use std::fmt;

use rayguard_manifest::json::Json;
use rayguard_manifest::path::FieldPath;
use rayguard_manifest::yaml::{self, Document, Position};

use super::{Policy, assumption};
use crate::kuberay::Version;
use crate::spelling::suggestion;
pub use json_schema::json_schema;

/// An error in a policy file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ConfigError {
    /// The field; empty where the file cannot be parsed.
    pub path: FieldPath,
    /// What is wrong with the field, or what to write instead.
    pub message: String,
    /// The position of the field in the file; `None` if the policy was not read from a text.
    pub position: Option<Position>,
}

impl fmt::Display for ConfigError {
    /// Prints `12:3: rules.missing-redis-pasword: there is no such key; did you mean …`, which follows the name of the
    /// file.
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(position) = self.position {
            write!(formatter, "{}:{}: ", position.line, position.column)?;
        }
        if !self.path.steps().is_empty() {
            write!(formatter, "{}: ", self.path)?;
        }
        formatter.write_str(&self.message)
    }
}

impl std::error::Error for ConfigError {}

impl Policy {
    /// Parses a policy file.
    ///
    /// # Errors
    ///
    /// Returns all errors in the file, each with its field and position, sorted by position.
    pub fn from_yaml(text: &str) -> Result<Self, Vec<ConfigError>> {
        let error = |message: &str, position| {
            Err(vec![ConfigError { path: FieldPath::root(), message: message.to_owned(), position }])
        };
        let mut documents = yaml::documents(text).into_iter().map(|document| document.and_then(Document::into_strict));
        let file = match documents.next() {
            None => {
                return error("the policy file is empty; write apiVersion: rayguard.dev/v1alpha1, kind: Policy", None);
            }
            Some(Err(unread)) => return error(&unread.message, Some(unread.location.start)),
            Some(Ok(file)) => file,
        };
        match documents.next() {
            None => {}
            Some(Err(unread)) => return error(&unread.message, Some(unread.location.start)),
            Some(Ok(second)) => {
                return error("a policy file has one document; remove this one", Some(second.location().start));
            }
        }
        Self::from_json(&file.json).map_err(|mut errors| {
            for error in &mut errors {
                error.position = Some(file.locate(&error.path).start);
            }
            errors.sort_by_key(|error| error.position);
            errors
        })
    }

    /// Reads the policy from the document of a policy file.
    ///
    /// # Errors
    ///
    /// Returns all errors in the document, each with its field.
    pub fn from_json(file: &Json<'_>) -> Result<Self, Vec<ConfigError>> {
        let mut reader = Reader { version: Some(Version::NEWEST), errors: Vec::new() };
        let policy = reader.policy(file);
        if reader.errors.is_empty() { Ok(policy) } else { Err(reader.errors) }
    }
}

/// Reads a policy file, and collects its errors.
struct Reader {
    /// The version of KubeRay, once it is read; `None` where the file has none that is known.
    version: Option<Version>,
    errors: Vec<ConfigError>,
}

impl Reader {
    fn policy(&mut self, file: &Json<'_>) -> Policy {
        let mut policy = Policy::default();
        form::read_keys(self, file, &FieldPath::root(), keys::POLICY, &mut policy);
        let is_set = |path: &[&str]| !file.descend(path.iter().copied()).is_null();
        policy.stated = assumption::stated(
            &policy.settings.kuberay.feature_gates,
            is_set(&["kuberay", "version"]),
            is_set(&["installed"]),
            is_set(&["settings", "clusterDomain"]),
        );
        policy
    }

    /// Checks that the value is a list of names, and not empty.
    fn names(&mut self, json: &Json<'_>, path: &FieldPath) {
        let names = json.items();
        if names.is_empty() || names.iter().any(|name| name.as_nonempty_str().is_none()) {
            self.error(path.clone(), "write a list of names");
        }
    }

    /// Checks that the value is a map with known keys only.
    fn map(&mut self, json: &Json<'_>, path: &FieldPath, known: &[&str]) {
        if !matches!(json, Json::Object(_) | Json::Null) {
            self.error(path.clone(), format!("write a map with {}", known.join(", ")));
        }
        for (name, _) in json.entries() {
            if !known.contains(&&**name) {
                let meant = suggestion(name, known);
                self.error(path.clone().field(name.to_string()), format!("there is no such key{meant}"));
            }
        }
    }

    fn error(&mut self, path: FieldPath, message: impl Into<String>) {
        self.errors.push(ConfigError { path, message: message.into(), position: None });
    }
}

#[cfg(test)]
mod tests;
