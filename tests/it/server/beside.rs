//! rayguard beside others that write the same objects: webhooks, controllers, and tools for delivery.

mod injection;
mod injector;
mod writers;

use std::fs;

use serde_json::Value;

use crate::server::apiserver::{Namespace, sample};

/// The name of the RayCluster of [`manifest`].
const CLUSTER: &str = "raycluster/raycluster-external-redis";

/// KubeRay's sample of a fault-tolerant RayCluster, without the Redis that is in the file too.
fn manifest() -> String {
    let sample = fs::read_to_string(sample("ray-cluster.external-redis.yaml")).expect("a sample");
    sample.split_once("\n---\n").expect("the sample begins with the RayCluster").0.to_owned()
}

/// The Pod templates of a RayCluster, the head's first.
fn templates(cluster: &Value) -> Vec<&Value> {
    let spec = &cluster["spec"];
    let groups = spec["workerGroupSpecs"].as_array().into_iter().flatten();
    [&spec["headGroupSpec"]].into_iter().chain(groups).map(|group| &group["template"]["spec"]).collect()
}

/// How many entries of a list have this name.
fn count(list: &Value, name: &str) -> usize {
    list.as_array().into_iter().flatten().filter(|item| item["name"] == name).count()
}

/// The cluster of [`manifest`], which must have this generation.
#[track_caller]
fn cluster(namespace: &Namespace<'_>, generation: u64) -> Value {
    let cluster = namespace.get(CLUSTER);
    assert_eq!(cluster["metadata"]["generation"], generation, "{:#}", cluster["spec"]);
    cluster
}
