//! Updates and deletions of existing objects, especially of objects created before the webhook.

use kube::api::{Patch, PatchParams};
use serde_json::json;

use super::ApiServer;
use super::manifests::{BAD_CLUSTER, BAD_CLUSTER_DENIALS, LEGACY_CLUSTER};
use super::namespace::Namespace;
use crate::server::process::Rayguard;

/// The finalizer that KubeRay's operator sets on a fault-tolerant cluster.
const FINALIZER: &str = r#"{"metadata": {"finalizers": ["ray.io/gcs-ft-redis-cleanup-finalizer"]}}"#;
const NO_FINALIZER: &str = r#"{"metadata": {"finalizers": null}}"#;

/// Creates a namespace with a bad cluster from before the webhook.
fn namespace_with_old_cluster(name: &str, rayguard: &Rayguard) -> Namespace<'static> {
    let namespace = ApiServer::shared().namespace(name);
    namespace.send("create -f -", BAD_CLUSTER).passes_silently();
    namespace.guard(rayguard);
    namespace
}

#[test]
fn an_old_bad_cluster_can_be_scaled_with_warnings() {
    let rayguard = Rayguard::start(&[]);
    let namespace = namespace_with_old_cluster("old-scaled", &rayguard);

    let scaled = namespace.json_patch(
        "raycluster/bad",
        &json!([{"op": "replace", "path": "/spec/workerGroupSpecs/0/replicas", "value": 3}]),
    );
    assert_eq!(scaled.warnings(), BAD_CLUSTER_DENIALS, "{}", scaled.stderr);
    scaled.passes();
    assert_eq!(namespace.get("raycluster/bad")["spec"]["workerGroupSpecs"][0]["replicas"], 3);

    let replicas = BAD_CLUSTER.replace("replicas: 1", "replicas: 2");
    let applied = namespace.send("apply --server-side --force-conflicts -f -", &replicas).passes();
    assert_eq!(applied.warnings(), BAD_CLUSTER_DENIALS, "{}", applied.stderr);
}

#[test]
fn an_update_is_refused_only_for_new_findings() {
    let rayguard = Rayguard::start(&[]);
    let namespace = namespace_with_old_cluster("old-made-worse", &rayguard);

    let worse = BAD_CLUSTER.replace("name: bad", "name: bad\n  annotations: {ray.io/ft-enabled: \"true\"}");
    let refusal = namespace.send("apply --server-side --force-conflicts -f -", &worse).fails();
    let expected = ["conflicting-fault-tolerance metadata.annotations[ray.io/ft-enabled]"];
    assert_eq!(refusal.denials(), expected, "{}", refusal.stderr);
    assert_eq!(refusal.warnings(), BAD_CLUSTER_DENIALS, "{}", refusal.stderr);
}

#[test]
fn an_immutable_field_cannot_be_added_by_an_update() {
    let rayguard = Rayguard::start(&[]);
    let namespace = ApiServer::shared().namespace("fixed-field");
    namespace.guard(&rayguard);
    namespace.send("create -f -", LEGACY_CLUSTER).passes();

    let managed_by = |manager| json!([{"op": "add", "path": "/spec/managedBy", "value": manager}]);
    let refusal = namespace.json_patch("raycluster/legacy", &managed_by("kueue.x-k8s.io/multikueue")).fails();
    assert_eq!(refusal.denials(), ["changed-immutable-field spec.managedBy"], "{}", refusal.stderr);
    namespace.json_patch("raycluster/legacy", &managed_by("ray.io/kuberay-operator")).passes();
}

#[test]
fn an_old_bad_cluster_can_be_fixed_and_not_broken_again() {
    let rayguard = Rayguard::start(&[]);
    let namespace = namespace_with_old_cluster("old-mended", &rayguard);

    let good = BAD_CLUSTER
        .replace(
            "redisAddress: redis ",
            "redisAddress: redis:6379\n    redisPassword: {valueFrom: {secretKeyRef: {name: a, key: b}}} ",
        )
        .replace("the head's", "0.0.0.0")
        .replace("value: \"600\"", "value: \"1800\"")
        .replace("value: 1800s", "value: \"1800\"");
    namespace.send("apply --server-side --force-conflicts -f -", &good).passes_silently();
    let refusal = namespace.send("apply --server-side --force-conflicts -f -", BAD_CLUSTER).fails();
    assert_eq!(refusal.denials(), BAD_CLUSTER_DENIALS, "{}", refusal.stderr);
}

