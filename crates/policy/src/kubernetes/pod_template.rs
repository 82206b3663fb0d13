//! Pod templates.

use rayguard_manifest::json::Json;

use super::{At, Violations, containers, pod_spec};

/// A Pod template, and what KubeRay adds to it when it creates a Pod.
#[derive(Clone, Copy, Debug)]
pub(crate) struct PodTemplate<'a> {
    /// The template.
    pub(crate) json: &'a Json<'a>,
    /// What KubeRay adds.
    pub(crate) added: Added<'a>,
}

/// What KubeRay adds to a Pod template, as far as it decides whether Kubernetes accepts the Pod.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Added<'a> {
    /// The names of volumes.
    pub(crate) volumes: &'a [&'a str],
    /// The names of containers.
    pub(crate) containers: &'a [&'a str],
    /// The names of init containers.
    pub(crate) init_containers: &'a [&'a str],
}

impl PodTemplate<'_> {
    /// Reports everything that Kubernetes refuses in the Pods of the template.
    pub(crate) fn validate(self, at: &At<'_>, violations: &mut Violations) {
        let (spec, at) = (self.json.field("spec"), at.field("spec"));
        containers::validate(spec, self.added, &at, violations);
        pod_spec::validate(spec, self.added, &at, violations);
    }
}
