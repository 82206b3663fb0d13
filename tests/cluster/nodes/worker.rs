//! The nodes that run Pods, and can be lost. `tests/cluster/node` makes and loses them.

use std::path::Path;
use std::process::Command;
use std::time::{Duration, Instant};

use k8s_openapi::api::core::v1::Node as NodeObject;
use kube::ResourceExt;
use kube::api::{Api, ListParams};

use rayguard_test_client::node::{Node, ROOT, eventually};

const ZONE: &str = "topology.kubernetes.io/zone";

/// A node that runs Pods.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Worker {
    pub(crate) name: String,
    pub(crate) zone: String,
}

/// How a node is lost.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Cause {
    /// The network drops each packet from and to it, while its Pods keep running.
    LinkCut,
    /// All its processes are killed at the same time, and the network drops each packet.
    PowerLoss,
}

/// A lost node. It returns when this is dropped, at the latest.
pub(crate) struct Lost {
    worker: Worker,
    /// When it was lost
    pub(crate) at: Instant,
    is_back: bool,
}

impl Worker {
    /// Returns all of them.
    pub(crate) fn all() -> Vec<Self> {
        let node = Node::get();
        let nodes = Api::<NodeObject>::all(node.client.clone());
        let nodes = node.runtime.block_on(nodes.list(&ListParams::default().labels(ZONE))).expect("the nodes");
        let workers: Vec<_> =
            nodes.iter().map(|node| Self { name: node.name_any(), zone: node.labels()[ZONE].clone() }).collect();
        assert!(workers.len() >= 3, "{workers:?}: run tests/cluster/three-nodes");
        workers
    }

    /// Returns the one with this name.
    pub(crate) fn named(name: &str) -> Self {
        Self::all().into_iter().find(|worker| worker.name == name).expect("a node that runs Pods")
    }

    /// Loses the node.
    pub(crate) fn lose(self, cause: Cause) -> Lost {
        let at = Instant::now();
        change(if matches!(cause, Cause::LinkCut) { "cut" } else { "lose" }, &self.name);
        Lost { worker: self, at, is_back: false }
    }
}

impl Lost {
    /// Returns the time of a moment since the loss.
    pub(crate) fn until(&self, moment: Instant) -> Duration {
        moment.duration_since(self.at)
    }

    /// Brings the node back, and waits until it is ready.
    pub(crate) fn bring_back(mut self) {
        self.is_back = true;
        change("return", &self.worker.name);
        let node = Node::get();
        let nodes = Api::<NodeObject>::all(node.client.clone());
        eventually("the node is ready again", || {
            let found = node.runtime.block_on(nodes.get(&self.worker.name)).expect("the node");
            let spec = found.spec.unwrap_or_default();
            let conditions = found.status.unwrap_or_default().conditions.unwrap_or_default();
            let is_ready = conditions.iter().any(|is| is.type_ == "Ready" && is.status == "True");
            (is_ready && spec.taints.unwrap_or_default().is_empty()).then_some(())
        });
    }
}

impl Drop for Lost {
    fn drop(&mut self) {
        if !self.is_back {
            change("return", &self.worker.name);
        }
    }
}

fn change(command: &str, node: &str) {
    let mut script = Command::new(Path::new(ROOT).join("tests/cluster/node"));
    let output = script.args([command, node]).output().expect("tests/cluster/node runs");
    assert!(output.status.success(), "{command} {node}: {output:?}");
}
