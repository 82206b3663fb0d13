//! The containers, init containers and ephemeral containers of a Pod.

use rayguard_manifest::json::Json;

use super::pod_template::Added;
use super::{At, Violations, container};

/// Reports everything that Kubernetes refuses in the containers of a Pod.
pub(super) fn validate(spec: &Json<'_>, _added: Added<'_>, at: &At<'_>, violations: &mut Violations) {
    for (index, json) in spec.field("containers").items().iter().enumerate() {
        container::validate(json, &at.field("containers").index(index), violations);
    }
}
