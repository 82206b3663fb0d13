//! The objects that the tests create, in addition to KubeRay's samples.

use std::path::PathBuf;

use rayguard_test_support::kuberay;

/// A RayCluster with five mistakes.
pub(crate) const BAD_CLUSTER: &str = include_str!("manifests/bad-cluster.yaml");
/// The denials of [`BAD_CLUSTER`]: rule and field path.
pub(crate) const BAD_CLUSTER_DENIALS: [&str; 5] = [
    "worker-reconnect-timeout spec.workerGroupSpecs[0].template.spec.containers[0].env[0].value",
    "invalid-reconnect-timeout spec.workerGroupSpecs[1].template.spec.containers[0].env[0].value",
    "malformed-redis-address spec.gcsFaultToleranceOptions.redisAddress",
    "missing-redis-password spec.gcsFaultToleranceOptions.redisPassword",
    "invalid-ray-start-parameter spec.headGroupSpec.rayStartParams[dashboard-host]",
];

/// A RayCluster with six mistakes that KubeRay's operator would report only later, one after the other.
pub(crate) const REJECTED_LATER: &str = include_str!("manifests/rejected-later.yaml");
/// The denials of [`REJECTED_LATER`]: rule and field path.
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
/// The denials of [`BAD_SERVICE`]: rule and field path.
pub(crate) const BAD_SERVICE_DENIALS: [&str; 1] = ["worker-reconnect-timeout \
     spec.rayClusterConfig.workerGroupSpecs[0].template.spec.containers[0].env[0].value"];

/// A RayJob with fault tolerance and no address of a Redis.
pub(crate) const BAD_JOB: &str = include_str!("manifests/bad-job.yaml");

/// A correct RayCluster of `ray.io/v1alpha1`, with fault tolerance by annotation.
pub(crate) const LEGACY_CLUSTER: &str = include_str!("manifests/legacy-cluster.yaml");

/// Returns the path of one of KubeRay's samples.
pub(crate) fn sample(name: &str) -> PathBuf {
    kuberay::module(kuberay::newest()).join("config/samples").join(name)
}
