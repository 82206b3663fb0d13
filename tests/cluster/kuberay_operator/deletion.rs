//! Objects can always be deleted, whatever rayguard finds in them and even while rayguard is down.

use super::objects::{Objects, users, workers};
use super::operator::OperatorStopped;
use crate::manifest;
use crate::release::Release;

#[test]
fn clusters_with_a_finalizer_are_deleted_even_while_rayguard_is_down_and_rayguard_restarts() {
    let namespace = "users-deletion";
    let users = users(namespace);
    let release = Release::install("deletion", &[]);
    let clusters = Objects::of("RayCluster", namespace);
    let manifest = |name| serde_json::to_string(&manifest::good(name)).expect("JSON");
    for name in ["present", "away"] {
        users.send("apply --filename -", &manifest(name)).passes_silently();
    }
    for name in ["present", "away"] {
        clusters.with_finalizer(name);
    }

    users.run("delete raycluster present --wait=false").passes();
    clusters.wait_until_gone("present");

    release.kubectl.run("scale deployment rayguard --replicas 0").passes();
    release.wait_until_gone();
    let refused = users.send("apply --filename -", &manifest("new")).fails();
    assert!(refused.stderr.contains("failed calling webhook \"validate.rayguard.dev\""), "{}", refused.stderr);
    users.run("delete raycluster away --wait=false").passes();
    clusters.wait_until_gone("away");

    // It starts again without help, because its own webhooks receive nothing that it needs to start.
    release.kubectl.run("scale deployment rayguard --replicas 2").passes();
    release.replicas(2);
    Release::wait_until_reached();
    users.send("apply --filename -", &manifest("new")).passes_silently();
}

#[test]
fn a_bad_cluster_created_before_rayguard_can_be_reconciled_scaled_and_deleted() {
    let namespace = "users-before";
    let users = users(namespace);
    let clusters = Objects::of("RayCluster", namespace);
    let manifest = |name| serde_json::to_string(&manifest::bad(name)).expect("JSON");
    let operator_stopped = OperatorStopped::begin();
    for name in ["present", "away"] {
        users.send("apply --filename -", &manifest(name)).passes_silently();
    }
    let release = Release::install("before", &[]);
    users.send("create --dry-run=server --filename -", &manifest("new")).fails();
    assert_eq!(clusters.get("present").metadata.finalizers, None);

    drop(operator_stopped);
    for name in ["present", "away"] {
        clusters.with_finalizer(name); // the operator's first write, which includes the spec
        let [worker] = &workers(namespace, name, 1)[..] else { unreachable!("one worker was requested") };
        assert_eq!(manifest::timeout(worker), Some("120"));
    }
    let set = |field: &str, value: u32| {
        let patch = format!(r#"[{{"op": "replace", "path": "/spec/workerGroupSpecs/0/{field}", "value": {value}}}]"#);
        users.run_with(["patch", "raycluster", "present", "--type", "json", "--patch", &patch], "")
    };
    set("replicas", 2).passes_silently(); // kube-apiserver does not send what an autoscaler changes
    let limited = set("maxReplicas", 4).passes();
    let path = "spec.workerGroupSpecs[0].template.spec.containers[0].env[0].value";
    assert_eq!(limited.warnings(), [format!("worker-reconnect-timeout {path}")], "{}", limited.stderr);
    workers(namespace, "present", 2);

    users.run("delete raycluster present --wait=false").passes();
    clusters.wait_until_gone("present");
    release.kubectl.run("scale deployment rayguard --replicas 0").passes();
    release.wait_until_gone();
    users.run("delete raycluster away --wait=false").passes();
    clusters.wait_until_gone("away");
}
