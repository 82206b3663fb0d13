//! What another program than KubeRay's operator refuses at a field.

use rayguard_manifest::fix::{Edit, Fix};
use rayguard_manifest::json::Json;
use rayguard_manifest::path::FieldPath;

use crate::reason::Reason;

/// A field that another program refuses. Each subject has a rule.
#[derive(Clone, Debug)]
pub struct Refusal<Subject> {
    /// What it is about.
    pub subject: Subject,
    /// The kind of error, as Kubernetes classifies it.
    pub reason: Reason,
    /// The field to change, or the one to add.
    pub path: FieldPath,
    /// Whether it is about the name of the field and not about its value.
    pub is_about_key: bool,
    /// What is wrong: lower case, one line, no full stop.
    pub message: String,
    /// What to write instead: an instruction, one line, no full stop.
    pub help: String,
    /// The change that fixes it, where there is exactly one safe change.
    pub fix: Option<Fix>,
    /// Whether only some versions of the program refuse it, or only with some settings. It is then a warning.
    pub is_uncertain: bool,
}

impl<Subject> Refusal<Subject> {
    /// Adds to the fix: set the value at the path.
    pub(crate) fn fix_by_value(&mut self, value: impl Into<Json<'static>>) -> &mut Self {
        let edit = Edit::Set { path: self.path.clone(), value: value.into() };
        self.fix.get_or_insert_default().edits.push(edit);
        self
    }
}
