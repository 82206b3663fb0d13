//! No fight over what is written.

use super::objects::{FINALIZER, Objects, users, without_what_is_empty, workers};
use super::operator;
use crate::manifest::{self, DEFAULTED};
use crate::release::Release;

#[test]
fn a_defaulted_cluster_stays_as_it_is_and_its_workers_wait_as_long_as_rayguard_wrote() {
    let namespace = "users-cluster";
    let users = users(namespace);
    let _release = Release::install("cluster", &[]);
    let manifest = serde_json::to_string(&manifest::good("good")).expect("JSON");
    let admitted = users.send("apply --output json --filename -", &manifest).json();
    assert_eq!(manifest::worker_timeout(&admitted["spec"]), Some(DEFAULTED));

    for worker in workers(namespace, "good", 1) {
        assert_eq!(manifest::timeout(&worker), Some(DEFAULTED)); // and not the 600 that the operator would have written
    }
    let clusters = Objects::of("RayCluster", namespace);
    let reconciled = clusters.with_finalizer("good");
    // Its own first write, with what its Go structs cannot leave away, is a new generation, and there is no other.
    let generation = reconciled.metadata.generation;
    assert!(generation <= Some(2), "{generation:?}");
    assert_eq!(without_what_is_empty(&reconciled.data["spec"]), without_what_is_empty(&admitted["spec"]));
    operator::reconciles("raycluster");
    assert_eq!(clusters.get("good").metadata.generation, generation);

    // Nor does it change anything that a user applies the manifest again, which has no default in it.
    users.send("apply --filename -", &manifest).passes_silently();
    operator::reconciles("raycluster");
    let now = clusters.get("good");
    assert_eq!(now.metadata.generation, generation);
    assert_eq!(now.data["spec"], reconciled.data["spec"]);
    assert_eq!(now.metadata.finalizers, Some(vec![FINALIZER.to_owned()]));
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
    let generations = [service.metadata.generation, cluster.metadata.generation];
    assert!(generations.iter().all(|generation| *generation <= Some(2)), "{generations:?}");

    users.send("apply --filename -", &manifest).passes_silently();
    operator::reconciles("rayservice");
    assert_eq!([services.get("good").metadata.generation, clusters.get(name).metadata.generation], generations);
    assert_eq!(clusters.names(), names);
}
