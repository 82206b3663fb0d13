//! Rules about other objects, with a watch on the cluster.

mod breaks;
mod secrets;
mod written;

use serde_json::{Value, json};

use super::ApiServer;
use super::namespace::Namespace;
use super::role::WATCH;
use crate::server::process::{Rayguard, eventually};

const RULE: &str = "(shared-storage-namespace)";

/// Returns a RayCluster with this storage namespace at this Redis.
pub(super) fn cluster(name: &str, redis: &str, storage: &str) -> Value {
    json!({
        "apiVersion": "ray.io/v1",
        "kind": "RayCluster",
        "metadata": {"name": name},
        "spec": {
            "rayVersion": "2.52.0",
            "gcsFaultToleranceOptions": {
                "redisAddress": redis,
                "redisPassword": {"valueFrom": {"secretKeyRef": {"name": "redis", "key": "password"}}},
                "externalStorageNamespace": storage,
            },
            "headGroupSpec": {
                "rayStartParams": {"num-cpus": "0"},
                "template": {"spec": {"containers": [{
                    "name": "ray-head",
                    "image": "rayproject/ray:2.52.0",
                    "resources": {"limits": {"cpu": "1", "memory": "2Gi"}},
                }]}},
            },
        },
    })
}

/// Returns a RayService whose cluster has this storage namespace at this Redis.
fn service(name: &str, redis: &str, storage: &str) -> Value {
    let spec = &cluster(name, redis, storage)["spec"];
    json!({
        "apiVersion": "ray.io/v1",
        "kind": "RayService",
        "metadata": {"name": name},
        "spec": {"serveConfigV2": "applications: []\n", "rayClusterConfig": spec},
    })
}

/// A service account in a namespace, which may have the rights of `--watch-clusters`.
struct Account<'a> {
    server: &'a ApiServer,
    namespace: &'a Namespace<'a>,
    token: String,
}

impl<'a> Account<'a> {
    fn new(server: &'a ApiServer, namespace: &'a Namespace<'a>) -> Self {
        let token = namespace.account("rayguard");
        Self { server, namespace, token }
    }

    /// Gives the account the rights that the chart gives it.
    fn grant(&self) {
        WATCH.grant(self.namespace, "rayguard");
    }

    fn start(&self, arguments: &[&str]) -> Rayguard {
        let kubeconfig = self.server.kubeconfig(self.server.address(), &self.token, &self.namespace.name);
        Rayguard::with_kubeconfig(&kubeconfig, arguments)
    }
}

/// Starts a rayguard that watches the RayClusters of an API server.
fn watching(server: &ApiServer) -> Rayguard {
    let kubeconfig = server.kubeconfig(server.address(), super::TOKEN, "default");
    let rayguard = Rayguard::with_kubeconfig(&kubeconfig, &["--watch-clusters"]);
    wait_until_synced(&rayguard, "rayclusters");
    rayguard
}

/// Waits until the watch of a source has synced.
fn wait_until_synced(rayguard: &Rayguard, source: &str) {
    let metric = format!("rayguard_view_complete{{source=\"{source}\"}}");
    eventually("the watch to sync", || (rayguard.metric(&metric) == 1).then_some(()));
}

/// Waits until an object is refused because it shares its storage namespace with this owner, and returns the message.
#[track_caller]
fn wait_until_refused(namespace: &Namespace<'_>, object: &Value, with: &str) -> String {
    let text = object.to_string();
    eventually("a refusal", || {
        let outcome = namespace.send("create --dry-run=server -f -", &text);
        (!outcome.success()).then(|| {
            assert!(outcome.stderr.contains(RULE), "{}", outcome.stderr);
            assert!(outcome.stderr.contains(&format!("shared with {with}")), "{}", outcome.stderr);
            outcome.stderr
        })
    })
}

/// Waits until an object could be created.
fn wait_until_accepted(namespace: &Namespace<'_>, object: &Value) {
    let text = object.to_string();
    eventually("an object to be accepted", || {
        namespace.send("create --dry-run=server -f -", &text).success().then_some(())
    });
}

/// Returns an owner reference to this object as the controller.
fn owner(namespace: &Namespace<'_>, object: &str) -> Value {
    let owner = namespace.get(object);
    json!([{"apiVersion": owner["apiVersion"], "kind": owner["kind"], "name": owner["metadata"]["name"],
        "uid": owner["metadata"]["uid"], "controller": true}])
}
