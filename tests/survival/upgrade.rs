//! A RayService that gets a new cluster while it answers requests.

use std::thread;
use std::time::{Duration, SystemTime};

use serde_json::json;

use crate::actor::{Actor, Fate};
use crate::client::Client;
use crate::namespace::Namespace;
use crate::object::{Cluster, serve};
use crate::observation::Observation;
use crate::pod::Pod;
use crate::redis::{Persistence, Redis};
use crate::runs::runs;
use crate::wait::wait_for;

const LIMIT: Duration = Duration::from_mins(5);
const SERVICE: &str = "sums";

/// Upgrades a RayService, and returns what becomes of an actor of the old cluster and how many requests fail.
fn upgrade(test: &str, cluster: impl Fn(u32) -> Cluster, configuration: &str) -> (Fate, usize) {
    let namespace = Namespace::create(test);
    let _redis = Redis::start(&namespace, Persistence::AppendOnlyFile);
    let object = |version: u32| cluster(version).head_env("VERSION", &version.to_string()).service(&serve(2));
    println!("{}", namespace.apply(&object(0)).stderr);
    namespace.wait_for_service(SERVICE);
    namespace.ready_workers(SERVICE, 2);
    namespace.wait_for_endpoints(SERVICE, 3);
    let client = Client::start(&namespace, SERVICE);
    let mut last = (Fate::Gone, 0);
    for run in runs(3) {
        let old = namespace.ready_head(SERVICE).cluster;
        let mut actor = Actor::create(&namespace, SERVICE, &format!("counter-{run}"), 0);
        let began = SystemTime::now();
        println!("{}", namespace.apply(&object(run + 1)).stderr);
        wait_for("the new cluster alone", LIMIT, || {
            let heads = namespace.heads(SERVICE);
            (!heads.is_empty() && heads.iter().all(|head| head.cluster != old && head.is_ready)).then_some(())
        });
        namespace.wait_for_service(SERVICE);
        thread::sleep(Duration::from_secs(20));
        client.wait_until_quiet(Duration::from_secs(10));
        let requests = client.since(began);
        let fate = actor.fate(&namespace, SERVICE, Duration::from_secs(20));
        Observation::new("upgrade", configuration).actors(fate).requests(requests).record(&object(0), &[]);
        last = (fate, requests.failed);
    }
    last
}

#[test]
fn an_upgrade_answers_every_request_and_loses_detached_actors() {
    let cluster = |_| Cluster::new(SERVICE).workers(2);
    let (fate, failed) =
        upgrade("upgrade", cluster, "RayService, fault tolerance, a storage namespace for each cluster");
    assert_eq!((fate, failed), (Fate::Gone, 0));
}

/// Both clusters of the upgrade use the same tables. `fixed-storage-namespace` warns of it.
#[test]
fn an_upgrade_within_one_storage_namespace() {
    let cluster = |_| Cluster::new(SERVICE).workers(2).option("externalStorageNamespace", "fixed");
    let (fate, failed) = upgrade("upgrade-fixed", cluster, "RayService, fault tolerance, one fixed storage namespace");
    println!("with a fixed storage namespace: actor {fate:?}, {failed} requests failed");
}

/// `upgradeStrategy.type: Recreate` replaces all Pods of a RayCluster when its spec changes.
#[test]
fn recreate_loses_the_actors_of_a_ray_cluster() {
    let namespace = Namespace::create("recreate");
    let _redis = Redis::start(&namespace, Persistence::AppendOnlyFile);
    let cluster = Cluster::new("recreated").set("", "upgradeStrategy", json!({"type": "Recreate"}));
    namespace.apply(&cluster.object());
    let worker = namespace.ready_workers("recreated", 1).remove(0);
    let mut actor = Actor::create(&namespace, "recreated", "counter", 0);
    let old = namespace.ready_head("recreated");
    namespace.apply(&cluster.clone().head_env("VERSION", "2").object());
    wait_for("a new head and a new worker", LIMIT, || {
        let (heads, workers) = (namespace.heads("recreated"), namespace.workers("recreated"));
        let is_new =
            |pods: &[Pod], old: &Pod| pods.iter().all(|pod| pod.uid != old.uid && pod.is_ready) && pods.len() == 1;
        (is_new(&heads, &old) && is_new(&workers, &worker)).then_some(())
    });
    let fate = actor.fate(&namespace, "recreated", Duration::from_secs(20));
    Observation::new("upgrade", "RayCluster, upgradeStrategy Recreate")
        .same_workers(false)
        .actors(fate)
        .record(&cluster.object(), &[]);
    assert_eq!(fate, Fate::Gone);
}
