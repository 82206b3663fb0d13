//! Where the scheduler puts the Pods, with the chart's default values.

use std::collections::BTreeSet;

use super::worker::Worker;
use crate::release::Release;

/// Installs this many replicas, and returns their nodes and zones.
fn spread(replicas: usize) -> (BTreeSet<String>, BTreeSet<String>) {
    let count = format!("replicas={replicas}");
    let release = Release::install(&format!("spread-{replicas}"), &["--set", &count]);
    let nodes = release.replicas(replicas).into_iter().map(|replica| Worker::named(&replica.node));
    nodes.map(|worker| (worker.name, worker.zone)).unzip()
}

#[test]
fn two_replicas_are_on_two_nodes_in_two_zones() {
    let (nodes, zones) = spread(2);
    assert_eq!((nodes.len(), zones.len()), (2, 2), "{nodes:?} {zones:?}");
}

#[test]
fn three_replicas_are_on_three_nodes_in_two_zones() {
    let (nodes, zones) = spread(3);
    assert_eq!((nodes.len(), zones.len()), (3, 2), "{nodes:?} {zones:?}");
}
