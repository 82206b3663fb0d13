//! What a forecast reads of the head Pod.

use rayguard_manifest::json::Json;

use super::cluster::Cluster;
use super::measurement;
use super::pods::has_command;
use crate::ray::Group;

impl Cluster<'_, '_> {
    /// Reports whether tasks and actors can run on the head.
    pub(super) fn head_runs_work(&self) -> bool {
        let head = &self.object().cluster.head;
        // A custom start command does not get the parameter.
        !head.has_no_cpus() || has_other_cpus(head) || has_other_resources(head) || self.head_has_command()
    }

    /// Reports whether the head's container has a command of its own, or one replaces KubeRay's `ray start`.
    pub(super) fn head_has_command(&self) -> bool {
        self.object().ray_start_override().is_some() || self.object().head_container().is_some_and(has_command)
    }

    /// Reports whether the head's container has a probe of the user that can restart it.
    pub(super) fn head_has_probe(&self) -> bool {
        let probes = ["livenessProbe", "startupProbe"];
        self.object().head_container().is_some_and(|head| probes.iter().any(|it| !head.json.field(it).is_null()))
    }

    /// Returns the grace period of the head Pod, in seconds.
    pub(super) fn grace(&self) -> f64 {
        let seconds = self.head_spec().field("terminationGracePeriodSeconds").as_i64();
        seconds.and_then(|seconds| u32::try_from(seconds).ok()).map_or(measurement::GRACE.max, f64::from)
    }

    /// Reports whether the head Pod may stay until its grace period ends although Ray has ended.
    pub(super) fn head_may_linger(&self) -> bool {
        let cluster = &self.object().cluster;
        cluster.head.containers().count() > 1
            || cluster.is_autoscaling()
            || cluster.head.containers().any(|it| !it.json.descend(["lifecycle", "preStop"]).is_null())
    }

    /// Reports whether kubelet does not restart the head's container. KubeRay chooses this with version 2 of the
    /// autoscaler (ray-operator/controllers/ray/common/pod.go).
    pub(super) fn head_never_restarts(&self) -> bool {
        let cluster = &self.object().cluster;
        cluster.head.restart_policy() == Some("Never") || cluster.is_autoscaling() && cluster.has_autoscaler_v2()
    }

    /// Reports whether KubeRay makes no new head Pod (`DisableProvisionedHeadRestartAnnotationKey`,
    /// ray-operator/controllers/ray/utils/constant.go:34).
    pub(super) fn head_is_never_replaced(&self) -> bool {
        let value = self.object().annotation("ray.io/disable-provisioned-head-restart");
        value.is_some_and(|value| value.eq_ignore_ascii_case("true"))
    }

    /// Returns what can keep a new head Pod from starting on another node, as a note.
    pub(super) fn head_is_tied_to_node(&self) -> Option<&'static str> {
        let spec = self.head_spec();
        let has_claim = |volume: &Json<'_>| {
            ["persistentVolumeClaim", "ephemeral"].iter().any(|source| !volume.field(source).is_null())
        };
        if ["nodeName", "nodeSelector", "affinity"].iter().any(|field| !spec.field(field).is_null()) {
            Some("the new head may fit on no other node: the head chooses nodes by selector or affinity")
        } else if spec.field("volumes").items().iter().any(has_claim) {
            Some("the head has a volume, and Kubernetes can need minutes to attach it to another node")
        } else {
            None
        }
    }

    /// Reports whether the head uses the network of its node.
    pub(super) fn head_uses_host_network(&self) -> bool {
        self.head_spec().field("hostNetwork").as_bool() == Some(true)
    }

    /// Returns how long the head tolerates an unreachable node, in seconds; `None` without a limit.
    pub(super) fn toleration(&self) -> Option<f64> {
        const UNREACHABLE: [&str; 2] = ["node.kubernetes.io/unreachable", "node.kubernetes.io/not-ready"];
        let mut found = self.head_spec().field("tolerations").items().iter().filter(|toleration| {
            let key = toleration.field("key").as_str().unwrap_or_default();
            let effect = toleration.field("effect").as_str().unwrap_or_default();
            let is_any = key.is_empty() && toleration.field("operator").as_str() == Some("Exists");
            (is_any || UNREACHABLE.contains(&key)) && ["", "NoExecute"].contains(&effect)
        });
        let seconds = |toleration: &Json<'_>| {
            let seconds = toleration.field("tolerationSeconds").as_i64();
            seconds.map(|seconds| f64::from(u32::try_from(seconds.max(0)).unwrap_or(u32::MAX)))
        };
        let Some(first) = found.next().map(seconds) else { return Some(measurement::TOLERATION.max) };
        // The longest one counts.
        found.map(seconds).fold(first, |longest, next| Some(longest?.max(next?)))
    }

    /// Reports whether the head Pod has init containers.
    pub(super) fn head_has_init_containers(&self) -> bool {
        !self.head_spec().field("initContainers").items().is_empty()
    }

    fn head_spec(&self) -> &Json<'_> {
        self.object().cluster.head.pod_spec()
    }
}

/// Reports whether the group's resources have CPUs under several names that differ in case. Any of them may count.
fn has_other_cpus(head: &Group<'_>) -> bool {
    let resources = head.json.field("resources").entries().iter();
    resources.filter(|(name, _)| name.eq_ignore_ascii_case("cpu")).count() > 1
}

/// Reports whether the head has GPUs or custom resources, which actors without CPUs can ask for.
fn has_other_resources(head: &Group<'_>) -> bool {
    const USUAL: [&str; 3] = ["cpu", "memory", "object_store_memory"];
    let is_other =
        |(name, _): &(std::borrow::Cow<'_, str>, Json<'_>)| !USUAL.iter().any(|usual| name.eq_ignore_ascii_case(usual));
    let params = head.json.field("rayStartParams");
    let gpus = params.field("num-gpus");
    let limits = head.ray_container().map(|container| container.json.descend(["resources", "limits"]));
    // KubeRay makes GPUs and accelerators of limits, unless num-gpus is set.
    let has_accelerators = || {
        let kubernetes = |name: &str| name.contains('/');
        limits.is_some_and(|limits| limits.entries().iter().any(|(name, _)| kubernetes(name)))
    };
    !params.field("resources").is_null()
        || !gpus.is_null() && gpus.as_str() != Some("0")
        || head.json.field("resources").entries().iter().any(is_other)
        || has_accelerators()
}
