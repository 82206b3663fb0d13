//! The data that the cache keeps of the objects of one source.

use std::collections::HashMap;
use std::fmt;

use kube::{Resource, ResourceExt as _};
use rayguard_policy::cluster_context::{Conflict, SecretKeyNames, StorageKeys};
use rayguard_policy::ray::storage_key::{Owner, StorageKey};
use serde::de::DeserializeOwned;

use super::projection::{ProjectedRayCluster, ProjectedSecret};

/// The data that the cache keeps of the objects of one source.
pub(super) trait ObjectIndex: Default {
    /// The type of the objects
    type Object: Resource<DynamicType = ()> + Clone + fmt::Debug + DeserializeOwned + Send + 'static;
    /// The `source` label of the metrics
    const SOURCE: &'static str;

    /// Adds an object, or replaces its previous state.
    fn apply(&mut self, object: Self::Object, cluster_domain: &str);

    /// Removes an object.
    fn delete(&mut self, object: &Self::Object);

    /// Returns the number of objects of which something is kept.
    fn len(&self) -> usize;
}

/// The storage keys of RayClusters.
#[derive(Debug, Default)]
pub(super) struct StorageKeyIndex {
    by_name: HashMap<ObjectName, (StorageKey, Owner)>,
    pub(super) keys: StorageKeys,
}

/// A namespace and a name.
type ObjectName = (Box<str>, Box<str>);

fn object_name(object: &impl Resource) -> ObjectName {
    let metadata = object.meta();
    let text = |text: &Option<String>| text.as_deref().unwrap_or_default().into();
    (text(&metadata.namespace), text(&metadata.name))
}

impl ObjectIndex for StorageKeyIndex {
    type Object = ProjectedRayCluster;
    const SOURCE: &'static str = "rayclusters";

    fn apply(&mut self, cluster: ProjectedRayCluster, cluster_domain: &str) {
        self.delete(&cluster);
        let namespace = cluster.namespace();
        let Some((relative, owner)) = &cluster.storage_key else { return };
        let Some(key) = relative.resolve(namespace.as_deref(), cluster_domain) else { return };
        self.keys.add(key.clone(), Conflict { owner: owner.clone(), location: None });
        self.by_name.insert(object_name(&cluster), (key, owner.clone()));
    }

    fn delete(&mut self, cluster: &ProjectedRayCluster) {
        if let Some((key, owner)) = self.by_name.remove(&object_name(cluster)) {
            self.keys.remove(&key, &owner);
        }
    }

    fn len(&self) -> usize {
        self.by_name.len()
    }
}

impl ObjectIndex for SecretKeyNames {
    type Object = ProjectedSecret;
    const SOURCE: &'static str = "secrets";

    fn apply(&mut self, secret: ProjectedSecret, _: &str) {
        let (_, name) = object_name(&secret);
        self.insert(name, secret.keys);
    }

    fn delete(&mut self, secret: &ProjectedSecret) {
        let (_, name) = object_name(secret);
        self.remove(&name);
    }

    fn len(&self) -> usize {
        self.len()
    }
}
