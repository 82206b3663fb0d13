//! Containers.

use rayguard_manifest::json::Json;

use super::{At, Violations, env};

/// Reports everything that Kubernetes refuses in a container.
pub(super) fn validate(container: &Json<'_>, at: &At<'_>, violations: &mut Violations) {
    // Each field is visited once, because looking up every known field would take longer.
    for (name, value) in container.entries() {
        if &**name == "env" {
            env::validate(value, &at.field("env"), violations);
        }
    }
}
