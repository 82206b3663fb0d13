//! The image, the chart and KubeRay on a real node. `tests/cluster/run` starts a node, as root, and runs these tests in
//! it one after the other, because there is one cluster and webhook configurations are cluster-scoped. Those of `nodes` need
//! several nodes, which `tests/cluster/three-nodes` starts.

mod broken_policy;
mod certificates;
mod figures;
mod handshakes;
mod installation;
mod kuberay_api_server;
mod kuberay_operator;
mod load;
mod manifest;
mod modes;
mod nodes;
mod process;
mod release;
mod report;
mod restarts;
mod tally;
