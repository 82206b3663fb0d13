//! Paths of files in volumes.

use std::collections::HashSet;

use super::{At, Subject, Violations, file_path};

const SUBJECT: Subject = Subject::Volume;

/// Reports a path with an element `..` (`validatePathNoBacksteps`).
pub(super) fn without_backsteps(path: &str, at: &At<'_>, violations: &mut Violations) {
    if file_path::has_backsteps(path) {
        violations.invalid(SUBJECT, at, "the path contains '..'", "write a path without '..'");
    }
}

/// Reports a path that is absolute or has an element `..`, and whether it does not (`validateLocalDescendingPath`).
pub(super) fn descending(path: &str, at: &At<'_>, violations: &mut Violations) -> bool {
    let error = file_path::descending_error(path);
    if let Some(error) = error {
        violations.invalid(SUBJECT, at, format!("the path {error}"), "write a relative path without '..'");
    }
    error.is_none()
}

/// Reports the path of a file in a volume that is absolute, has an element `..` or begins with `..`
/// (`ValidateLocalNonReservedPath`).
pub(super) fn in_volume(path: &str, at: &At<'_>, violations: &mut Violations) {
    if descending(path, at, violations) && path.starts_with("..") {
        violations.invalid(SUBJECT, at, "the path begins with '..'", "write another name for the file");
    }
}

/// The paths of the files of a volume.
#[derive(Default)]
pub(super) struct Paths<'s>(HashSet<&'s str>);

impl<'s> Paths<'s> {
    /// Reports a path that another file has.
    pub(super) fn add(&mut self, path: &'s str, in_some_versions: bool, at: &At<'_>, violations: &mut Violations) {
        if !self.0.insert(path) {
            let message = "another file of the volume has the same path";
            let violation = violations.invalid(SUBJECT, at, message, "write another path");
            violation.is_uncertain = in_some_versions;
        }
    }
}
