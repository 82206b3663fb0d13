//! What becomes of the view when the API server goes away, or refuses.

use serde_json::{Value, json};

use super::{Account, ApiServer, accepted, cluster, complete, refused, watching};
use crate::server::certificates::Balancer;
use crate::server::process::{Rayguard, eventually};
use crate::server::review::bytes;
use rayguard_test_client::client::Client;

const COMPLETE: &str = r#"rayguard_view_complete{source="rayclusters"}"#;
const OBJECTS: &str = r#"rayguard_view_objects{source="rayclusters"}"#;
const UNANSWERED: &str = r#"rayguard_view_unanswered_total{source="rayclusters"}"#;

/// The review of the creation of an object, as the API server would send it.
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

/// Asks rayguard itself; gives why it refuses, if it does.
fn asked(client: &mut Client, review: &Value) -> Option<String> {
    let answer = client.post("/validate", &bytes(review));
    assert_eq!(answer.status, 200);
    let answer: Value = serde_json::from_str(&answer.body).expect("JSON");
    let response = &answer["response"];
    (response["allowed"] == false).then(|| response["status"]["message"].to_string())
}

#[test]
fn without_the_api_server_reviews_go_on_and_none_is_refused_for_want_of_knowledge() {
    let server = ApiServer::shared();
    let namespace = server.namespace("view-cut");
    namespace.send("create -f -", &cluster("first", "redis:6379", "cut").to_string()).passes();
    let way = Balancer::new();
    way.set(vec![server.address()]);
    let kubeconfig = server.kubeconfig(way.address, super::super::TOKEN, "default");
    let rayguard = Rayguard::with_kubeconfig(&kubeconfig, &["--watch-clusters"]);
    complete(&rayguard, "rayclusters");
    let mut client = rayguard.connect();
    let second = review(&cluster("second", "redis:6379", "cut"), "view-cut");
    let why = asked(&mut client, &second).expect("it is refused");
    assert!(why.contains("shared with RayCluster view-cut/first"), "{why}");
    assert_eq!(rayguard.metric(UNANSWERED), 0);

    way.cut();
    eventually("it to notice", || (rayguard.metric(COMPLETE) == 0).then_some(()));
    assert_eq!(rayguard.metric(OBJECTS), 0);
    for _ in 0..100 {
        assert_eq!(asked(&mut client, &second), None);
    }
    assert_eq!(rayguard.metric(UNANSWERED), 100);
    let mut broken = second.clone();
    broken["request"]["object"]["spec"]["gcsFaultToleranceOptions"]["redisAddress"] = json!("redis");
    let why = asked(&mut client, &broken).expect("what the object alone shows is refused as ever");
    assert!(why.contains("malformed-redis-address"), "{why}");

    // What has happened in the meantime is known once the API server is back: one has gone, and one has come.
    namespace.kubectl("delete raycluster first").passes();
    namespace.send("create -f -", &cluster("newer", "redis:6379", "newer").to_string()).passes();
    way.set(vec![server.address()]);
    complete(&rayguard, "rayclusters");
    assert_eq!(asked(&mut client, &second), None);
    let newer = review(&cluster("second", "redis:6379", "newer"), "view-cut");
    assert!(asked(&mut client, &newer).expect("it is refused").contains("RayCluster view-cut/newer"));
    let errors = rayguard.log().lines().filter(|line| line.contains("cannot watch them")).count();
    assert_eq!(errors, 1, "said once: {}", rayguard.log());
    rayguard.logged("can watch them again");
}

#[test]
fn an_api_server_that_is_restarted_loses_nothing() {
    let server = ApiServer::start();
    let rayguard = watching(&server);
    let namespace = server.namespace("view-restart");
    namespace.guard(&rayguard);
    namespace.send("create -f -", &cluster("first", "redis:6379", "own").to_string()).passes();
    let second = cluster("second", "redis:6379", "own");
    refused(&namespace, &second, "RayCluster view-restart/first");
    let knew = |log: &str| log.lines().filter(|line| line.contains("knows all of them")).count();
    assert_eq!(knew(&rayguard.log()), 1);

    let _restarted = server.restart();
    eventually("a new view", || (knew(&rayguard.log()) > 1).then_some(()));
    complete(&rayguard, "rayclusters");
    refused(&namespace, &second, "RayCluster view-restart/first");
    // And it is a watch again, not only a list.
    namespace.kubectl("delete raycluster first").passes();
    accepted(&namespace, &second);
    namespace.send("create -f -", &second.to_string()).passes();
    refused(&namespace, &cluster("first", "redis:6379", "own"), "RayCluster view-restart/second");
}

#[test]
fn without_the_right_it_says_so_once_and_needs_no_restart_when_it_has_it() {
    let server = ApiServer::shared();
    let namespace = server.namespace("view-rights");
    let account = Account::new(server, &namespace);
    let rayguard = account.start(&["--watch-clusters"]);
    namespace.guard(&rayguard);
    namespace.send("create -f -", &cluster("first", "redis:6379", "own").to_string()).passes();
    let second = cluster("second", "redis:6379", "own");
    accepted(&namespace, &second);
    let said = rayguard.logged("cannot watch them; trying again, and the rules that ask for them say nothing");
    let error = said["error"].as_str().expect("why");
    assert!(error.contains("rayclusters.ray.io is forbidden") && error.contains("cannot list"), "{error}");
    assert_eq!(said["object"], "RayClusters");
    assert_eq!(rayguard.metric(COMPLETE), 0);

    account.grant();
    complete(&rayguard, "rayclusters");
    refused(&namespace, &second, "RayCluster view-rights/first");
    assert_eq!(rayguard.log().matches("cannot watch them").count(), 1, "{}", rayguard.log());
}

#[test]
fn what_is_not_watched_has_no_metrics_and_refuses_nothing() {
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
fn where_kuberay_is_not_installed_there_is_nothing_to_know_until_it_is() {
    let server = ApiServer::start_without_kuberay(&[]);
    let rayguard = watching(&server);
    assert_eq!(rayguard.metric(OBJECTS), 0);
    assert!(!rayguard.log().contains("cannot watch them"), "{}", rayguard.log());
    server.install_custom_resources(super::super::KUBERAY);
    let namespace = server.namespace("view-late");
    namespace.guard(&rayguard);
    namespace.send("create -f -", &cluster("first", "redis:6379", "own").to_string()).passes();
    rayguard.logged("knows all of them");
    refused(&namespace, &cluster("second", "redis:6379", "own"), "RayCluster view-late/first");
}
