//! The operator and rayguard do not undo each other's changes.

use super::objects::{FINALIZER, Objects, users, without_empty_fields, workers};
use super::operator;
use crate::manifest::{self, DEFAULTED};
use crate::release::Release;

#[test]
fn the_operator_keeps_a_defaulted_cluster_and_its_workers_have_the_default_timeout() {
    let [namespace, unguarded] = ["users-cluster", "users-cluster-unguarded"];
    let [users, others] = [namespace, unguarded].map(users);
    others.run(&format!("label namespace {unguarded} rayguard.dev/ignore=")).passes();
    let _release = Release::install("cluster", &[]);
    let manifest = serde_json::to_string(&manifest::good("good")).expect("JSON");
    let admitted = users.send("apply --output json --filename -", &manifest).json();
    assert_eq!(manifest::worker_timeout(&admitted["spec"]), Some(DEFAULTED));
    let alone = others.send("apply --output json --filename -", &manifest).json();
    assert_eq!(manifest::worker_timeout(&alone["spec"]), None);

    // The operator writes 600 where it finds no value, only into the Pods.
    for (namespace, timeout) in [(namespace, DEFAULTED), (unguarded, "600")] {
        let workers = workers(namespace, "good", 1);
        assert_eq!(manifest::timeout(&workers[0]), Some(timeout));
    }
    let [clusters, unguarded] = [namespace, unguarded].map(|namespace| Objects::of("RayCluster", namespace));
    let generations = || [&clusters, &unguarded].map(|clusters| clusters.get("good").metadata.generation);
    // The operator's first write, with the fields that its Go structs cannot omit, is a new generation; there is no
    // other one.
    unguarded.with_finalizer("good");
    let reconciled = clusters.with_finalizer("good");
    assert_eq!(without_empty_fields(&reconciled.data["spec"]), without_empty_fields(&admitted["spec"]));
    operator::wait_for_reconciliations("raycluster");
    assert_eq!(generations(), [reconciled.metadata.generation; 2]);
    assert!(reconciled.metadata.generation <= Some(2));

    // A user applies the manifest again. That drops what the operator wrote, which is a new generation. The default,
    // which is not in the manifest either, causes none.
    for user in [&users, &others] {
        user.send("apply --filename -", &manifest).passes_silently();
    }
    operator::wait_for_reconciliations("raycluster");
    let again = clusters.get("good");
    assert_eq!(generations(), [again.metadata.generation; 2]);
    assert!(again.metadata.generation <= Some(3));
    assert_eq!(without_empty_fields(&again.data["spec"]), without_empty_fields(&admitted["spec"]));
    assert_eq!(again.metadata.finalizers, Some(vec![FINALIZER.to_owned()]));
    workers(namespace, "good", 1);
}

#[test]
fn defaults_do_not_make_the_operator_create_a_second_cluster_for_a_service() {
    let namespace = "users-service";
    let users = users(namespace);
    let _release = Release::install("service", &[]);
    let manifest = serde_json::to_string(&manifest::good_service("good")).expect("JSON");
    let admitted = users.send("apply --output json --filename -", &manifest).json();
    assert_eq!(manifest::worker_timeout(&admitted["spec"]["rayClusterConfig"]), Some(DEFAULTED));

    let (services, clusters) = (Objects::of("RayService", namespace), Objects::of("RayCluster", namespace));
    operator::wait_for_reconciliations("rayservice");
    let names = clusters.names();
    let [name] = names.as_slice() else { panic!("not one cluster: {names:?}") };
    for worker in workers(namespace, name, 1) {
        assert_eq!(manifest::timeout(&worker), Some(DEFAULTED));
    }
    let cluster = clusters.with_finalizer(name);
    assert_eq!(manifest::worker_timeout(&cluster.data["spec"]), Some(DEFAULTED));
    let service = services.get("good");
    let spec = without_empty_fields(&service.data["spec"]);
    assert_eq!(spec, without_empty_fields(&admitted["spec"]));
    assert!(service.metadata.generation.max(cluster.metadata.generation) <= Some(2));

    // This drops what the operator's Go structs wrote, and none of the defaults.
    users.send("apply --filename -", &manifest).passes_silently();
    operator::wait_for_reconciliations("rayservice");
    assert_eq!(without_empty_fields(&services.get("good").data["spec"]), spec);
    assert_eq!(clusters.names(), names);
    assert_eq!(clusters.get(name).metadata.generation, cluster.metadata.generation);
}
