//! Violations that only some of the supported versions of Kubernetes report.

use super::{At, Violation, Violations};

/// Calls a function, and marks the violations that it finds.
pub(super) fn find(violations: &mut Violations, find: impl FnOnce(&mut Violations)) {
    let mut found = Violations::default();
    find(&mut found);
    for Violation { subject, reason, path, message, help, .. } in found.all() {
        let path = || path.clone();
        violations.add(*subject, *reason, &At::Root(&path), message, help).in_some_versions();
    }
}
