//! rayguard never causes Pods to be replaced. `metadata.generation` counts the changes of a spec, a RayService starts a
//! new cluster when its spec changes, and applying the same manifest again is no change.

use std::fs;

use serde_json::Value;

use super::ApiServer;
use super::manifests::sample;
use super::namespace::Namespace;
use crate::server::process::Rayguard;

/// The policies under which one manifest is applied repeatedly. Each differs from the previous one in the defaults that
/// it writes into a new object.
const POLICIES: [&str; 5] = [
    "defaults: {workerReconnectTimeout: off}",
    "defaults: {workerReconnectTimeout: explicit, headNumCpus: zero}",
    "defaults: {podTemplate: {
        head: {metadata: {labels: {team: ml}}},
        worker: {spec: {terminationGracePeriodSeconds: 60, containers: [{name: ray-worker, env: [{name: SITE, value: a}]}]}}}}",
    "defaults: {podTemplate: {
        worker: {spec: {terminationGracePeriodSeconds: 90, containers: [{name: ray-worker, env: [{name: SITE, value: b}]}]}}}}",
    "defaults: {workerReconnectTimeout: repair}",
];

const CLIENT_SIDE: &str = "apply";
const SERVER_SIDE: &str = "apply --server-side";

#[test]
fn reapplying_a_manifest_is_no_change_under_any_policy() {
    let namespace = ApiServer::shared().namespace("re-applied");
    apply_under_each_policy(&namespace, CLIENT_SIDE, &POLICIES);
}

#[test]
fn reapplying_a_manifest_server_side_is_no_change_under_any_policy() {
    let namespace = ApiServer::shared().namespace("re-applied-server-side");
    apply_under_each_policy(&namespace, SERVER_SIDE, &POLICIES);
}

#[test]
fn reapplying_a_manifest_is_no_change_if_the_policy_loses_its_defaults() {
    let mut policies = POLICIES;
    policies.reverse();
    for (command, name) in [(CLIENT_SIDE, "defaults-lost"), (SERVER_SIDE, "defaults-lost-server-side")] {
        apply_under_each_policy(&ApiServer::shared().namespace(name), command, &policies);
    }
}

#[test]
fn reapplying_a_manifest_from_before_the_webhook_is_no_change() {
    for (command, name) in [(CLIENT_SIDE, "before-the-webhook"), (SERVER_SIDE, "before-the-webhook-server-side")] {
        let namespace = ApiServer::shared().namespace(name);
        apply(&namespace, command);
        let before = specs(&namespace);
        apply_under_each_policy(&namespace, command, &POLICIES[1..]);
        assert_eq!(specs(&namespace), before);
    }
}

#[test]
fn scaling_under_another_policy_changes_only_the_replicas() {
    for (command, name) in [(CLIENT_SIDE, "scaled"), (SERVER_SIDE, "scaled-server-side")] {
        let namespace = ApiServer::shared().namespace(name);
        let mut specs = POLICIES[2..4].iter().zip(["replicas: 1", "replicas: 2"]).map(|(policy, replicas)| {
            let rayguard = Rayguard::with_policy(policy);
            namespace.guard(&rayguard);
            let manifest = cluster().replace("replicas: 1", replicas);
            namespace.send(&format!("{command} -f -"), &manifest).passes_silently();
            namespace.get("raycluster/raycluster-external-redis")["spec"].take()
        });
        let (mut before, after) = (specs.next().expect("a spec"), specs.next().expect("a spec"));
        before["workerGroupSpecs"][0]["replicas"] = 2.into();
        assert_eq!(before, after, "{command}");
    }
}

/// Applies a RayCluster and a RayService once under each policy. After the first time nothing may change, although each
/// policy gives a new object other defaults.
fn apply_under_each_policy(namespace: &Namespace<'_>, command: &str, policies: &[&str]) {
    let (mut first, mut newest) = (None, Value::Null);
    for policy in policies {
        let rayguard = Rayguard::with_policy(policy);
        namespace.guard(&rayguard);
        let new = new_spec(namespace);
        assert_ne!(newest, new, "the policy {policy} makes a difference");
        newest = new;
        apply(namespace, command);
        let now = specs(namespace);
        assert_eq!(first.get_or_insert_with(|| now.clone()), &now, "{command} under the policy {policy}");
    }
}

fn apply(namespace: &Namespace<'_>, command: &str) {
    let files = ["ray-cluster.external-redis.yaml", "ray-service.high-availability.yaml"].map(sample);
    namespace.kubectl(&format!("{command} -f {} -f {}", files[0].display(), files[1].display())).passes_silently();
}

/// Returns the spec that a new cluster would get.
fn new_spec(namespace: &Namespace<'_>) -> Value {
    let cluster = cluster().replacen("name: raycluster-external-redis", "name: new", 1);
    namespace.send("create --dry-run=server --output json -f -", &cluster).json()["spec"].take()
}

/// Returns the specs of the two objects, which must have generation 1.
fn specs(namespace: &Namespace<'_>) -> [Value; 2] {
    ["raycluster/raycluster-external-redis", "rayservice/rayservice-ha"].map(|name| {
        let mut object = namespace.get(name);
        assert_eq!(object["metadata"]["generation"], 1, "{name} has changed: {:#}", object["spec"]);
        object["spec"].take()
    })
}

/// Returns the RayCluster of KubeRay's sample, without the Redis in the same file.
fn cluster() -> String {
    let sample = fs::read_to_string(sample("ray-cluster.external-redis.yaml")).expect("a sample");
    sample.split_once("\n---\n").expect("the sample begins with the RayCluster").0.to_owned()
}
