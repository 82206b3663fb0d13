//! The watch while the API server is down or refuses requests.

use rayguard_test_client::client::Client;
use rayguard_test_support::kuberay;
use serde_json::{Value, json};

use super::{Account, ApiServer, cluster, wait_until_accepted, wait_until_refused, wait_until_synced, watching};
use crate::server::certificates::Balancer;
use crate::server::process::{Rayguard, eventually};
use crate::server::review::bytes;

const COMPLETE: &str = r#"rayguard_view_complete{source="rayclusters"}"#;
const OBJECTS: &str = r#"rayguard_view_objects{source="rayclusters"}"#;
const UNANSWERED: &str = r#"rayguard_view_unanswered_total{source="rayclusters"}"#;

/// Returns the review of the creation of an object, as the API server would send it.
fn review(object: &Value, namespace: &str) -> Value {
    let mut object = object.clone();
    object["metadata"]["namespace"] = json!(namespace);
    json!({
        "apiVersion": "admission.k8s.io/v1",
        "kind": "AdmissionReview",
        "request": {
            "uid": "u",
            "kind": {"group": "ray.io", "version": "v1", "kind": "RayCluster"},
            "namespace": namespace,
            "name": object["metadata"]["name"],
            "operation": "CREATE",
            "object": object,
        },
    })
}

/// Sends a review to rayguard, and returns the reason of a refusal.
fn refusal(client: &mut Client, review: &Value) -> Option<String> {
    let answer = client.post("/validate", &bytes(review));
    assert_eq!(answer.status, 200);
    let answer: Value = serde_json::from_str(&answer.body).expect("JSON");
    let response = &answer["response"];
    (response["allowed"] == false).then(|| response["status"]["message"].to_string())
}

#[test]
fn reviews_continue_without_the_api_server_and_cluster_rules_refuse_nothing() {
    let server = ApiServer::shared();
    let namespace = server.namespace("view-cut");
    namespace.send("create -f -", &cluster("first", "redis:6379", "cut").to_string()).passes();
    let proxy = Balancer::new();
    proxy.set(vec![server.address()]);
    let kubeconfig = server.kubeconfig(proxy.address, super::super::TOKEN, "default");
    let rayguard = Rayguard::with_kubeconfig(&kubeconfig, &["--watch-clusters"]);
    wait_until_synced(&rayguard, "rayclusters");
    let mut client = rayguard.connect();
    let second = review(&cluster("second", "redis:6379", "cut"), "view-cut");
    let why = refusal(&mut client, &second).expect("it is refused");
    assert!(why.contains("shared with RayCluster view-cut/first"), "{why}");
    assert_eq!(rayguard.metric(UNANSWERED), 0);

    proxy.cut();
    eventually("the lost connection to be noticed", || (rayguard.metric(COMPLETE) == 0).then_some(()));
    assert_eq!(rayguard.metric(OBJECTS), 0);
    for _ in 0..100 {
        assert_eq!(refusal(&mut client, &second), None);
    }
    assert_eq!(rayguard.metric(UNANSWERED), 100);
    let mut broken = second.clone();
    broken["request"]["object"]["spec"]["gcsFaultToleranceOptions"]["redisAddress"] = json!("redis");
    let why = refusal(&mut client, &broken).expect("rules about the object alone still refuse it");
    assert!(why.contains("malformed-redis-address"), "{why}");

    // Once the API server is back, the changes in the meantime are known: one cluster was deleted, and one was created.
    namespace.kubectl("delete raycluster first").passes();
    namespace.send("create -f -", &cluster("newer", "redis:6379", "newer").to_string()).passes();
    proxy.set(vec![server.address()]);
    wait_until_synced(&rayguard, "rayclusters");
    assert_eq!(refusal(&mut client, &second), None);
    let newer = review(&cluster("second", "redis:6379", "newer"), "view-cut");
    assert!(refusal(&mut client, &newer).expect("it is refused").contains("RayCluster view-cut/newer"));
    let errors = rayguard.log().lines().filter(|line| line.contains("cannot watch these objects")).count();
    assert_eq!(errors, 1, "logged once: {}", rayguard.log());
    rayguard.logged("can watch these objects again");
}

