//! No fight over what is written.

use super::objects::{FINALIZER, Objects, users, without_what_is_empty, workers};
use super::operator;
use crate::manifest::{self, DEFAULTED};
use crate::release::Release;

#[test]
fn a_defaulted_cluster_stays_as_it_is_and_its_workers_wait_as_long_as_rayguard_wrote() {
    let [namespace, unguarded] = ["users-cluster", "users-cluster-unguarded"];
    let [users, others] = [namespace, unguarded].map(users);
    others.run(&format!("label namespace {unguarded} rayguard.dev/ignore=")).passes();
    let _release = Release::install("cluster", &[]);
    let manifest = serde_json::to_string(&manifest::good("good")).expect("JSON");
    let admitted = users.send("apply --output json --filename -", &manifest).json();
    assert_eq!(manifest::worker_timeout(&admitted["spec"]), Some(DEFAULTED));
    let alone = others.send("apply --output json --filename -", &manifest).json();
    assert_eq!(manifest::worker_timeout(&alone["spec"]), None);

    // The operator writes 600 where it finds nothing, into the Pods alone.
    for (namespace, timeout) in [(namespace, DEFAULTED), (unguarded, "600")] {
        let workers = workers(namespace, "good", 1);
        assert_eq!(manifest::timeout(&workers[0]), Some(timeout));
    }
    let [clusters, unguarded] = [namespace, unguarded].map(|namespace| Objects::of("RayCluster", namespace));
    let generations = || [&clusters, &unguarded].map(|clusters| clusters.get("good").metadata.generation);
    // Its own first write, with what its Go structs cannot leave away, is a new generation, and there is no other.
    unguarded.with_finalizer("good");
    let reconciled = clusters.with_finalizer("good");
    assert_eq!(without_what_is_empty(&reconciled.data["spec"]), without_what_is_empty(&admitted["spec"]));
    operator::reconciles("raycluster");
    assert_eq!(generations(), [reconciled.metadata.generation; 2]);
    assert!(reconciled.metadata.generation <= Some(2));

    // A user applies the manifest again. That drops what the operator wrote, which is a generation; the default, which
    // is not in the manifest either, is none.
    for user in [&users, &others] {
        user.send("apply --filename -", &manifest).passes_silently();
    }
    operator::reconciles("raycluster");
    let again = clusters.get("good");
    assert_eq!(generations(), [again.metadata.generation; 2]);
    assert!(again.metadata.generation <= Some(3));
    assert_eq!(without_what_is_empty(&again.data["spec"]), without_what_is_empty(&admitted["spec"]));
    assert_eq!(again.metadata.finalizers, Some(vec![FINALIZER.to_owned()]));
    workers(namespace, "good", 1);
}

#[test]
fn a_defaulted_service_has_one_cluster_and_gets_no_second_one_because_of_the_defaults() {
    let namespace = "users-service";
    let users = users(namespace);
    let _release = Release::install("service", &[]);
    let manifest = serde_json::to_string(&manifest::good_service("good")).expect("JSON");
    let admitted = users.send("apply --output json --filename -", &manifest).json();
    assert_eq!(manifest::worker_timeout(&admitted["spec"]["rayClusterConfig"]), Some(DEFAULTED));

    let (services, clusters) = (Objects::of("RayService", namespace), Objects::of("RayCluster", namespace));
    operator::reconciles("rayservice");
    let names = clusters.names();
    let [name] = names.as_slice() else { panic!("not one cluster: {names:?}") };
    for worker in workers(namespace, name, 1) {
        assert_eq!(manifest::timeout(&worker), Some(DEFAULTED));
    }
    let cluster = clusters.with_finalizer(name);
    assert_eq!(manifest::worker_timeout(&cluster.data["spec"]), Some(DEFAULTED));
    let service = services.get("good");
    let spec = without_what_is_empty(&service.data["spec"]);
    assert_eq!(spec, without_what_is_empty(&admitted["spec"]));
    assert!(service.metadata.generation.max(cluster.metadata.generation) <= Some(2));

    // That drops what the operator's Go structs wrote, and none of the defaults.
    users.send("apply --filename -", &manifest).passes_silently();
    operator::reconciles("rayservice");
    assert_eq!(without_what_is_empty(&services.get("good").data["spec"]), spec);
    assert_eq!(clusters.names(), names);
    assert_eq!(clusters.get(name).metadata.generation, cluster.metadata.generation);
}
