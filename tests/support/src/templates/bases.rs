//! Correct objects, of every kind, with Pods that have something in most lists.

use serde_json::{Value, json};

/// Returns the objects.
pub(super) fn all() -> Vec<Value> {
    let object = |kind: &str, name: &str, spec: Value| json!({"apiVersion": "ray.io/v1", "kind": kind, "metadata": {"name": name, "namespace": "team"}, "spec": spec});
    let plain = json!({"rayVersion": "2.55.0", "headGroupSpec": head(), "workerGroupSpecs": [group("small"),
    group("large")]});
    let scaled = with(
        &plain,
        &[
            ("/enableInTreeAutoscaling", json!(true)),
            (
                "/autoscalerOptions",
                json!({"resources": {"limits": {"cpu": "500m", "memory": "512Mi"},
        "requests": {"cpu": "500m"}}}),
            ),
        ],
    );
    let scaled2 =
        with(&plain, &[("/enableInTreeAutoscaling", json!(true)), ("/autoscalerOptions", json!({"version": "v2"}))]);
    let durable = with(
        &plain,
        &[(
            "/gcsFaultToleranceOptions",
            json!({
        "redisAddress": "redis:6379", "redisPassword": {"valueFrom": {"secretKeyRef": {"name": "redis",
        "key": "password"}}}}),
        )],
    );
    let guarded = with(&plain, &[("/authOptions", json!({"mode": "token"}))]);
    let served = with(&plain, &[("/headGroupSpec/headService", service("head"))]);
    let hosts = with(&plain, &[("/workerGroupSpecs/0/numOfHosts", json!(2))]);
    let bare = json!({"headGroupSpec": {"rayStartParams": {}, "template": {"spec": {"containers": [
        {"name": "ray-head", "image": "rayproject/ray:2.55.0"}]}}}});
    let config = "applications:\n- name: app\n  import_path: app:app\n  route_prefix: /\n";
    let serve = |cluster: &Value| json!({"serveConfigV2": config, "rayClusterConfig": cluster});
    let job = |cluster: &Value| json!({"entrypoint": "python job.py", "rayClusterSpec": cluster});
    let submitted = with(&job(&plain), &[("/submitterPodTemplate", submitter())]);
    vec![
        object("RayCluster", "plain", plain.clone()),
        object("RayCluster", "scaled", scaled.clone()),
        object("RayCluster", "scaled-v2", scaled2),
        object("RayCluster", "durable", durable.clone()),
        object("RayCluster", "guarded", guarded),
        object("RayCluster", "served", served.clone()),
        object("RayCluster", "hosts", hosts),
        object("RayCluster", "bare", bare),
        object("RayService", "service", serve(&plain)),
        object("RayService", "durable-service", with(&serve(&durable), &[("/serveService", service("serve"))])),
        // A RayService allows no name of the head's Service.
        object(
            "RayService",
            "served-service",
            with(&serve(&served), &[("/rayClusterConfig/headGroupSpec/headService/metadata", json!({}))]),
        ),
        object("RayJob", "job", job(&plain)),
        object("RayJob", "submitted", submitted.clone()),
        object("RayJob", "scaled-job", with(&job(&scaled), &[("/submitterPodTemplate", submitter())])),
        object("RayJob", "sidecar", with(&job(&plain), &[("/submissionMode", json!("SidecarMode"))])),
        object("RayCronJob", "nightly", json!({"schedule": "0 4 * * *", "jobTemplate": submitted})),
    ]
}

fn with(value: &Value, fields: &[(&str, Value)]) -> Value {
    let mut value = value.clone();
    for (pointer, field) in fields {
        super::change::set(&mut value, pointer, field.clone()).expect("the pointer fits");
    }
    value
}

fn pod(container: &str, ports: &Value) -> Value {
    json!({"metadata": {"labels": {"team": "a"}, "annotations": {"example.com/note": "x"}}, "spec": {
        "containers": [
            {"name": container, "image": "rayproject/ray:2.55.0", "ports": ports,
             "resources": {"limits": {"cpu": "2", "memory": "4Gi"}, "requests": {"cpu": "1", "memory": "4Gi"}},
             "env": [{"name": "MODE", "value": "x"}], "volumeMounts": [{"name": "logs", "mountPath": "/logs"}]},
            {"name": "logger", "image": "fluent/fluent-bit:3.0", "volumeMounts": [{"name": "logs",
            "mountPath": "/logs"}]},
        ],
        "initContainers": [{"name": "prepare", "image": "busybox:1.36", "command": ["true"]}],
        "volumes": [
            {"name": "logs", "emptyDir": {}},
            {"name": "config", "configMap": {"name": "config"}},
            {"name": "claim", "persistentVolumeClaim": {"claimName": "data"}},
        ],
    }})
}

fn head() -> Value {
    let ports = json!([
        {"containerPort": 6379, "name": "gcs-server"}, {"containerPort": 8265, "name": "dashboard"},
        {"containerPort": 10001, "name": "client"}, {"containerPort": 8000, "name": "serve"},
    ]);
    json!({"rayStartParams": {}, "template": pod("ray-head", &ports)})
}

fn group(name: &str) -> Value {
    json!({"groupName": name, "replicas": 1, "minReplicas": 0, "maxReplicas": 4, "rayStartParams": {},
        "template": pod("ray-worker", &json!([]))})
}

fn submitter() -> Value {
    let mut template = pod("submitter", &json!([]));
    template["spec"]["restartPolicy"] = json!("Never");
    template
}

fn service(name: &str) -> Value {
    json!({"metadata": {"name": name}, "spec": {"type": "ClusterIP", "ports": [{"name": "extra", "port": 9000}]}})
}