#[test]
fn the_watch_recovers_after_an_api_server_restart() {
    let server = ApiServer::start();
    let rayguard = watching(&server);
    let namespace = server.namespace("view-restart");
    namespace.guard(&rayguard);
    namespace.send("create -f -", &cluster("first", "redis:6379", "own").to_string()).passes();
    let second = cluster("second", "redis:6379", "own");
    wait_until_refused(&namespace, &second, "RayCluster view-restart/first");
    let syncs = |log: &str| log.lines().filter(|line| line.contains("watch synced")).count();
    assert_eq!(syncs(&rayguard.log()), 1);

    let _restarted = server.restart();
    eventually("a new sync", || (syncs(&rayguard.log()) > 1).then_some(()));
    wait_until_synced(&rayguard, "rayclusters");
    wait_until_refused(&namespace, &second, "RayCluster view-restart/first");
    // It is a watch again, not only a list.
    namespace.kubectl("delete raycluster first").passes();
    wait_until_accepted(&namespace, &second);
    namespace.send("create -f -", &second.to_string()).passes();
    wait_until_refused(&namespace, &cluster("first", "redis:6379", "own"), "RayCluster view-restart/second");
}

#[test]
fn a_missing_watch_right_is_logged_once_and_granting_it_needs_no_restart() {
    let server = ApiServer::shared();
    let namespace = server.namespace("view-rights");
    let account = Account::new(server, &namespace);
    let rayguard = account.start(&["--watch-clusters"]);
    namespace.guard(&rayguard);
    namespace.send("create -f -", &cluster("first", "redis:6379", "own").to_string()).passes();
    let second = cluster("second", "redis:6379", "own");
    wait_until_accepted(&namespace, &second);
    let line = rayguard.logged("cannot watch these objects; retrying, and rules that need them report nothing");
    let error = line["error"].as_str().expect("why");
    assert!(error.contains("rayclusters.ray.io is forbidden") && error.contains("cannot list"), "{error}");
    assert_eq!(line["object"], "RayClusters");
    assert_eq!(rayguard.metric(COMPLETE), 0);

    account.grant();
    wait_until_synced(&rayguard, "rayclusters");
    wait_until_refused(&namespace, &second, "RayCluster view-rights/first");
    assert_eq!(rayguard.log().matches("cannot watch these objects").count(), 1, "{}", rayguard.log());
}

#[test]
fn without_watch_clusters_there_are_no_metrics_and_no_refusals() {
    let server = ApiServer::shared();
    let namespace = server.namespace("view-off");
    let rayguard = Rayguard::start(&[]);
    namespace.guard(&rayguard);
    let first = cluster("first", "redis:6379", "own");
    namespace.send("create -f -", &first.to_string()).passes();
    namespace.send("create -f -", &cluster("second", "redis:6379", "own").to_string()).passes();
    assert!(!rayguard.ask_admin("/metrics").body.contains("rayguard_view_complete{"));
}

#[test]
fn the_watch_is_empty_until_kuberays_crds_are_installed() {
    let server = ApiServer::start_without_kuberay(&[]);
    let rayguard = watching(&server);
    assert_eq!(rayguard.metric(OBJECTS), 0);
    assert!(!rayguard.log().contains("cannot watch these objects"), "{}", rayguard.log());
    server.install_custom_resources(kuberay::newest());
    let namespace = server.namespace("view-late");
    namespace.guard(&rayguard);
    namespace.send("create -f -", &cluster("first", "redis:6379", "own").to_string()).passes();
    rayguard.logged("watch synced");
    wait_until_refused(&namespace, &cluster("second", "redis:6379", "own"), "RayCluster view-late/first");
}
