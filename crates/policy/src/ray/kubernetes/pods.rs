//! The Pods of a group, and what KubeRay adds to them.

use rayguard_manifest::json::Json;

use super::additions::Additions;
use crate::kuberay::{KubeRay, Version};
use crate::kubernetes::{Added, At, ContainerOptions, Metadata, Mount, PodTemplate, Subject, Violations};
use crate::ray::version::RayVersion;
use crate::ray::{ClusterSpec, Group, RayObject};

/// The most items of one kind that KubeRay adds to a Pod.
const MOST: usize = 10;

/// The labels of a Pod that KubeRay writes over those of the template (`labelPod` and `DefaultWorkerPodTemplate`,
/// ray-operator/controllers/ray/common/pod.go:431-445 and 809-835, v1.6.2). Those for several hosts depend on a feature
/// gate.
const LABELS: [&str; 6] = [
    "ray.io/node-type",
    "ray.io/group",
    "ray.io/cluster",
    "ray.io/worker-group-replica-index",
    "ray.io/worker-group-replica-name",
    "ray.io/replica-host-index",
];

/// [`LABELS`], and the one that only a RayService's Pods have (`BuildPod`).
const LABELS_IN_SERVICE: [&str; 7] = {
    let [a, b, c, d, e, f] = LABELS;
    [a, b, c, d, e, f, "ray.io/serve"]
};

const METRICS: (&str, i64) = ("metrics", 8080);
const SHARED_MEMORY: Mount<'_> = Mount { volume: "shared-mem", path: "/dev/shm" };
const LOGS: Mount<'_> = Mount { volume: "ray-logs", path: "/tmp/ray" };
const TOKEN: Mount<'_> = Mount { volume: super::TOKEN_VOLUME, path: "/var/run/secrets/ray.io/serviceaccount" };
const TLS: Mount<'_> = Mount { volume: "ray-tls", path: "/etc/ray/tls" };
const GCS_STORAGE_VOLUME: &str = "gcs-storage";

/// The parameter of `ray start` that KubeRay makes the port of a probe.
const PROBE_PORT: &str = "dashboard-agent-listen-port";

/// Reports everything that Kubernetes refuses in the Pods of a group.
pub(super) fn validate(
    object: &RayObject<'_>,
    group: &Group<'_>,
    additions: &Additions<'_>,
    kuberay: &KubeRay,
    violations: &mut Violations,
) {
    let cluster = &object.cluster;
    let path = || group.path().field("template");
    let parts = Parts::read(group);
    let is_head = group.is_head();
    let has_autoscaler = is_head && additions.has_autoscaler;
    let has_collector = additions.collector.as_object().is_some();
    let Additions { has_token, has_tls, .. } = *additions;

    // KubeRay adds these to the Ray container in this order.
    let (mut mounts, mut volumes) = (Few::of(SHARED_MEMORY), Few::of(""));
    let mounts_of_ray = parts.mounts;
    // KubeRay refuses a user's mount at the same path, and `conflicting-storage-backend` reports it.
    if is_head && additions.has_rocksdb {
        volumes.push(GCS_STORAGE_VOLUME);
    }
    if has_token {
        volumes.push(TOKEN.volume);
        if !has_name(mounts_of_ray, TOKEN.volume) {
            mounts.push(TOKEN);
        }
    }
    if has_tls {
        volumes.push(TLS.volume);
        if !has_name(mounts_of_ray, TLS.volume) && !has_path(mounts_of_ray, TLS.path) {
            mounts.push(TLS);
        }
    }
    if !parts.has_plasma_directory && !has_path(mounts_of_ray, SHARED_MEMORY.path) {
        mounts.push(SHARED_MEMORY);
    }
    if (has_autoscaler || has_collector) && !has_path(mounts_of_ray, LOGS.path) {
        mounts.push(LOGS);
    }
    for mount in mounts.as_slice() {
        volumes.push(mount.volume);
    }

    let autoscaler_path = || cluster.path().field("autoscalerOptions");
    let collector_path = || cluster.path().fields(["historyServerOptions", "collectorOptions"]);
    let (mut containers, mut autoscaler_mounts, mut options) = (Few::of(""), Few::of(LOGS), Vec::new());
    if is_head && additions.has_submitter {
        containers.push("ray-job-submitter");
    }
    if has_autoscaler {
        containers.push("autoscaler");
        if has_token {
            autoscaler_mounts.push(TOKEN);
        }
        if !has_path(additions.autoscaler.field("volumeMounts"), LOGS.path) {
            autoscaler_mounts.push(LOGS);
            volumes.push(LOGS.volume);
        }
        let (json, at) = (additions.autoscaler, At::Root(&autoscaler_path));
        options.push(ContainerOptions { json, at, mounts: autoscaler_mounts.as_slice() });
    }
    // KubeRay refuses a user's container with the name of the collector, and `invalid-history-server-options` reports it.
    if has_collector {
        volumes.push(LOGS.volume);
        // All groups have the same collector.
        if is_head {
            options.push(ContainerOptions { json: additions.collector, at: At::Root(&collector_path), mounts: &[] });
        }
    }
    let init_containers: &[&str] = match (has_tls, is_head) {
        (false, true) => &[],
        (false, false) => &["wait-gcs-ready"],
        (true, true) => &["wait-for-tls-ip-san"],
        (true, false) => &["wait-for-tls-ip-san", "wait-gcs-ready"],
    };

    let is_never = is_head && additions.has_submitter || additions.has_autoscaler && additions.is_v2;
    let added = Added {
        volumes: volumes.as_slice(),
        containers: containers.as_slice(),
        init_containers,
        options: &options,
        mounts: mounts.as_slice(),
        ports: if has_name(parts.ports, METRICS.0) { &[] } else { &[METRICS] },
        restart_policy: is_never.then_some("Never"),
        metadata: Metadata {
            // KubeRay 1.4 and 1.5 give the head another name, and all versions remove the name from workers.
            keeps_name: is_head && kuberay.version >= Version::v1(6),
            overwritten_labels: if additions.is_in_service { &LABELS_IN_SERVICE } else { &LABELS },
            group_labels: Some(parts.labels),
        },
        changes_service_account_name: has_autoscaler,
    };
    PodTemplate { json: parts.template, added }.validate(&At::Root(&path), violations);
    if let Some(port) = parts.probe_port.as_str() {
        validate_probe_port(object, group, additions, port, kuberay, violations);
    }
}

