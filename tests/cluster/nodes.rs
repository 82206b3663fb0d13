//! Several nodes: how Pods are spread over them, and what the drain and the loss of a node do to calls.
//! `tests/cluster/three-nodes` starts the nodes and runs these tests.

mod connections;
mod drain;
mod loss;
mod outage;
mod spread;
mod worker;
