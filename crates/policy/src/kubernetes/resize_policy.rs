//! How a container is resized.

use rayguard_manifest::json::Json;

use super::pod::Pod;
use super::seen::Seen;
use super::{At, Subject, Violations, choice};
use crate::reason::Reason;
use crate::spelling::quote;

const SUBJECT: Subject = Subject::Resources;

/// Reports everything that Kubernetes refuses in `resizePolicy` (`validateResizePolicy`, `validateInitContainers`).
/// `runs_once` is true for an init container that is not a sidecar.
///
/// Every violation is a warning, because Kubernetes before 1.33 ignores the field by default.
pub(super) fn validate(policies: &Json<'_>, runs_once: bool, pod: &Pod<'_>, at: &At<'_>, violations: &mut Violations) {
    let never_restarts = pod.never_restarts();
    let mut names = Seen::new();
    for (index, policy) in policies.items().iter().enumerate() {
        let at = at.index(index);
        if let Some(name) = policy.field("resourceName").as_str() {
            let at = at.field("resourceName");
            if let Some(violation) = choice::check(name, &["cpu", "memory"], SUBJECT, &at, violations) {
                violation.in_some_versions();
            } else if !names.insert(name) {
                let message = format!("the container has another resize policy for {}", quote(name));
                violations.add(SUBJECT, Reason::Duplicate, &at, message, "remove one of them").in_some_versions();
            }
        }
        let Some(restart) = policy.field("restartPolicy").as_str() else { continue };
        let at = at.field("restartPolicy");
        if let Some(violation) = choice::check(restart, &["NotRequired", "RestartContainer"], SUBJECT, &at, violations)
        {
            violation.in_some_versions();
        } else if restart == "RestartContainer" && (never_restarts || runs_once) {
            let message = if never_restarts {
                "a container of a Pod with restartPolicy: Never cannot be restarted"
            } else {
                "an init container that is not a sidecar cannot be restarted"
            };
            let violation = violations.invalid(SUBJECT, &at, message, "write NotRequired");
            violation.in_some_versions().fix_by_value("NotRequired");
        }
    }
}
