//! A cluster with high availability as users of KubeRay's API server create it.
//!
//! <https://github.com/ray-project/kuberay/blob/v1.6.2/apiserver/HACluster.md>

use std::time::Duration;

use rayguard_test_client::http;
use rayguard_test_client::node::Node;
use serde_json::{Value, json};

use crate::actor::{Actor, Fate};
use crate::loss::Loss;
use crate::namespace::Namespace;
use crate::object::ray_version;
use crate::observation::Observation;
use crate::outage::Outage;
use crate::redis::{self, Persistence, Redis};

/// Returns the document's cluster in this namespace, with this reconnect timeout of the workers.
fn cluster(namespace: &str, name: &str, timeout: &str) -> Value {
    let version = ray_version();
    let image = format!("docker.io/rayproject/ray:{version}");
    let apps = json!({
        "name": "apps", "mountPath": "/home/ray/apps", "volumeType": "CONFIGMAP", "source": "apps",
        "items": {"counter.py": "counter.py"},
    });
    json!({
        "name": name, "namespace": namespace, "user": "tester", "version": version, "environment": "DEV",
        "annotations": {"ray.io/ft-enabled": "true"},
        "clusterSpec": {
            "headGroupSpec": {
                "computeTemplate": "small", "image": image, "serviceType": "NodePort",
                "rayStartParams": {
                    "dashboard-host": "0.0.0.0", "metrics-export-port": "8080", "num-cpus": "0",
                    "redis-password": "$REDIS_PASSWORD",
                },
                "environment": {
                    "values": {"RAY_REDIS_ADDRESS": redis::ADDRESS},
                    "valuesFrom": {"REDIS_PASSWORD": {"source": 1, "name": redis::SECRET, "key": "password"}},
                },
                "volumes": [apps],
            },
            "workerGroupSpec": [{
                "groupName": "small-wg", "computeTemplate": "small", "image": image,
                "replicas": 1, "minReplicas": 0, "maxReplicas": 5,
                "rayStartParams": {"node-ip-address": "$MY_POD_IP", "metrics-export-port": "8080", "num-cpus": "2"},
                "environment": {"values": {"RAY_gcs_rpc_server_reconnect_timeout_s": timeout}},
                "volumes": [apps],
            }],
        },
    })
}

#[test]
fn an_actor_outlives_the_head_of_a_cluster_made_by_the_api_server() {
    let name = "api-server";
    let namespace = Namespace::create(name);
    let _redis = Redis::start(&namespace, Persistence::AppendOnlyFile);
    let server = (Node::get().service("kuberay", "kuberay-apiserver-service"), 8888);
    let post = |what: &str, body: &Value| {
        http::request(server, "POST", &format!("/apis/v1/namespaces/{name}/{what}"), &body.to_string())
    };
    let template = json!({"name": "small", "namespace": name, "cpu": 1, "memory": 3});
    let (status, answer) = post("compute_templates", &template);
    assert_eq!(status, 200, "{answer}");

    let (status, answer) = post("clusters", &cluster(name, "gives-up", "30"));
    assert!(status >= 400, "{status} {answer}");
    assert!(answer.contains("the workers give up on the GCS after 30 s, the head after 60 s"), "{answer}");
    println!("refused: {answer}");

    namespace.start();
    let (status, answer) = post("clusters", &cluster(name, "ha-cluster", "300"));
    assert_eq!(status, 200, "{answer}");
    // A template has whole processors only, as requests, and the node has few.
    let replace =
        json!({"op": "replace", "path": "", "value": {"requests": {"cpu": "20m"}, "limits": {"memory": "3Gi"}}});
    let patches: Vec<_> = ["/spec/headGroupSpec", "/spec/workerGroupSpecs/0"]
        .map(|group| {
            let mut change = replace.clone();
            change["path"] = json!(format!("{group}/template/spec/containers/0/resources"));
            change
        })
        .into();
    let patches = Value::Array(patches).to_string();
    namespace.kubectl.run_with(["patch", "raycluster", "ha-cluster", "--type=json", "--patch", &patches], "").passes();
    namespace.kubectl.run("delete pods --selector ray.io/cluster=ha-cluster --grace-period=0 --force").passes();
    namespace.ready_workers("ha-cluster", 1);

    let object = namespace.kubectl.run("get raycluster ha-cluster --output json").json();
    let mut actor = Actor::create(&namespace, "ha-cluster", "counter", 0);
    for loss in [Loss::Deletion, Loss::Removal] {
        let limit = Duration::from_mins(4);
        let outage = Outage::observe(&namespace, "ha-cluster", limit, |head| loss.happen(&namespace, head));
        let fate = actor.fate(&namespace, "ha-cluster", Duration::from_secs(40));
        let same = outage.has_same_workers(&namespace, "ha-cluster");
        Observation::new(loss.event(), "made by KubeRay's API server: head 60 s, workers 300 s")
            .outage(&outage)
            .same_workers(same)
            .actors(fate)
            .record(&object, &[]);
        assert_eq!((fate, same), (Fate::Kept, true), "{loss:?}");
    }
}
