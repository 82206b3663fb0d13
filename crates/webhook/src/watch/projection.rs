//! The fields that the cache reads of an object: a few names, independent of the size of the object.

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};

use k8s_openapi::apimachinery::pkg::apis::meta::v1::ObjectMeta;
use k8s_openapi::{NamespaceResourceScope, api::core::v1::Secret};
use kube::{Api, Client, Resource};
use rayguard_manifest::json::Json;
use rayguard_policy::cluster_context::SecretKeys;
use rayguard_policy::kuberay::Kind;
use rayguard_policy::ray::RayObject;
use rayguard_policy::ray::storage_key::{Owner, RelativeStorageKey};
use serde::de::IgnoredAny;
use serde::{Deserialize, Deserializer};

/// A RayCluster, reduced to its storage key.
#[derive(Clone, Debug)]
pub(super) struct ProjectedRayCluster {
    metadata: ObjectMeta,
    pub(super) storage_key: Option<(RelativeStorageKey, Owner)>,
}

/// A Secret, reduced to the names of its keys.
#[derive(Clone, Debug)]
pub(super) struct ProjectedSecret {
    metadata: ObjectMeta,
    pub(super) keys: BTreeSet<Box<str>>,
}

impl<'de> Deserialize<'de> for ProjectedRayCluster {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let mut json = Json::deserialize(deserializer)?;
        if let Some(object) = json.as_object_mut() {
            // The items of a list may omit these fields.
            object.insert("apiVersion", Json::String(Cow::Borrowed("ray.io/v1")));
            object.insert("kind", Json::String(Cow::Borrowed(Kind::RayCluster.as_str())));
        }
        let object = RayObject::read(&json);
        let storage_key = object.and_then(|object| Some((object.relative_storage_key()?, object.owner())));
        let text = |field: &str| json.descend(["metadata", field]).as_nonempty_str().map(str::to_owned);
        let metadata =
            ProjectedMetadata { name: text("name"), namespace: text("namespace"), version: text("resourceVersion") };
        Ok(Self { metadata: metadata.into(), storage_key })
    }
}

impl<'de> Deserialize<'de> for ProjectedSecret {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        /// A Secret whose values are skipped.
        #[derive(Deserialize)]
        struct Names {
            metadata: ProjectedMetadata,
            #[expect(clippy::zero_sized_map_values, reason = "serde cannot deserialize a map as a set")]
            data: Option<BTreeMap<Box<str>, IgnoredAny>>,
        }
        let Names { metadata, data } = Names::deserialize(deserializer)?;
        Ok(Self { metadata: metadata.into(), keys: data.unwrap_or_default().into_keys().collect() })
    }
}

/// Reads the names of the keys of a Secret. Its values are skipped.
///
/// # Errors
///
/// Returns an error if the Secret cannot be read. A Secret that does not exist is no error.
pub async fn secret_keys(client: &Client, namespace: &str, name: &str) -> kube::Result<SecretKeys> {
    let secret = Api::<ProjectedSecret>::namespaced(client.clone(), namespace).get_opt(name).await?;
    Ok(secret.map_or(SecretKeys::Absent, |secret| SecretKeys::Present(secret.keys)))
}

/// The metadata that a watch needs.
#[derive(Deserialize)]
struct ProjectedMetadata {
    name: Option<String>,
    namespace: Option<String>,
    #[serde(rename = "resourceVersion")]
    version: Option<String>,
}

impl From<ProjectedMetadata> for ObjectMeta {
    fn from(projected: ProjectedMetadata) -> Self {
        let ProjectedMetadata { name, namespace, version } = projected;
        Self { name, namespace, resource_version: version, ..Self::default() }
    }
}

impl Resource for ProjectedRayCluster {
    type DynamicType = ();
    type Scope = NamespaceResourceScope;

    fn kind((): &()) -> Cow<'_, str> {
        Cow::Borrowed(Kind::RayCluster.as_str())
    }

    fn group((): &()) -> Cow<'_, str> {
        Cow::Borrowed("ray.io")
    }

    fn version((): &()) -> Cow<'_, str> {
        Cow::Borrowed("v1")
    }

    fn plural((): &()) -> Cow<'_, str> {
        Cow::Borrowed("rayclusters")
    }

    fn meta(&self) -> &ObjectMeta {
        &self.metadata
    }

    fn meta_mut(&mut self) -> &mut ObjectMeta {
        &mut self.metadata
    }
}

impl Resource for ProjectedSecret {
    type DynamicType = ();
    type Scope = NamespaceResourceScope;

    fn kind((): &()) -> Cow<'_, str> {
        Secret::kind(&())
    }

    fn group((): &()) -> Cow<'_, str> {
        Secret::group(&())
    }

    fn version((): &()) -> Cow<'_, str> {
        Secret::version(&())
    }

    fn plural((): &()) -> Cow<'_, str> {
        Secret::plural(&())
    }

    fn meta(&self) -> &ObjectMeta {
        &self.metadata
    }

    fn meta_mut(&mut self) -> &mut ObjectMeta {
        &mut self.metadata
    }
}
