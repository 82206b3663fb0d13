//! What the operator makes, and what it makes it of.

use k8s_openapi::api::core::v1::Pod;
use kube::ResourceExt;
use kube::api::{Api, DynamicObject, ListParams};
use serde_json::Value;

use crate::node::{Node, eventually};
use rayguard_test_client::kubectl::Kubectl;

/// What the operator puts on a cluster with fault tolerance, until it has cleaned up the cluster's part of Redis.
pub(super) const FINALIZER: &str = "ray.io/gcs-ft-redis-cleanup-finalizer";

/// A new namespace, with the password of the Redis that is named there. No Redis is at hand; KubeRay's Job that cleans up
/// in it fails at once, for it needs Ray's image, and what matters is that the finalizer goes once it has ended.
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

    /// The object, once the operator has put its finalizer on it.
    pub(super) fn with_finalizer(&self, name: &str) -> DynamicObject {
        eventually("the operator's finalizer", || {
            Some(self.get(name)).filter(|object| object.finalizers() == [FINALIZER])
        })
    }

    /// Waits until nothing is left of an object.
    pub(super) fn is_gone(&self, name: &str) {
        eventually("the object's end", || self.find(name).is_none().then_some(()));
    }
}

/// The specs of the Pods of a RayCluster's workers, once there are so many.
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

/// A spec without what is empty in it, for the operator's Go structs write some of that: `metadata: {}`.
pub(super) fn without_what_is_empty(value: &Value) -> Value {
    match value {
        Value::Object(members) => {
            let members = members.iter().map(|(key, value)| (key.clone(), without_what_is_empty(value)));
            let is_empty = |value: &Value| value.is_null() || value.as_object().is_some_and(serde_json::Map::is_empty);
            Value::Object(members.filter(|(_, value)| !is_empty(value)).collect())
        }
        Value::Array(items) => items.iter().map(without_what_is_empty).collect(),
        other => other.clone(),
    }
}
