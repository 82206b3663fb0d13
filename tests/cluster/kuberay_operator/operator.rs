//! KubeRay's operator.

use std::collections::BTreeSet;
use std::time::{Duration, Instant};

use rayguard_test_client::http;
use rayguard_test_client::node::{Node, eventually};

/// The namespace in which tests/cluster/run installs it.
const NAMESPACE: &str = "kuberay";

/// The number of further reconciliations after which a controller has written everything that it wants to write.
const RECONCILIATIONS: u64 = 6;

/// How long a controller may do nothing before [`wait_for_reconciliations`] changes the Pods.
const IDLE: Duration = Duration::from_secs(5);

/// Waits until a controller of the operator has reconciled several more times.
///
/// A RayCluster is reconciled when one of its Pods changes. The status of a Pod whose image cannot be pulled changes ever more
/// rarely, so this changes an annotation of the Pods if nothing happens.
pub(super) fn wait_for_reconciliations(controller: &str) {
    let before = reconciliations(controller);
    let (mut last, mut since) = (before, Instant::now());
    eventually("the operator to reconcile", || {
        let now = reconciliations(controller);
        if now != last {
            (last, since) = (now, Instant::now());
        } else if since.elapsed() > IDLE {
            since = Instant::now();
            annotate_heads(now);
        }
        (now >= before + RECONCILIATIONS).then_some(())
    });
}

/// Changes an annotation of each head's Pod.
fn annotate_heads(value: u64) {
    let heads = "pods --selector ray.io/node-type=head";
    let list = format!("get {heads} --all-namespaces --output jsonpath={{.items[*].metadata.namespace}}");
    let namespaces = Node::get().kubectl(NAMESPACE).run(&list).passes().stdout;
    for namespace in namespaces.split_whitespace().collect::<BTreeSet<_>>() {
        // It can fail, if a Pod ends at this moment.
        Node::get().kubectl(namespace).run(&format!("annotate {heads} --overwrite test={value}"));
    }
}

/// Returns how many times a controller has reconciled an object.
fn reconciliations(controller: &str) -> u64 {
    let server = (Node::get().service(NAMESPACE, "kuberay-operator"), 8080);
    let (_, metrics) = http::request(server, "GET", "/metrics", "");
    let counters = metrics.lines().filter(|line| line.starts_with("controller_runtime_reconcile_total{"));
    let its: Vec<_> = counters.filter(|line| line.contains(&format!("controller=\"{controller}\""))).collect();
    assert!(!its.is_empty(), "the operator has no {controller}:\n{metrics}");
    its.iter().map(|line| line.rsplit_once(' ').expect("a value").1.parse::<u64>().expect("a number")).sum()
}

/// Stops the operator until this value is dropped.
pub(super) struct OperatorStopped;

impl OperatorStopped {
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

impl Drop for OperatorStopped {
    fn drop(&mut self) {
        Self::scale(1);
    }
}
