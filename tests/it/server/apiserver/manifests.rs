//! The objects that the tests send, beside KubeRay's own samples.

use std::path::PathBuf;

use super::KUBERAY;
use rayguard_test_support::kuberay;

/// A RayCluster with five faults.
pub(crate) const BAD_CLUSTER: &str = include_str!("manifests/bad-cluster.yaml");
/// What is wrong with [`BAD_CLUSTER`]: rule and place.
pub(crate) const BAD_CLUSTER_DENIALS: [&str; 5] = [
    "worker-reconnect-timeout spec.workerGroupSpecs[0].template.spec.containers[0].env[0].value",
    "invalid-reconnect-timeout spec.workerGroupSpecs[1].template.spec.containers[0].env[0].value",
    "malformed-redis-address spec.gcsFaultToleranceOptions.redisAddress",
    "missing-redis-password spec.gcsFaultToleranceOptions.redisPassword",
    "shell-in-ray-start-params spec.headGroupSpec.rayStartParams[dashboard-host]",
];

/// A RayCluster with six faults that KubeRay's operator would find only later, and one after the other.
pub(crate) const REJECTED_LATER: &str = include_str!("manifests/rejected-later.yaml");
/// What is wrong with [`REJECTED_LATER`].
pub(crate) const REJECTED_LATER_DENIALS: [&str; 6] = [
    "conflicting-group-resources spec.headGroupSpec.rayStartParams[num-cpus]",
    "invalid-replica-bounds spec.workerGroupSpecs[0].minReplicas",
    "autoscaler-restart-policy spec.headGroupSpec.template.spec.restartPolicy",
    "invalid-idle-timeout spec.autoscalerOptions.idleTimeoutSeconds",
    "misplaced-redis-username spec.headGroupSpec.rayStartParams[redis-username]",
    "unsupported-authentication spec.rayVersion",
];

/// A RayService whose workers give up before its head.
pub(crate) const BAD_SERVICE: &str = include_str!("manifests/bad-service.yaml");
/// What is wrong with [`BAD_SERVICE`].
pub(crate) const BAD_SERVICE_DENIALS: [&str; 1] = ["worker-reconnect-timeout \
     spec.rayClusterConfig.workerGroupSpecs[0].template.spec.containers[0].env[0].value"];

/// A RayJob with fault tolerance and no address of a Redis.
pub(crate) const BAD_JOB: &str = include_str!("manifests/bad-job.yaml");

/// A RayCluster of `ray.io/v1alpha1`, with fault tolerance by annotation, as it should be.
pub(crate) const LEGACY_CLUSTER: &str = include_str!("manifests/legacy-cluster.yaml");

/// One of KubeRay's own samples.
pub(crate) fn sample(name: &str) -> PathBuf {
    kuberay::module(KUBERAY).join("config/samples").join(name)
}
