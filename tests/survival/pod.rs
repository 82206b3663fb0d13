//! What the tests read of a Pod.

use std::net::IpAddr;

use k8s_openapi::api::core::v1::Pod as KubernetesPod;
use kube::ResourceExt;

/// A Pod as it was when it was read.
#[derive(Clone, Debug)]
pub(crate) struct Pod {
    pub(crate) name: String,
    pub(crate) uid: String,
    /// The RayCluster that it belongs to.
    pub(crate) cluster: String,
    /// The address, once it has one.
    pub(crate) address: Option<IpAddr>,
    pub(crate) is_ready: bool,
    /// Whether its first container runs.
    pub(crate) is_running: bool,
    /// How many times its first container was restarted.
    pub(crate) restarts: i32,
    /// How the last run of its first container ended.
    pub(crate) last_exit: Option<i32>,
    /// Why its first container does not run, such as `CrashLoopBackOff`.
    pub(crate) waiting: Option<String>,
}

impl Pod {
    /// Reads the state of a Pod.
    pub(crate) fn read(pod: &KubernetesPod) -> Self {
        let status = pod.status.clone().unwrap_or_default();
        // Kubernetes sorts the states by name.
        let first = pod.spec.as_ref().and_then(|spec| spec.containers.first()).map_or("", |container| &container.name);
        let containers = status.container_statuses.unwrap_or_default();
        let state = containers.into_iter().find(|state| state.name == first).unwrap_or_default();
        let current = state.state.unwrap_or_default();
        let ended = current.terminated.or(state.last_state.unwrap_or_default().terminated);
        Self {
            name: pod.name_any(),
            uid: pod.uid().unwrap_or_default(),
            cluster: pod.labels().get("ray.io/cluster").cloned().unwrap_or_default(),
            address: status.pod_ip.as_ref().map(|address| address.parse().expect("an address")),
            is_ready: status.conditions.iter().flatten().any(|is| is.type_ == "Ready" && is.status == "True"),
            is_running: current.running.is_some(),
            restarts: state.restart_count,
            last_exit: ended.map(|ended| ended.exit_code),
            waiting: current.waiting.and_then(|waiting| waiting.reason),
        }
    }

    /// Reports whether this is the same run of the same container.
    pub(crate) fn is_same_run(&self, other: &Self) -> bool {
        self.uid == other.uid && self.restarts == other.restarts
    }
}
