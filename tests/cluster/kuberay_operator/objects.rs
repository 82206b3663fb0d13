//! The objects of the tests, and the objects that the operator creates from them.

use k8s_openapi::api::core::v1::Pod;
use kube::ResourceExt;
use kube::api::{Api, DynamicObject, ListParams};
use rayguard_test_client::kubectl::Kubectl;
use serde_json::Value;

use rayguard_test_client::node::{Node, eventually};

/// The finalizer that the operator sets on a cluster with fault tolerance, until it has cleaned up the cluster's keys
/// in Redis.
pub(super) const FINALIZER: &str = "ray.io/gcs-ft-redis-cleanup-finalizer";

/// Creates a namespace with the password Secret of the Redis that the manifests name. No Redis runs. KubeRay's Job that
/// cleans up Redis fails at once, because it needs Ray's image; the finalizer goes when the Job has ended.
pub(super) fn users(namespace: &str) -> Kubectl {
    let users = Node::get().namespace(namespace);
    users.run("create secret generic redis-password-secret --from-literal password=secret").passes();
    users
}

/// Objects of one kind in one namespace.
pub(super) struct Objects(Api<DynamicObject>);

impl Objects {
    pub(super) fn of(kind: &str, namespace: &str) -> Self {
        Self(Node::get().ray(kind, namespace))
    }

    pub(super) fn find(&self, name: &str) -> Option<DynamicObject> {
        Node::get().runtime.block_on(self.0.get_opt(name)).expect("kube-apiserver answers")
    }

    pub(super) fn get(&self, name: &str) -> DynamicObject {
        self.find(name).expect("it is there")
    }

    pub(super) fn names(&self) -> Vec<String> {
        let objects =
            Node::get().runtime.block_on(self.0.list(&ListParams::default())).expect("kube-apiserver answers");
        objects.iter().map(ResourceExt::name_any).collect()
    }

    /// Returns the object, once the operator has set its finalizer on it.
    pub(super) fn with_finalizer(&self, name: &str) -> DynamicObject {
        eventually("the operator's finalizer", || {
            Some(self.get(name)).filter(|object| object.finalizers() == [FINALIZER])
        })
    }

    /// Waits until an object is deleted.
    pub(super) fn wait_until_gone(&self, name: &str) {
        eventually("the object's end", || self.find(name).is_none().then_some(()));
    }
}

/// Returns the specs of the Pods of a RayCluster's workers, once there are this many.
pub(super) fn workers(namespace: &str, cluster: &str, count: usize) -> Vec<Value> {
    let node = Node::get();
    let selector = format!("ray.io/cluster={cluster},ray.io/node-type=worker");
    let pods = Api::<Pod>::namespaced(node.client.clone(), namespace);
    eventually("the Pods of workers", || {
        let pods = node.runtime.block_on(pods.list(&ListParams::default().labels(&selector))).expect("an answer");
        let specs = pods.iter().map(|pod| serde_json::to_value(&pod.spec).expect("JSON"));
        Some(specs.collect::<Vec<_>>()).filter(|pods| pods.len() == count)
    })
}

/// Returns a spec without empty fields. The operator's Go structs write some of them, such as `metadata: {}`.
pub(super) fn without_empty_fields(value: &Value) -> Value {
    match value {
        Value::Object(members) => {
            let members = members.iter().map(|(key, value)| (key.clone(), without_empty_fields(value)));
            let is_empty = |value: &Value| value.is_null() || value.as_object().is_some_and(serde_json::Map::is_empty);
            Value::Object(members.filter(|(_, value)| !is_empty(value)).collect())
        }
        Value::Array(items) => items.iter().map(without_empty_fields).collect(),
        other => other.clone(),
    }
}
