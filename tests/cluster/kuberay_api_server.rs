//! KubeRay's API server. Its users do not see a RayCluster, only the response of the server.

use serde_json::{Value, json};

use crate::manifest;
use crate::release::Release;
use rayguard_test_client::http;
use rayguard_test_client::node::Node;

/// The namespace in which tests/cluster/run installs it.
const NAMESPACE: &str = "kuberay";

/// Returns the cluster with high availability of KubeRay's own documentation (apiserver/HACluster.md, up to v1.2), in
/// this namespace, with another reconnect timeout for its workers, or without one as in v1.6.
fn seed(namespace: &str, name: &str, worker_timeout: Option<&str>) -> Value {
    let environment = worker_timeout.map(|value| json!({"values": {"RAY_gcs_rpc_server_reconnect_timeout_s": value}}));
    json!({
        "name": name, "namespace": namespace, "user": "boris", "version": "2.9.0", "environment": "DEV",
        "annotations": {"ray.io/ft-enabled": "true"},
        "clusterSpec": {
            "headGroupSpec": {
                "computeTemplate": "default-template", "image": "rayproject/ray:2.9.0-py310", "serviceType": "NodePort",
                "rayStartParams": {
                    "dashboard-host": "0.0.0.0", "metrics-export-port": "8080", "num-cpus": "0",
                    "redis-password": "$REDIS_PASSWORD",
                },
                "environment": {
                    "values": {"RAY_REDIS_ADDRESS": "redis.redis.svc.cluster.local:6379"},
                    "valuesFrom": {"REDIS_PASSWORD": {"source": 1, "name": "redis-password-secret", "key": "password"}},
                },
                "volumes": [code_sample()],
            },
            "workerGroupSpec": [{
                "groupName": "small-wg", "computeTemplate": "default-template", "image": "rayproject/ray:2.9.0-py310",
                "replicas": 1, "minReplicas": 0, "maxReplicas": 5,
                "rayStartParams": {"node-ip-address": "$MY_POD_IP", "metrics-export-port": "8080"},
                "environment": environment.unwrap_or_else(|| json!({})),
                "volumes": [code_sample()],
            }],
        },
    })
}

fn code_sample() -> Value {
    json!({
        "name": "code-sample", "mountPath": "/home/ray/samples", "volumeType": "CONFIGMAP", "source": "ray-example",
        "items": {"detached_actor.py": "detached_actor.py", "increment_counter.py": "increment_counter.py"},
    })
}

#[test]
fn kuberay_api_server_returns_the_reason_of_a_refusal_and_creates_a_good_cluster() {
    let node = Node::get();
    let namespace = "users-api-server";
    let users = node.namespace(namespace);
    let _release = Release::install("api-server", &[]);
    let server = (node.service(NAMESPACE, "kuberay-apiserver-service"), 8888);
    let post = |what: &str, body: &Value| {
        http::request(server, "POST", &format!("/apis/v1/namespaces/{namespace}/{what}"), &body.to_string())
    };
    let stored_timeout = |name: &str| {
        let stored = users.run(&format!("get raycluster {name} --output json")).json();
        manifest::worker_timeout(&stored["spec"]).map(str::to_owned)
    };
    let template = json!({"name": "default-template", "namespace": namespace, "cpu": 2, "memory": 4});
    let (status, answer) = post("compute_templates", &template);
    assert_eq!(status, 200, "{answer}");

    let (status, answer) = post("clusters", &seed(namespace, "ha-cluster", Some("300")));
    assert_eq!(status, 200, "{answer}");
    assert_eq!(stored_timeout("ha-cluster").as_deref(), Some("300"));

    let (status, answer) = post("clusters", &seed(namespace, "gives-up", Some("30")));
    assert!(status >= 400, "{status} {answer}");
    let message = "the workers give up on the GCS after 30 s, the head after 60 s";
    assert!(answer.contains(message) && answer.contains("(worker-reconnect-timeout)"), "{status} {answer}");
    users.run("get raycluster gives-up").fails();

    let (status, answer) = post("clusters", &seed(namespace, "no-timeout", None));
    assert_eq!(status, 200, "{answer}");
    assert_eq!(stored_timeout("no-timeout").as_deref(), Some("600"));
}
