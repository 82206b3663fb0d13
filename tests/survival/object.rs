//! The RayClusters and RayServices that the tests create.

use serde_json::{Value, json};

use crate::redis;

pub(crate) const TIMEOUT: &str = "RAY_gcs_rpc_server_reconnect_timeout_s";

/// Returns the version of Ray that most tests run.
pub(crate) fn ray_version() -> String {
    std::env::var("RAY_VERSION").expect("RAY_VERSION, which tests/survival/run sets")
}

/// A Serve configuration of one application with this number of replicas, each on a node of its own.
pub(crate) fn serve(replicas: u32) -> String {
    format!(
        "applications:\n- name: sums\n  import_path: sums:app\n  route_prefix: /sums\n  deployments:\n  - name: Sums\n    \
         num_replicas: {replicas}\n    max_replicas_per_node: 1\n    ray_actor_options: {{num_cpus: 0.2}}\n"
    )
}

/// The spec of a cluster, which starts as a good one with fault tolerance on the Redis of its namespace.
#[derive(Clone)]
pub(crate) struct Cluster {
    name: &'static str,
    annotations: Value,
    spec: Value,
}

impl Cluster {
    /// Returns a cluster with one worker, a head that schedules no work, and fault tolerance by options. Nothing sets a
    /// reconnect timeout.
    pub(crate) fn new(name: &'static str) -> Self {
        let version = ray_version();
        let spec = json!({
            "rayVersion": version,
            "gcsFaultToleranceOptions": {
                "redisAddress": redis::ADDRESS,
                "redisPassword": {"valueFrom": {"secretKeyRef": {"name": redis::SECRET, "key": "password"}}},
            },
            "headGroupSpec": {"rayStartParams": {"num-cpus": "0"}, "template": pod("ray-head", "3Gi")},
            "workerGroupSpecs": [{
                "groupName": "small", "replicas": 1, "minReplicas": 1, "maxReplicas": 1,
                "rayStartParams": {"num-cpus": "2"}, "template": pod("ray-worker", "2Gi"),
            }],
        });
        Self { name, annotations: json!({}), spec }.ray(&version)
    }

    /// Sets the version of Ray.
    pub(crate) fn ray(mut self, version: &str) -> Self {
        self.spec["rayVersion"] = json!(version);
        for group in ["/headGroupSpec", "/workerGroupSpecs/0"] {
            let container = self.spec.pointer_mut(&format!("{group}/template/spec/containers/0"));
            container.expect("a container")["image"] = json!(format!("docker.io/rayproject/ray:{version}"));
        }
        self
    }

    /// Sets the reconnect timeout of the head.
    pub(crate) fn head_timeout(self, seconds: &str) -> Self {
        self.head_env(TIMEOUT, seconds)
    }

    /// Sets the reconnect timeout of the workers.
    pub(crate) fn worker_timeout(self, seconds: &str) -> Self {
        self.env("/workerGroupSpecs/0", json!({"name": TIMEOUT, "value": seconds}))
    }

    /// Adds an environment variable to the head.
    pub(crate) fn head_env(self, name: &str, value: &str) -> Self {
        self.env("/headGroupSpec", json!({"name": name, "value": value}))
    }

    /// Adds an environment variable to a group.
    pub(crate) fn env(mut self, group: &str, variable: Value) -> Self {
        let env = self.spec.pointer_mut(&format!("{group}/template/spec/containers/0/env")).expect("a list");
        env.as_array_mut().expect("a list").push(variable);
        self
    }

    /// Sets a field of the spec.
    pub(crate) fn set(mut self, parent: &str, field: &str, value: Value) -> Self {
        self.spec.pointer_mut(parent).expect("the parent is there")[field] = value;
        self
    }

    /// Removes a field of the spec.
    pub(crate) fn without(mut self, field: &str) -> Self {
        self.spec.as_object_mut().expect("a spec").remove(field);
        self
    }

    /// Removes fault tolerance.
    pub(crate) fn without_fault_tolerance(self) -> Self {
        self.without("gcsFaultToleranceOptions")
    }

    /// Configures fault tolerance by annotation, in the older way, with the address and the password of Redis.
    pub(crate) fn by_annotation(self) -> Self {
        let password = json!({"secretKeyRef": {"name": redis::SECRET, "key": "password"}});
        self.only_annotation()
            .head_env("RAY_REDIS_ADDRESS", redis::ADDRESS)
            .env("/headGroupSpec", json!({"name": "REDIS_PASSWORD", "valueFrom": password}))
            .head_param("redis-password", "$REDIS_PASSWORD")
    }

    /// Configures fault tolerance by annotation, with neither an address nor a password of Redis.
    pub(crate) fn only_annotation(self) -> Self {
        self.without("gcsFaultToleranceOptions").annotate("ray.io/ft-enabled", "true")
    }

    /// Adds an annotation.
    pub(crate) fn annotate(mut self, key: &str, value: &str) -> Self {
        self.annotations[key] = json!(value);
        self
    }

    /// Sets a parameter of `ray start` on the head.
    pub(crate) fn head_param(self, name: &str, value: &str) -> Self {
        self.set("/headGroupSpec/rayStartParams", name, json!(value))
    }

    /// Sets a parameter of `ray start` on the workers.
    pub(crate) fn worker_param(self, name: &str, value: &str) -> Self {
        self.set("/workerGroupSpecs/0/rayStartParams", name, json!(value))
    }

    /// Sets an option of fault tolerance.
    pub(crate) fn option(self, name: &str, value: &str) -> Self {
        self.set("/gcsFaultToleranceOptions", name, json!(value))
    }

    /// Sets the number of workers.
    pub(crate) fn workers(self, count: u32) -> Self {
        ["replicas", "minReplicas", "maxReplicas"]
            .into_iter()
            .fold(self, |cluster, field| cluster.set("/workerGroupSpecs/0", field, json!(count)))
    }

    /// Returns a RayCluster.
    pub(crate) fn object(&self) -> Value {
        self.of_kind("RayCluster", &self.spec)
    }

    /// Returns a RayService with this Serve configuration.
    pub(crate) fn service(&self, serve: &str) -> Value {
        self.of_kind("RayService", &json!({"serveConfigV2": serve, "rayClusterConfig": self.spec}))
    }

    fn of_kind(&self, kind: &str, spec: &Value) -> Value {
        let metadata = json!({"name": self.name, "annotations": self.annotations});
        json!({"apiVersion": "ray.io/v1", "kind": kind, "metadata": metadata, "spec": spec})
    }
}

/// Returns a Pod template with the applications of the tests. The requests are less than the limits, so that several
/// clusters fit on the node.
fn pod(container: &str, memory: &str) -> Value {
    json!({"spec": {
        "containers": [{
            "name": container,
            "imagePullPolicy": "IfNotPresent",
            "env": [{"name": "PYTHONPATH", "value": "/home/ray/apps"}],
            "resources": {"requests": {"cpu": "20m", "memory": "512Mi"}, "limits": {"memory": memory}},
            "volumeMounts": [{"name": "apps", "mountPath": "/home/ray/apps"}],
        }],
        "volumes": [{"name": "apps", "configMap": {"name": "apps"}}],
    }})
}