#[test]
fn a_finalizer_can_be_added_to_and_removed_from_an_old_bad_cluster() {
    let rayguard = Rayguard::start(&[]);
    let namespace = namespace_with_old_cluster("old-finalizer", &rayguard);

    namespace.patch("raycluster/bad", FINALIZER).passes();
    namespace.patch("raycluster/bad", NO_FINALIZER).passes();
    assert!(namespace.get("raycluster/bad")["metadata"].get("finalizers").is_none());
}

#[tokio::test]
async fn an_old_bad_cluster_can_be_deleted_and_lose_its_finalizer() {
    let rayguard = Rayguard::start(&[]);
    let namespace = namespace_with_old_cluster("old-deleted", &rayguard);
    namespace.patch("raycluster/bad", FINALIZER).passes();
    namespace.kubectl("delete raycluster/bad --wait=false").passes_silently();
    assert!(namespace.get("raycluster/bad")["metadata"]["deletionTimestamp"].is_string());

    // As the operator does, which does not use kubectl. No other change blocks the deletion either.
    let clusters = namespace.api("RayCluster").await;
    let worse = json!({"spec": {"headGroupSpec": {"rayStartParams": {"node-ip-address": "$(hostname)"}}}});
    clusters.patch("bad", &PatchParams::default(), &Patch::Merge(worse)).await.expect("no rule applies");
    let bare = json!({"metadata": {"finalizers": null}});
    clusters.patch("bad", &PatchParams::default(), &Patch::Merge(bare)).await.expect("no rule applies");
    assert!(clusters.get_opt("bad").await.expect("an answer").is_none());
}

#[test]
fn an_old_bad_cluster_without_finalizers_is_deleted_immediately() {
    let rayguard = Rayguard::start(&[]);
    let namespace = namespace_with_old_cluster("old-deleted-at-once", &rayguard);
    namespace.kubectl("delete raycluster/bad").passes_silently();
    namespace.kubectl("get raycluster/bad").fails();
}

#[test]
fn an_old_bad_cluster_is_deleted_while_rayguard_is_down() {
    let rayguard = Rayguard::start(&[]);
    let namespace = namespace_with_old_cluster("old-deleted-alone", &rayguard);
    drop(rayguard);
    let refusal = namespace.patch("raycluster/bad", FINALIZER).fails();
    assert!(refusal.stderr.contains("failed calling webhook"), "{}", refusal.stderr);
    namespace.kubectl("delete raycluster/bad").passes_silently();
}

#[tokio::test]
async fn the_status_of_an_old_bad_cluster_can_be_written_without_warnings() {
    let rayguard = Rayguard::start(&[]);
    let namespace = namespace_with_old_cluster("old-status", &rayguard);
    let status = r#"{"status": {"state": "ready"}}"#;
    let written =
        namespace.kubectl_with(["patch", "raycluster/bad", "--subresource=status", "--type=merge", "-p", status]);
    written.passes_silently();
    assert_eq!(namespace.get("raycluster/bad")["status"]["state"], "ready");
}

#[test]
fn a_v1alpha1_object_can_be_updated_through_either_version() {
    let rayguard = Rayguard::start(&[]);
    let namespace = ApiServer::shared().namespace("v1alpha1-updated");
    namespace.guard(&rayguard);
    namespace.send("apply -f -", LEGACY_CLUSTER).passes();

    let scaled = LEGACY_CLUSTER.replace("replicas: 1", "replicas: 2");
    namespace.send("apply -f -", &scaled).passes();
    let newer = scaled.replace("v1alpha1", "v1").replace("replicas: 2", "replicas: 3");
    namespace.send("apply -f -", &newer).passes();
    let cluster = namespace.get("rayclusters.v1.ray.io/legacy");
    assert_eq!(cluster["spec"]["workerGroupSpecs"][0]["replicas"], 3);
    let timeout = &cluster["spec"]["workerGroupSpecs"][0]["template"]["spec"]["containers"][0]["env"][0];
    assert_eq!(timeout["value"], "600");

    // Two changes of the number of replicas. The default, which is written again each time, causes no generation.
    assert_eq!(cluster["metadata"]["generation"], 3);
}
