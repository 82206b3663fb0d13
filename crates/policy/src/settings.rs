//! The settings of a policy that rules and defaults read.

use crate::kuberay::KubeRay;

/// The reconnect timeout of a Ray node that sets none, in seconds (`gcs_rpc_server_reconnect_timeout_s` in Ray's
/// `src/ray/common/ray_config_def.h`).
pub const RAY_DEFAULT_RECONNECT_TIMEOUT: u32 = 60;

/// The annotation that records which values of an object are defaults of rayguard: a JSON list of the
/// [keyed pointers](rayguard_manifest::list_map::keyed_pointer) to them.
pub const DEFAULTED: &str = "rayguard.dev/defaulted";

/// The settings of a policy that rules and defaults read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Settings {
    /// The KubeRay release and feature gates of the target cluster.
    pub kuberay: KubeRay,
    /// A worker's reconnect timeout below this many seconds is reported as short.
    ///
    /// The built-in 120 s are longer than the outages of a deleted head (15 s, 30 s for DNS and 1 s until the worker has
    /// reconnected) and of the fifth crash in a row (80 s of kubelet's back-off, 8 s and 1 s), computed from what was
    /// measured on Ray 2.57.1 under KubeRay 1.6.2. The rule `short-reconnect-timeout` has the figures.
    pub short_worker_reconnect_timeout: u32,
    /// A worker's reconnect timeout that exceeds the head's by less than this many seconds is reported as short.
    ///
    /// The head's own timeout is a part of the outage if the GCS gets SIGTERM. The built-in 90 s are longer than what
    /// follows: 8 s, 80 s of kubelet's back-off and 1 s. The sources are those of
    /// [`short_worker_reconnect_timeout`](Self::short_worker_reconnect_timeout).
    pub reconnect_timeout_margin: u32,
    /// The reconnect timeout of a head that sets none, in seconds: Ray's 60, unless the operator adds another value to
    /// every container (`defaultContainerEnvs` of its configuration).
    pub assumed_head_reconnect_timeout: u32,
    /// The DNS domain of the Kubernetes cluster, in which its Services have their full names.
    pub cluster_domain: Box<str>,
    /// What else is installed in the cluster.
    pub installed: Installed,
}

/// What is installed in a cluster in addition to KubeRay, and checks its objects too.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Installed {
    /// Kueue, with its webhooks for KubeRay's objects.
    pub kueue: bool,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            kuberay: KubeRay::default(),
            short_worker_reconnect_timeout: 120,
            reconnect_timeout_margin: 90,
            assumed_head_reconnect_timeout: RAY_DEFAULT_RECONNECT_TIMEOUT,
            cluster_domain: "cluster.local".into(),
            installed: Installed::default(),
        }
    }
}
