//! Helm's commands, and what there is after each.

use std::path::Path;

use serde_json::Value;

use crate::manifest::{self, DEFAULTED};
use crate::node::{Node, ROOT, eventually, file};
use crate::release::{PODS, Release};

/// What the README shows of the refusal of a RayCluster.
fn refusal() -> String {
    let readme = file("README.md");
    let (_, shown) = readme.split_once("$ kubectl apply -f docs/cannot-survive.yaml\n").expect("a transcript");
    let (shown, _) = shown.split_once("```").expect("its end");
    shown.trim_end().to_owned()
}

#[test]
fn once_helm_has_installed_it_the_first_bad_cluster_is_refused_and_the_first_good_one_gets_its_defaults() {
    let node = Node::get();
    let users = node.namespace("users-install");
    let cannot_survive = Path::new(ROOT).join("docs/cannot-survive.yaml").display().to_string();
    let release = Release::install("install", &[]);
    let good = manifest::good("good");
    let text = serde_json::to_string(&good).expect("JSON");

    // Through the Service and kube-proxy, for kube-apiserver has no other way.
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
fn an_upgrade_rolls_out_another_policy_and_a_rollback_the_one_before() {
    let node = Node::get();
    let users = node.namespace("users-upgrade");
    let release = Release::install("upgrade", &[]);
    let bad = serde_json::to_string(&manifest::bad("bad")).expect("JSON");
    users.send("create --dry-run=server --filename -", &bad).fails();

    release.upgrade(&["--set", "policy.highestLevel=audit"]);
    release.replicas(2); // those of before answer while they drain
    users.send("create --dry-run=server --filename -", &bad).passes_silently();

    release.roll_back();
    release.replicas(2);
    let refused = users.send("create --dry-run=server --filename -", &bad).fails();
    let place = "spec.workerGroupSpecs[0].template.spec.containers[0].env[0].value";
    assert_eq!(refused.denials(), [format!("worker-reconnect-timeout {place}")], "{}", refused.stderr);
}

#[test]
fn nothing_that_blocks_is_left_after_it_is_uninstalled() {
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
        // What the garbage collector is still to take counts, until it has.
        eventually("the end of all objects", || {
            let left = release.kubectl.run(&format!("get {kinds} --output name")).passes().stdout;
            left.lines().all(|name| !name.contains("rayguard")).then_some(())
        });
    }
    users.send("create --dry-run=server --filename -", &bad).passes_silently(); // nobody is asked any more
    release.is_gone();

    // It can be installed again where it was.
    let again = Release::install("uninstall", &[]);
    users.send("create --dry-run=server --filename -", &bad).fails();
    let pods = again.kubectl.run(&format!("get pods --selector {PODS} --output json")).json();
    assert_eq!(pods["items"].as_array().map(Vec::len), Some(2), "{}", pods["items"].get(0).unwrap_or(&Value::Null));
}
