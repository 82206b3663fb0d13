//! Ratcheting: on an update, a violation that the stored object has already is a warning.

use rayguard_manifest::json::Json;
use rayguard_policy::cluster_context::KnownObjects;
use rayguard_policy::context::{Context, Environment, Previous};
use rayguard_policy::policy::Policy;
use rayguard_policy::ray::RayObject;
use rayguard_policy::rule::Level;
use serde_json::{Value, json};

/// Returns a RayCluster with this storage namespace, created by a RayService of this name, if any.
fn cluster(name: &str, storage_namespace: &str, service: Option<&str>) -> Json<'static> {
    let owners: Vec<Value> = service
        .iter()
        .map(|service| json!({"apiVersion": "ray.io/v1", "kind": "RayService", "name": service, "controller": true}))
        .collect();
    let cluster = json!({
        "apiVersion": "ray.io/v1", "kind": "RayCluster",
        "metadata": {"name": name, "namespace": "a", "ownerReferences": owners},
        "spec": {
            "gcsFaultToleranceOptions": {"redisAddress": "redis:6379", "externalStorageNamespace": storage_namespace},
            "headGroupSpec": {"template": {"spec": {"containers": [{"name": "ray-head"}]}}},
        },
    });
    serde_json::from_str::<Json<'_>>(&cluster.to_string()).expect("JSON").into_owned()
}

/// Returns the level of shared-storage-namespace on an update, next to these stored objects.
fn level(stored: &[&Json<'_>], old: &Json<'_>, new: &Json<'_>) -> Option<Level> {
    let policy = Policy::default();
    let mut known = KnownObjects::default();
    for object in stored {
        known.add(&RayObject::read(object).expect("a RayCluster"), &policy.settings.cluster_domain, None);
    }
    let [old, new] = [old, new].map(|object| RayObject::read(object).expect("a RayCluster"));
    let environment = Environment { cluster: &known, ..Environment::EMPTY };
    let context = Context::new(&new, &policy.settings).within(environment).replacing(Some(&old as &dyn Previous<'_>));
    let findings = policy.review(&context).into_iter();
    findings.filter(|finding| finding.rule.name == "shared-storage-namespace").map(|finding| finding.level).next()
}

#[test]
fn an_update_with_the_same_storage_key_warns_even_if_the_owner_changes() {
    let (owned, orphan) = (cluster("c", "one", Some("s")), cluster("c", "one", None));
    // The stored object still has its old owner, and so conflicts with its own update.
    assert_eq!(level(&[&owned], &owned, &orphan), Some(Level::Warn));
    assert_eq!(level(&[&orphan], &orphan, &owned), Some(Level::Warn));
}

#[test]
fn an_update_to_a_storage_key_of_another_cluster_is_denied() {
    let (first, old, new) = (cluster("first", "one", None), cluster("c", "two", None), cluster("c", "one", None));
    assert_eq!(level(&[&first, &old], &old, &new), Some(Level::Deny));
    assert_eq!(level(&[&first, &new], &new, &new), Some(Level::Warn), "it had this key before");
    assert_eq!(level(&[&first, &old], &old, &old), None);
}
