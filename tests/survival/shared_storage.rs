//! Two clusters in one storage namespace of one Redis, and what remains when one of them is deleted.

use std::time::Duration;

use crate::actor::{Actor, Fate};
use crate::loss::Loss;
use crate::namespace::Namespace;
use crate::object::Cluster;
use crate::observation::Observation;
use crate::outage::Outage;
use crate::redis::{Persistence, Redis};

/// Makes two clusters that share tables, and returns the tables that they share.
fn share(test: &str, clusters: [Cluster; 2], rule: &str) {
    let namespace = Namespace::create(test);
    let redis = Redis::start(&namespace, Persistence::AppendOnlyFile);
    let [first, second] = clusters.map(|cluster| cluster.object());
    if rule == "shared-storage-namespace" {
        namespace.apply(&first);
    } else {
        let refusal = namespace.apply_exempt(&first);
        assert!(refusal.contains(&format!("({rule})")), "{refusal}");
    }
    namespace.ready_workers("first", 1);
    let mut actor = Actor::create(&namespace, "first", "counter", 0);
    if rule == "shared-storage-namespace" {
        let refusal = namespace.apply_exempt(&second);
        assert!(refusal.contains(&format!("({rule})")), "{refusal}");
    } else {
        namespace.apply(&second);
    }
    let other = namespace.ready_head("second");

    // The second cluster takes the first one's tables for its own: it knows the worker and the actor of the first one.
    let nodes = namespace.run(&other, &["python3", "/home/ray/apps/nodes.py"]).stdout;
    let worker = namespace.workers("first").pop().expect("a worker").name;
    assert!(nodes.lines().any(|line| line.contains(&worker) && line.ends_with("alive")), "{nodes}");
    let count = actor.add(&namespace, &other).expect("the second cluster uses the actor of the first one");
    assert_eq!(count.process, actor.last.process);
    actor.last = count;
    let taken = Actor::try_create(&namespace, &other, "counter", 0).map(|actor| actor.last);
    println!("the second cluster creates an actor of the same name: {taken:?}");
    taken.expect_err("the name is taken");

    // KubeRay deletes the tables of both with one of them.
    namespace.kubectl.run("delete raycluster second --timeout 330s").passes();
    let left = redis.tables();
    println!("tables after the deletion of one cluster: {left:?}");
    assert!(!left.iter().any(|table| table.ends_with("@ACTOR")), "{left:?}");
    let head = namespace.ready_head("first");
    let driver = actor.add(&namespace, &head);
    println!("a new driver in the other cluster: {driver:?}");
    driver.expect_err("the other cluster accepts no new driver");

    let limit = Duration::from_mins(4);
    Outage::observe(&namespace, "first", limit, |head| Loss::Removal.happen(&namespace, head));
    let fate = actor.fate(&namespace, "first", Duration::from_secs(40));
    assert_eq!(fate, Fate::Gone);
}

#[test]
fn two_clusters_with_one_namespace_use_each_other_and_lose_their_tables_together() {
    let cluster = |name| Cluster::new(name).option("externalStorageNamespace", "ours");
    share("shared", ["first", "second"].map(cluster), "shared-storage-namespace");
}

#[test]
fn two_clusters_with_an_empty_namespace_use_each_other_and_lose_their_tables_together() {
    let cluster = |name| Cluster::new(name).by_annotation().annotate("ray.io/external-storage-namespace", "");
    share("shared-empty", ["first", "second"].map(cluster), "empty-storage-namespace");
}

#[test]
fn clusters_with_namespaces_of_their_own_do_not_know_each_other() {
    let namespace = Namespace::create("own-storage");
    let _redis = Redis::start(&namespace, Persistence::AppendOnlyFile);
    let [first, second] = ["first", "second"].map(|name| Cluster::new(name).object());
    namespace.apply(&first);
    namespace.apply(&second);
    namespace.ready_workers("first", 1);
    namespace.ready_workers("second", 1);
    let mut actor = Actor::create(&namespace, "first", "counter", 0);
    let other = namespace.ready_head("second");
    actor.add(&namespace, &other).expect_err("the second cluster knows no actor of the first one");
    namespace.kubectl.run("delete raycluster second --timeout 330s").passes();
    let limit = Duration::from_mins(4);
    let outage = Outage::observe(&namespace, "first", limit, |head| Loss::Removal.happen(&namespace, head));
    let fate = actor.fate(&namespace, "first", Duration::from_secs(40));
    let same = outage.has_same_workers(&namespace, "first");
    Observation::new("head-loss", "nothing set: head 60 s, workers 600 s")
        .outage(&outage)
        .same_workers(same)
        .actors(fate)
        .record(&first, &[]);
    assert_eq!((fate, same), (Fate::Kept, true));
}
