//! The objects of a live cluster that rules compare an object with.

use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, OnceLock, PoisonError};

use kube::Client;
use rayguard_check::report::Unreadable;
use rayguard_manifest::json::Json;
use rayguard_policy::cluster_context::{ClusterContext, Conflicts, KnownObjects, SecretKeys};
use rayguard_policy::kuberay::Kind;
use rayguard_policy::ray::RayObject;
use rayguard_policy::ray::storage_key::{Owner, StorageKey};
use rayguard_webhook::kube_api::ray_objects::{self, RayObjectPager};
use rayguard_webhook::watch::secret_keys;

/// A namespace and a name.
type Name = (String, String);

/// The storage keys of the RayClusters of a cluster, and the Secrets that they refer to.
#[derive(Debug, Default)]
pub(super) struct LiveContext {
    /// `None` if not all RayClusters can be read. The error is reported when they are checked.
    clusters: OnceLock<Option<KnownObjects>>,
    /// The Secrets that were requested; `None` for one that cannot be read.
    secrets: Mutex<HashMap<Name, Option<SecretKeys>>>,
}

impl LiveContext {
    /// Reads the storage keys of all RayClusters, once.
    pub(super) async fn read_clusters(&self, clusters: impl FnOnce() -> RayObjectPager, domain: &str) {
        if self.clusters.get().is_none() {
            let known = storage_keys(clusters(), domain).await;
            self.clusters.get_or_init(|| known);
        }
    }

    /// Requests the Secret of an object's password, unless it was requested before.
    ///
    /// # Errors
    ///
    /// The Secret cannot be read.
    pub(super) async fn read_secret(&self, client: &Client, object: &Json<'_>) -> Result<(), Unreadable> {
        let Some(object) = RayObject::read(object) else { return Ok(()) };
        let (Some(secret), Some(namespace)) = (object.redis_password_secret(), object.namespace) else { return Ok(()) };
        let name = (namespace.to_owned(), secret.name.to_owned());
        if self.secrets().contains_key(&name) {
            return Ok(());
        }
        let keys = secret_keys(client, namespace, secret.name).await;
        self.secrets().insert(name, keys.as_ref().ok().cloned());
        keys.map(drop).map_err(|error| {
            let message = match error {
                kube::Error::Api(status) => status.message,
                error => ray_objects::request_error(&error),
            };
            let message = format!("cannot read the Secret of a password: {message}");
            Unreadable::new(format!("cluster:secrets/{namespace}/{}", secret.name), message)
        })
    }

    fn secrets(&self) -> MutexGuard<'_, HashMap<Name, Option<SecretKeys>>> {
        self.secrets.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl ClusterContext for LiveContext {
    fn conflicts(&self, key: &StorageKey, owner: &Owner) -> Option<Conflicts> {
        self.clusters.get()?.as_ref()?.conflicts(key, owner)
    }

    fn secret(&self, namespace: &str, name: &str) -> Option<SecretKeys> {
        self.secrets().get(&(namespace.to_owned(), name.to_owned())).cloned().flatten()
    }
}

/// Returns the storage keys of RayClusters; `None` if not all of them can be read.
async fn storage_keys(clusters: RayObjectPager, domain: &str) -> Option<KnownObjects> {
    let mut clusters = clusters.only(Kind::RayCluster);
    let mut known = KnownObjects::default();
    while let Some(page) = clusters.next_page().await {
        for json in page.ok()?.iter().filter_map(|stored| stored.parse().ok()) {
            if let Some(object) = RayObject::read(&json) {
                known.add(&object, domain, None);
            }
        }
    }
    Some(known)
}
