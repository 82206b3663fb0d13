//! rayguard together with other components that write the same objects: webhooks, controllers, and delivery tools.

mod injection;
mod injector;
mod writers;

use std::fs;

use serde_json::Value;

use crate::server::apiserver::{Namespace, sample};

/// The name of the RayCluster of [`manifest`], for kubectl.
const CLUSTER: &str = "raycluster/raycluster-external-redis";

/// Returns KubeRay's sample of a fault-tolerant RayCluster, without the Redis in the same file.
fn manifest() -> String {
    let sample = fs::read_to_string(sample("ray-cluster.external-redis.yaml")).expect("a sample");
    sample.split_once("\n---\n").expect("the sample begins with the RayCluster").0.to_owned()
}

/// Returns the Pod specs of a RayCluster's groups, the head's first.
fn templates(cluster: &Value) -> Vec<&Value> {
    let spec = &cluster["spec"];
    let groups = spec["workerGroupSpecs"].as_array().into_iter().flatten();
    [&spec["headGroupSpec"]].into_iter().chain(groups).map(|group| &group["template"]["spec"]).collect()
}

/// Returns how many entries of a list have this name.
fn count(list: &Value, name: &str) -> usize {
    list.as_array().into_iter().flatten().filter(|item| item["name"] == name).count()
}

/// Returns the cluster of [`manifest`], which must have this generation.
#[track_caller]
fn cluster(namespace: &Namespace<'_>, generation: u64) -> Value {
    let cluster = namespace.get(CLUSTER);
    assert_eq!(cluster["metadata"]["generation"], generation, "{:#}", cluster["spec"]);
    cluster
}
