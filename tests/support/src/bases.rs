//! Good objects to start from: handwritten ones and KubeRay's samples.

use rayguard_manifest::json::Json;
use rayguard_policy::kuberay::Version;
use rayguard_policy::ray::RayObject;
use rayguard_policy::schema::Schema;
use serde_json::{Value, json};

use crate::kuberay::{newest, samples};

/// Returns small objects of every kind, in each variant that a check of KubeRay distinguishes.
pub fn own() -> Vec<Value> {
    let clusters = [
        json!({"headGroupSpec": head(), "workerGroupSpecs": [group("small"), group("large")]}),
        json!({"headGroupSpec": head()}),
        json!({"rayVersion": "2.55.0", "enableInTreeAutoscaling": true, "autoscalerOptions": {"version": "v2", "idleTimeoutSeconds": 60},
            "headGroupSpec": head(), "workerGroupSpecs": [group("small"), group("large")]}),
        json!({"rayVersion": "2.52.0", "headGroupSpec": head(), "workerGroupSpecs": [group("small")], "gcsFaultToleranceOptions":
            {"redisAddress": "redis:6379", "redisPassword": {"valueFrom": {"secretKeyRef": {"name": "redis", "key": "password"}}}}}),
    ];
    let object = |kind: &str, spec: Value| json!({"apiVersion": "ray.io/v1", "kind": kind, "metadata": {"name": "c", "namespace": "n"}, "spec": spec});
    let mut objects = Vec::new();
    for cluster in &clusters {
        objects.push(object("RayCluster", cluster.clone()));
        objects.push(object("RayService", json!({"serveConfigV2": "applications: []", "rayClusterConfig": cluster})));
        objects.push(object("RayJob", json!({"entrypoint": "python job.py", "rayClusterSpec": cluster})));
        let job = json!({"entrypoint": "python job.py", "rayClusterSpec": cluster});
        objects.push(object("RayCronJob", json!({"schedule": "0 4 * * *", "jobTemplate": job})));
    }
    // A cluster with fault tolerance by annotation.
    let mut legacy = object("RayCluster", clusters[0].clone());
    legacy["metadata"]["annotations"] = json!({"ray.io/ft-enabled": "true"});
    let ray = &mut legacy["spec"]["headGroupSpec"]["template"]["spec"]["containers"][0];
    ray["env"] =
        json!([{"name": "RAY_REDIS_ADDRESS", "value": "redis:6379"}, {"name": "REDIS_PASSWORD", "value": "x"}]);
    legacy["spec"]["headGroupSpec"]["rayStartParams"] = json!({"redis-password": "$REDIS_PASSWORD"});
    objects.push(legacy);
    objects.push(object(
        "RayService",
        json!({"serveConfigV2": "applications: []", "rayClusterConfig": clusters[2], "upgradeStrategy": {
            "type": "NewClusterWithIncrementalUpgrade", "clusterUpgradeOptions":
            {"gatewayClassName": "istio", "maxSurgePercent": 40, "stepSizePercent": 5, "intervalSeconds": 10}}}),
    ));
    for job in [
        json!({"clusterSelector": {"ray.io/cluster": "c"}}),
        json!({"rayClusterSpec": clusters[0], "shutdownAfterJobFinishes": true, "ttlSecondsAfterFinished": 10, "suspend": true}),
        json!({"rayClusterSpec": clusters[0], "submissionMode": "SidecarMode", "backoffLimit": 2}),
        json!({"rayClusterSpec": clusters[0], "submissionMode": "InteractiveMode"}),
        json!({"rayClusterSpec": clusters[0], "deletionStrategy": {"deletionRules": [
            {"policy": "DeleteWorkers", "condition": {"jobStatus": "FAILED", "ttlSeconds": 10}},
            {"policy": "DeleteCluster", "condition": {"jobStatus": "FAILED", "ttlSeconds": 20}},
            {"policy": "DeleteSelf", "condition": {"jobDeploymentStatus": "Complete", "ttlSeconds": 5}}]}}),
        json!({"rayClusterSpec": clusters[0], "deletionStrategy":
            {"onSuccess": {"policy": "DeleteCluster"}, "onFailure": {"policy": "DeleteNone"}}}),
    ] {
        objects.push(object("RayJob", job.clone()));
        objects.push(object("RayCronJob", json!({"schedule": "@daily", "jobTemplate": job})));
    }
    objects
}

fn head() -> Value {
    json!({"rayStartParams": {}, "template": {"spec": {"containers": [{"name": "ray-head", "image": "rayproject/ray:2.52.0"}]}}})
}

fn group(name: &str) -> Value {
    json!({"groupName": name, "replicas": 1, "minReplicas": 0, "maxReplicas": 4, "rayStartParams": {},
        "template": {"spec": {"containers": [{"name": "ray-worker", "image": "rayproject/ray:2.52.0"}]}}})
}

/// Returns KubeRay's samples as the API server would store them, with the defaults of KubeRay's CRDs.
pub fn published() -> Vec<Value> {
    let mut objects = Vec::new();
    for (_, text) in samples(newest()) {
        for document in rayguard_manifest::yaml::documents(&text) {
            let mut json: Json<'_> = document.expect("KubeRay's samples are YAML").json;
            if RayObject::read(&json).is_some() {
                Schema::of(Version::v1(6)).conform(&mut json);
                objects.push(Value::from(&json));
            }
        }
    }
    assert!(objects.len() > 50, "KubeRay {} has {} samples of its kinds", newest(), objects.len());
    objects
}
