//! The operator itself.

use crate::http;
use crate::node::{Node, eventually};

/// Where tests/cluster/run installs it.
const NAMESPACE: &str = "kuberay";

/// A controller has had its way with an object once it has reconciled so often again.
const RECONCILIATIONS: u64 = 6;

/// Waits until a controller of the operator has looked again and again.
pub(super) fn reconciles(controller: &str) {
    let before = reconciliations(controller);
    eventually("the operator to reconcile", || (reconciliations(controller) >= before + RECONCILIATIONS).then_some(()));
}

/// How many times a controller has reconciled something.
fn reconciliations(controller: &str) -> u64 {
    let server = (Node::get().service(NAMESPACE, "kuberay-operator"), 8080);
    let (_, metrics) = http::ask(server, "GET", "/metrics", "");
    let counters = metrics.lines().filter(|line| line.starts_with("controller_runtime_reconcile_total{"));
    let its: Vec<_> = counters.filter(|line| line.contains(&format!("controller=\"{controller}\""))).collect();
    assert!(!its.is_empty(), "the operator has no {controller}:\n{metrics}");
    its.iter().map(|line| line.rsplit_once(' ').expect("a value").1.parse::<u64>().expect("a number")).sum()
}

/// The operator does not run until this is dropped.
pub(super) struct Away;

impl Away {
    pub(super) fn begin() -> Self {
        Self::scale(0);
        eventually("the operator's end", || {
            let pods = Node::get()
                .kubectl(NAMESPACE)
                .run("get pods --selector app.kubernetes.io/name=kuberay-operator --output name");
            pods.passes().stdout.is_empty().then_some(())
        });
        Self
    }

    fn scale(replicas: u8) {
        let arguments = format!("scale deployment kuberay-operator --replicas {replicas}");
        Node::get().kubectl(NAMESPACE).run(&arguments).passes();
    }
}

impl Drop for Away {
    fn drop(&mut self) {
        Self::scale(1);
    }
}