/// The parts of a group that decide what KubeRay adds. Each field is visited once, because most groups are checked without
/// any error.
struct Parts<'a> {
    template: &'a Json<'a>,
    labels: &'a Json<'a>,
    has_plasma_directory: bool,
    probe_port: &'a Json<'a>,
    /// `volumeMounts` of the Ray container
    mounts: &'a Json<'a>,
    /// `ports` of the Ray container
    ports: &'a Json<'a>,
}

impl<'a> Parts<'a> {
    fn read(group: &Group<'a>) -> Self {
        const NULL: &Json<'static> = &Json::Null;
        let mut parts = Self {
            template: NULL,
            labels: NULL,
            has_plasma_directory: false,
            probe_port: NULL,
            mounts: NULL,
            ports: NULL,
        };
        for (name, value) in group.json.entries() {
            match &**name {
                "template" => parts.template = value,
                "labels" => parts.labels = value,
                "rayStartParams" => {
                    for (name, value) in value.entries() {
                        match &**name {
                            "plasma-directory" => parts.has_plasma_directory = value.as_str().is_some(),
                            PROBE_PORT => parts.probe_port = value,
                            _ => {}
                        }
                    }
                }
                _ => {}
            }
        }
        let ray = parts.template.descend(["spec", "containers"]).items().first();
        for (name, value) in ray.map_or(&[][..], Json::entries) {
            match &**name {
                "volumeMounts" => parts.mounts = value,
                "ports" => parts.ports = value,
                _ => {}
            }
        }
        parts
    }
}

/// Reports a port of Ray's dashboard agent that KubeRay writes into a probe, and that Kubernetes refuses there.
///
/// From KubeRay 1.6 and Ray 2.53 on, the probe is an HTTP request (`initLivenessAndReadinessProbe`,
/// ray-operator/controllers/ray/common/pod.go:481-577, v1.6.2). The operator can be configured to add no probes, so this is
/// a warning.
fn validate_probe_port(
    object: &RayObject<'_>,
    group: &Group<'_>,
    additions: &Additions<'_>,
    port: &str,
    kuberay: &KubeRay,
    violations: &mut Violations,
) {
    let is_refused = port.parse::<i32>().is_ok_and(|port| !(1..=65535).contains(&port));
    if !is_refused || kuberay.version < Version::v1(6) || !has_unified_health_check(&object.cluster) {
        return;
    }
    let Some(container) = group.ray_container() else { return };
    // A RayService's workers have a readiness probe that is a command.
    let is_service_worker = !group.is_head() && additions.is_in_service;
    let has_http_probe = container.json.field("livenessProbe").is_null()
        || container.json.field("readinessProbe").is_null() && !is_service_worker;
    if has_http_probe {
        let path = || group.ray_start_param_path(PROBE_PORT);
        let message = "KubeRay makes a probe of this port, which must be from 1 to 65535";
        violations
            .invalid(Subject::Probe, &At::Root(&path), message, "write another number, or remove the parameter")
            .in_some_versions();
    }
}

fn has_unified_health_check(cluster: &ClusterSpec<'_>) -> bool {
    let version = cluster.json.field("rayVersion").as_str().and_then(RayVersion::parse);
    version.zip(RayVersion::parse("2.53.0")).is_some_and(|(version, first)| version.is_at_least(first))
}

fn has_path(mounts: &Json<'_>, path: &str) -> bool {
    mounts.items().iter().any(|mount| mount.field("mountPath").as_str() == Some(path))
}

fn has_name(list: &Json<'_>, name: &str) -> bool {
    list.items().iter().any(|item| item.field("name").as_str() == Some(name))
}

/// A list of few items, which needs no memory.
struct Few<T> {
    items: [T; MOST],
    count: usize,
}

impl<T: Copy> Few<T> {
    /// Returns an empty list. The item only fills it.
    fn of(filler: T) -> Self {
        Self { items: [filler; MOST], count: 0 }
    }

    fn push(&mut self, item: T) {
        if let Some(free) = self.items.get_mut(self.count) {
            *free = item;
            self.count += 1;
        }
    }

    fn as_slice(&self) -> &[T] {
        &self.items[..self.count]
    }
}
