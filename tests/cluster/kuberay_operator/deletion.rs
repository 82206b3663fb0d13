//! Whatever rayguard thinks of an object, and whether it is there or not: what is to go, goes.

use super::objects::{Objects, users, workers};
use super::operator::Away;
use crate::manifest;
use crate::release::Release;

#[test]
fn what_is_deleted_goes_with_the_operators_finalizer_also_while_rayguard_is_away_and_it_comes_back_by_itself() {
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
    clusters.is_gone("present");

    release.kubectl.run("scale deployment rayguard --replicas 0").passes();
    release.is_gone();
    let refused = users.send("apply --filename -", &manifest("new")).fails();
    assert!(refused.stderr.contains("failed calling webhook \"validate.rayguard.dev\""), "{}", refused.stderr);
    users.run("delete raycluster away --wait=false").passes();
    clusters.is_gone("away");

    // It starts again by itself, for nothing that it needs to start passes its own webhooks.
    release.kubectl.run("scale deployment rayguard --replicas 2").passes();
    release.replicas(2);
    Release::is_reached();
    users.send("apply --filename -", &manifest("new")).passes_silently();
}

#[test]
fn a_bad_cluster_from_before_rayguard_is_reconciled_and_scaled_and_goes() {
    let namespace = "users-before";
    let users = users(namespace);
    let clusters = Objects::of("RayCluster", namespace);
    let manifest = |name| serde_json::to_string(&manifest::bad(name)).expect("JSON");
    let operator_away = Away::begin();
    for name in ["present", "away"] {
        users.send("apply --filename -", &manifest(name)).passes_silently();
    }
    let release = Release::install("before", &[]);
    users.send("create --dry-run=server --filename -", &manifest("new")).fails();
    assert_eq!(clusters.get("present").metadata.finalizers, None);

    drop(operator_away);
    for name in ["present", "away"] {
        clusters.with_finalizer(name); // its first write, of the spec too
        let [worker] = &workers(namespace, name, 1)[..] else { unreachable!("one was asked for") };
        assert_eq!(manifest::timeout(worker), Some("120"));
    }
    let replicas = r#"[{"op": "replace", "path": "/spec/workerGroupSpecs/0/replicas", "value": 2}]"#;
    let scaled = users.run_with(["patch", "raycluster", "present", "--type", "json", "--patch", replicas], "").passes();
    let place = "spec.workerGroupSpecs[0].template.spec.containers[0].env[0].value";
    assert_eq!(scaled.warnings(), [format!("worker-reconnect-timeout {place}")], "{}", scaled.stderr);
    workers(namespace, "present", 2);

    users.run("delete raycluster present --wait=false").passes();
    clusters.is_gone("present");
    release.kubectl.run("scale deployment rayguard --replicas 0").passes();
    release.is_gone();
    users.run("delete raycluster away --wait=false").passes();
    clusters.is_gone("away");
}
