//! What the validation of a container reads of its Pod.

use rayguard_manifest::json::Json;

use super::lookup::Lookup;
use super::pod_template::{Added, Mount};

/// The list of a Pod that a container is in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    /// The first of `containers`, in which KubeRay runs Ray
    Ray,
    /// Another one of `containers`
    Other,
    /// `initContainers`
    Init,
}

/// The spec of a Pod, as far as the validation of its containers reads it.
pub(super) struct Pod<'p> {
    /// The whole spec.
    pub(super) spec: &'p Json<'p>,
    /// What KubeRay adds.
    pub(super) added: Added<'p>,
    /// `containers`
    pub(super) containers: &'p [Json<'p>],
    /// `initContainers`
    pub(super) init_containers: &'p [Json<'p>],
    /// `ephemeralContainers`
    pub(super) ephemeral_containers: &'p [Json<'p>],
    /// `hostNetwork`
    pub(super) host_network: bool,
    /// `os.name`
    pub(super) os: Option<&'p str>,
    volumes: Lookup<'p>,
}

/// The grace period of a Pod that states none, in seconds (`DefaultTerminationGracePeriodSeconds`).
const DEFAULT_GRACE_PERIOD: i64 = 30;

impl<'p> Pod<'p> {
    /// Reads a Pod's spec.
    pub(super) fn read(spec: &'p Json<'p>, added: Added<'p>) -> Self {
        const NULL: &Json<'static> = &Json::Null;
        let mut pod = Self {
            spec,
            added,
            containers: &[],
            init_containers: &[],
            ephemeral_containers: &[],
            host_network: false,
            os: None,
            volumes: Lookup::new(NULL),
        };
        for (name, value) in spec.entries() {
            match &**name {
                "containers" => pod.containers = value.items(),
                "initContainers" => pod.init_containers = value.items(),
                "ephemeralContainers" => pod.ephemeral_containers = value.items(),
                "hostNetwork" => pod.host_network = value.as_bool() == Some(true),
                "os" => pod.os = value.field("name").as_str(),
                "volumes" => pod.volumes = Lookup::new(value),
                _ => {}
            }
        }
        pod
    }

    /// Returns a volume of the user.
    pub(super) fn volume(&self, name: &str) -> Option<&'p Json<'p>> {
        self.volumes.get(name)
    }

    /// Reports whether the Pod has a volume of this name, the ones that KubeRay adds included.
    pub(super) fn has_volume(&self, name: &str) -> bool {
        self.volume(name).is_some() || self.added.volumes.contains(&name)
    }

    /// Returns the mounts that KubeRay adds to a container.
    pub(super) fn added_mounts(&self, kind: Kind) -> &'p [Mount<'p>] {
        if kind == Kind::Ray { self.added.mounts } else { &[] }
    }

    /// Returns the names and numbers of the ports that KubeRay adds to a container.
    pub(super) fn added_ports(&self, kind: Kind) -> &'p [(&'p str, i64)] {
        if kind == Kind::Ray { self.added.ports } else { &[] }
    }

    /// Returns the grace period in seconds. Kubernetes replaces a negative one by 1 (`SetDefaults_Pod`).
    pub(super) fn grace_period(&self) -> i64 {
        match self.spec.field("terminationGracePeriodSeconds").as_i64() {
            None => DEFAULT_GRACE_PERIOD,
            Some(seconds) if seconds < 0 => 1,
            Some(seconds) => seconds,
        }
    }

    /// Reports whether no container of the Pod is restarted.
    pub(super) fn never_restarts(&self) -> bool {
        self.added.restart_policy.or_else(|| self.spec.field("restartPolicy").as_str()) == Some("Never")
    }

    /// Reports whether the Pod has a user namespace of its own.
    pub(super) fn has_user_namespace(&self) -> bool {
        self.spec.field("hostUsers").as_bool() == Some(false)
    }
}
