//! Environment variables of a container.

use rayguard_manifest::json::Json;

use super::{At, Subject, Violations};

const SUBJECT: Subject = Subject::EnvironmentVariable;

/// Reports everything that Kubernetes refuses in `env` (`ValidateEnv`).
pub(super) fn validate(env: &Json<'_>, at: &At<'_>, violations: &mut Violations) {
    for (index, var) in env.items().iter().enumerate() {
        let at = at.index(index);
        if var.field("name").as_nonempty_str().is_none() {
            violations.required(SUBJECT, &at.field("name"), "the variable has no name", "write a name");
        }
    }
}
