//! The Pods of a worker group: how many there are, and what else than the timeout can end their containers.

use crate::ray::{ClusterSpec, Container, Group};

/// The number of Pods of a worker group.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Pods {
    /// The number that is there for certain.
    pub(super) least: i64,
    /// The largest number.
    pub(super) most: i64,
    /// The number of Pods of one replica.
    pub(super) hosts: i64,
    /// Whether kubelet restarts their containers.
    pub(super) restart: bool,
}

impl Pods {
    /// Reads the numbers as KubeRay does (`GetWorkerGroupDesiredReplicas`,
    /// ray-operator/controllers/ray/utils/util.go:387). An autoscaler can choose any number within the bounds.
    pub(super) fn of(group: &Group<'_>, cluster: &ClusterSpec<'_>) -> Self {
        let number = |field: &str| group.json.field(field).as_i64();
        let (min, max) = (number("minReplicas").unwrap_or(0), number("maxReplicas").unwrap_or(i64::from(i32::MAX)));
        let desired = match number("replicas") {
            Some(replicas) if replicas >= min => replicas.min(max),
            _ => min,
        };
        let is_suspended = |json: &rayguard_manifest::json::Json<'_>| json.field("suspend").as_bool() == Some(true);
        let hosts = number("numOfHosts").unwrap_or(1);
        let (least, most) = if is_suspended(group.json) || is_suspended(cluster.json) {
            (0, 0)
        } else if cluster.is_autoscaling() {
            (min.min(max), max)
        } else {
            (desired, desired)
        };
        let pods = |replicas: i64| replicas.max(0).saturating_mul(hosts.max(0));
        let never = group.restart_policy() == Some("Never") || cluster.is_autoscaling() && cluster.has_autoscaler_v2();
        Self { least: pods(least), most: pods(most), hosts, restart: !never }
    }
}

/// Why the containers of a group may not do what their timeout says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Doubt {
    /// The container's own command can set another timeout.
    Command,
    /// The user's liveness probe can restart the container first.
    LivenessProbe,
    /// The address of the head is fixed, and a new head has another one.
    FixedAddress,
}

impl Doubt {
    fn of_container(container: Container<'_>) -> Vec<Self> {
        let mut doubts = Vec::new();
        if has_command(container) {
            doubts.push(Self::Command);
        }
        // KubeRay's own probe counts a GCS that cannot be reached as healthy.
        if !container.json.field("livenessProbe").is_null() {
            doubts.push(Self::LivenessProbe);
        }
        doubts
    }

    /// Returns the doubts of a worker group.
    pub(super) fn of(group: &Group<'_>) -> Vec<Self> {
        let mut doubts = group.ray_container().map(Self::of_container).unwrap_or_default();
        if !group.json.descend(["rayStartParams", "address"]).is_null() {
            doubts.push(Self::FixedAddress);
        }
        doubts
    }

    /// Returns the note.
    pub(super) fn note(self) -> &'static str {
        match self {
            Self::Command => "a worker container has its own command, which can set another timeout",
            Self::LivenessProbe => "a liveness probe of the workers can restart them while the GCS is away",
            Self::FixedAddress => "a fixed address in the workers' rayStartParams may not lead to the new head",
        }
    }
}

/// Reports whether a container has a command or arguments of its own. KubeRay runs them before `ray start`, or instead.
pub(super) fn has_command(container: Container<'_>) -> bool {
    container.command_line().next().is_some()
}
