//! Helm's commands, and the state after each.

use std::path::Path;

use serde_json::Value;

use crate::manifest::{self, DEFAULTED};
use crate::release::{PODS, Release};
use rayguard_test_client::node::{Node, ROOT, eventually, file};

/// Returns the refusal of a RayCluster that the README shows.
fn refusal() -> String {
    let readme = file("README.md");
    let (_, shown) = readme.split_once("$ kubectl apply -f docs/cannot-survive.yaml\n").expect("a transcript");
    let (shown, _) = shown.split_once("```").expect("its end");
    shown.trim_end().to_owned()
}

#[test]
fn after_helm_install_a_bad_cluster_is_refused_and_a_good_one_gets_defaults() {
    let node = Node::get();
    let users = node.namespace("users-install");
    let cannot_survive = Path::new(ROOT).join("docs/cannot-survive.yaml").display().to_string();
    let release = Release::install("install", &[]);
    let good = manifest::good("good");
    let text = serde_json::to_string(&good).expect("JSON");

    // kube-apiserver reaches the webhook only through the Service and kube-proxy.
    let refused = users.run(&format!("apply --filename {cannot_survive}")).fails();
    assert_eq!(refused.stderr.trim_end(), refusal());
    let refused = users.run(&format!("apply --dry-run=server --filename {cannot_survive}")).fails();
    assert_eq!(refused.stderr.trim_end(), refusal());

    let shown = users.send("apply --dry-run=server --output json --filename -", &text).json();
    assert_eq!(manifest::worker_timeout(&shown["spec"]), Some(DEFAULTED));
    let stored = users.send("apply --output json --filename -", &text).json();
    assert_eq!(manifest::worker_timeout(&stored["spec"]), Some(DEFAULTED));
    let stored = users.run("get raycluster good --output json").json();
    assert_eq!(manifest::worker_timeout(&stored["spec"]), Some(DEFAULTED));
    assert_eq!(release.replicas(2).len(), 2);
}

#[test]
fn helm_upgrade_applies_a_new_policy_and_rollback_restores_the_old_one() {
    let node = Node::get();
    let users = node.namespace("users-upgrade");
    let release = Release::install("upgrade", &[]);
    let bad = serde_json::to_string(&manifest::bad("bad")).expect("JSON");
    users.send("create --dry-run=server --filename -", &bad).fails();

    release.upgrade(&["--set", "policy.highestLevel=audit"]);
    release.replicas(2); // the old Pods answer while they drain
    users.send("create --dry-run=server --filename -", &bad).passes_silently();

    release.roll_back();
    release.replicas(2);
    let refused = users.send("create --dry-run=server --filename -", &bad).fails();
    let path = "spec.workerGroupSpecs[0].template.spec.containers[0].env[0].value";
    assert_eq!(refused.denials(), [format!("worker-reconnect-timeout {path}")], "{}", refused.stderr);
}

#[test]
fn helm_uninstall_leaves_nothing_that_blocks() {
    let node = Node::get();
    let users = node.namespace("users-uninstall");
    let release = Release::install("uninstall", &[]);
    let bad = serde_json::to_string(&manifest::bad("bad")).expect("JSON");
    users.send("create --dry-run=server --filename -", &bad).fails();

    release.uninstall();
    let clusters_own = "mutatingwebhookconfigurations,validatingwebhookconfigurations,clusterroles,clusterrolebindings";
    let namespaces_own = "deployments,replicasets,services,configmaps,secrets,serviceaccounts,leases,roles,rolebindings,\
                          networkpolicies,poddisruptionbudgets,horizontalpodautoscalers";
    for kinds in [clusters_own, namespaces_own] {
        // Waits for the garbage collector, which removes some of the objects.
        eventually("the end of all objects", || {
            let left = release.kubectl.run(&format!("get {kinds} --output name")).passes().stdout;
            left.lines().all(|name| !name.contains("rayguard")).then_some(())
        });
    }
    users.send("create --dry-run=server --filename -", &bad).passes_silently(); // no webhook is called any more
    release.wait_until_gone();

    // It can be installed again in the same namespace.
    let again = Release::install("uninstall", &[]);
    users.send("create --dry-run=server --filename -", &bad).fails();
    let pods = again.kubectl.run(&format!("get pods --selector {PODS} --output json")).json();
    assert_eq!(pods["items"].as_array().map(Vec::len), Some(2), "{}", pods["items"].get(0).unwrap_or(&Value::Null));
}
