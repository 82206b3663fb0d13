//! The image, the chart and KubeRay on a real node. `tests/cluster/run` starts one, as root, and runs these inside it, one
//! after the other, for there is one cluster and the webhook configurations are the whole cluster's.

#![allow(clippy::disallowed_methods, reason = "what the core must not do, tests may: they read files")]

mod broken_policy;
mod certificates;
mod figures;
mod handshakes;
mod http;
mod installation;
mod kuberay_api_server;
mod kuberay_operator;
mod load;
mod manifest;
mod modes;
mod node;
mod process;
mod release;
mod report;
mod restarts;
mod tally;
