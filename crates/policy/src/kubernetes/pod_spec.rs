//! The spec of a Pod, without its containers.

use rayguard_manifest::json::Json;

use super::pod_template::Added;
use super::{At, Violations};

/// Reports everything that Kubernetes refuses in a Pod's spec, except in its containers.
pub(super) fn validate(_spec: &Json<'_>, _added: Added<'_>, _at: &At<'_>, _violations: &mut Violations) {}
