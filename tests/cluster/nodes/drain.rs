//! A drained node.

use super::worker::Worker;
use crate::load::Load;
use crate::release::Release;

/// Drains each node in turn, without a pause, as an upgrade of all nodes does. The `PodDisruptionBudget` makes a drain wait
/// until the Pod that the previous drain moved is ready elsewhere.
fn drain_each_node(replicas: usize) {
    let test = format!("drain-{replicas}");
    let release = Release::install(&test, &["--set", &format!("replicas={replicas}")]);
    release.replicas(replicas);
    let load = Load::start(&test);
    for worker in Worker::all() {
        release.kubectl.run(&format!("drain {} --ignore-daemonsets --timeout 120s", worker.name)).passes();
        release.kubectl.run(&format!("uncordon {}", worker.name)).passes();
    }
    release.replicas(replicas);
    load.assert_nothing_lost(&format!("the drain of each of three nodes in turn, with {replicas} replicas"));
}

#[test]
fn draining_each_node_with_two_replicas_loses_no_call() {
    drain_each_node(2);
}

#[test]
fn draining_each_node_with_three_replicas_loses_no_call() {
    drain_each_node(3);
}
