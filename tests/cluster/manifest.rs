//! The objects that the tests create.

use kube::api::DynamicObject;
use serde_json::{Value, json};

const TIMEOUT: &str = "RAY_gcs_rpc_server_reconnect_timeout_s";

/// The timeout that rayguard writes for the workers of [`good`]: 540 s more than that of its head. KubeRay would write
/// 600.
pub(crate) const DEFAULTED: &str = "1740";

/// Returns a RayCluster with fault tolerance, as in KubeRay's samples. Its head has a long timeout, and its workers
/// have none. Its Pods use almost no resources: Ray's image of several gigabytes is not on the node, so the pause
/// program runs in its place, and none of Ray's commands starts.
pub(crate) fn good(name: &str) -> DynamicObject {
    object("RayCluster", name, &cluster_spec(None))
}

/// Returns the cluster of [`good`] with workers that give up before the head does.
pub(crate) fn bad(name: &str) -> DynamicObject {
    object("RayCluster", name, &cluster_spec(Some("120")))
}

/// Returns a RayService with the cluster of [`good`].
pub(crate) fn good_service(name: &str) -> DynamicObject {
    let serve = "applications: [{name: app, import_path: app:app, route_prefix: /, deployments: \
                 [{name: app, num_replicas: 2, max_replicas_per_node: 1}]}]";
    object("RayService", name, &json!({"serveConfigV2": serve, "rayClusterConfig": cluster_spec(None)}))
}

/// Returns the object with this storage namespace at this Redis.
pub(crate) fn with_storage(mut object: DynamicObject, redis: &str, storage: &str) -> DynamicObject {
    let options = &mut cluster_of(&mut object)["gcsFaultToleranceOptions"];
    options["redisAddress"] = json!(redis);
    options["externalStorageNamespace"] = json!(storage);
    object
}

/// Returns the object without Pods for workers.
pub(crate) fn without_workers(mut object: DynamicObject) -> DynamicObject {
    let group = &mut cluster_of(&mut object)["workerGroupSpecs"][0];
    group["replicas"] = json!(0);
    group["minReplicas"] = json!(0);
    object
}

/// Returns the spec of the RayCluster that the object is or contains.
fn cluster_of(object: &mut DynamicObject) -> &mut Value {
    let spec = &mut object.data["spec"];
    if spec["rayClusterConfig"].is_null() { spec } else { &mut spec["rayClusterConfig"] }
}

fn object(kind: &str, name: &str, spec: &Value) -> DynamicObject {
    let object = json!({"apiVersion": "ray.io/v1", "kind": kind, "metadata": {"name": name}, "spec": spec});
    serde_json::from_value(object).expect("an object")
}

fn cluster_spec(worker_timeout: Option<&str>) -> Value {
    let pod = |container: &str, timeout: Option<&str>| {
        let env = timeout.map(|timeout| json!({"name": TIMEOUT, "value": timeout}));
        let resources = json!({"limits": {"cpu": "1", "memory": "1Gi"}, "requests": {"cpu": "10m", "memory": "64Mi"}});
        let image = "localhost/pause:1";
        json!({"spec": {"containers": [{"name": container, "image": image, "env": Vec::from_iter(env), "resources": resources}]}})
    };
    json!({
        "rayVersion": "2.52.0",
        "gcsFaultToleranceOptions": {
            "redisAddress": "redis:6379",
            "redisPassword": {"valueFrom": {"secretKeyRef": {"name": "redis-password-secret", "key": "password"}}},
        },
        "headGroupSpec": {"rayStartParams": {"num-cpus": "0"}, "template": pod("ray-head", Some("1200"))},
        "workerGroupSpecs": [{
            "groupName": "small", "replicas": 1, "minReplicas": 1, "maxReplicas": 5, "rayStartParams": {},
            "template": pod("ray-worker", worker_timeout),
        }],
    })
}

/// Returns the reconnect timeout of the first worker group in the spec of a RayCluster.
pub(crate) fn worker_timeout(spec: &Value) -> Option<&str> {
    timeout(&spec["workerGroupSpecs"][0]["template"]["spec"])
}

/// Returns the reconnect timeout in the spec of a Pod, which may have at most one.
#[track_caller]
pub(crate) fn timeout(pod_spec: &Value) -> Option<&str> {
    let env = pod_spec["containers"][0]["env"].as_array()?;
    let all: Vec<_> = env.iter().filter(|variable| variable["name"] == TIMEOUT).collect();
    assert!(all.len() < 2, "{all:?}");
    all.first()?["value"].as_str()
}
