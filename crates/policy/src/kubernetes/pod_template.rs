//! Pod templates.

use std::borrow::Cow;

use rayguard_manifest::json::Json;

use super::pod_metadata::{self, Metadata};
use super::{At, Violations, containers, pod_spec};

/// A Pod template, and what KubeRay adds to it when it creates a Pod.
#[derive(Clone, Copy)]
pub(crate) struct PodTemplate<'a> {
    /// The template.
    pub(crate) json: &'a Json<'a>,
    /// What KubeRay adds.
    pub(crate) added: Added<'a>,
}

/// What KubeRay adds to a Pod template, as far as it decides whether Kubernetes accepts the Pod.
#[derive(Clone, Copy, Default)]
pub(crate) struct Added<'a> {
    /// The names of volumes. A volume of the template with such a name is kept, and KubeRay adds none.
    pub(crate) volumes: &'a [&'a str],
    /// The names of containers, which follow those of the template. A container of the template with such a name is a
    /// duplicate.
    pub(crate) containers: &'a [&'a str],
    /// The names of init containers, which follow those of the template. A container of the template with such a name
    /// is a duplicate, but only a warning, because the operator can be configured to add no init containers.
    pub(crate) init_containers: &'a [&'a str],
    /// The fields of added containers that the user writes outside of the template.
    pub(crate) options: &'a [ContainerOptions<'a>],
    /// Mounts that follow those of the first container.
    pub(crate) mounts: &'a [Mount<'a>],
    /// Ports that follow those of the first container: names and numbers, with the protocol TCP.
    pub(crate) ports: &'a [(&'a str, i64)],
    /// The restart policy that KubeRay writes over that of the template.
    pub(crate) restart_policy: Option<&'a str>,
    /// What KubeRay makes of the metadata of the template.
    pub(crate) metadata: Metadata<'a>,
    /// Whether KubeRay changes the name of the service account, see [`Added::service_account_name`].
    pub(crate) changes_service_account_name: bool,
}

/// A mount that KubeRay adds to a container. Kubernetes refuses another mount at the same path.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Mount<'a> {
    /// The name of the volume.
    pub(crate) volume: &'a str,
    /// The path in the container.
    pub(crate) path: &'a str,
}

/// The fields of an added container that the user writes outside of the template: `autoscalerOptions`. Their names are
/// those of a container's fields. KubeRay always sets the name and the image.
#[derive(Clone, Copy)]
pub(crate) struct ContainerOptions<'a> {
    /// The map with the fields. It has other fields too, which are no fields of a container.
    pub(crate) json: &'a Json<'a>,
    /// The location of the map.
    pub(crate) at: At<'a>,
    /// Mounts that follow those of the options.
    pub(crate) mounts: &'a [Mount<'a>],
}

impl Added<'_> {
    /// Returns the name of the service account with which KubeRay creates the Pod for a name in the template.
    ///
    /// With an autoscaler, it keeps the last 50 bytes and replaces a digit or punctuation at the beginning by `r`
    /// (`CheckName`, ray-operator/controllers/ray/utils/util.go:222-243, v1.6.2).
    pub(crate) fn service_account_name<'n>(&self, name: &'n str) -> Cow<'n, str> {
        let Some(last) = name.get(name.len().saturating_sub(50)..).filter(|_| self.changes_service_account_name) else {
            return Cow::Borrowed(name);
        };
        let first = last.as_bytes().first().copied().unwrap_or(b'r');
        if first.is_ascii_digit() || first.is_ascii_punctuation() && !b"$+<=>^`|~".contains(&first) {
            return Cow::Owned(format!("r{}", &last[1..]));
        }
        Cow::Borrowed(last)
    }
}

impl PodTemplate<'_> {
    /// Reports everything that Kubernetes refuses in the Pods of the template. The rule `missing-container` reports a
    /// template without containers.
    pub(crate) fn validate(self, at: &At<'_>, violations: &mut Violations) {
        pod_metadata::validate(self, at, violations);
        let (spec, at) = (self.json.field("spec"), at.field("spec"));
        if !spec.field("containers").items().is_empty() {
            containers::validate(spec, self.added, &at, violations);
        }
        pod_spec::validate(spec, self.added, &at, violations);
    }
}
