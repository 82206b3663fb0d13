//! What is kept of the objects that are watched: a few names of each, however large it is.

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};

use k8s_openapi::apimachinery::pkg::apis::meta::v1::ObjectMeta;
use k8s_openapi::{NamespaceResourceScope, api::core::v1::Secret};
use kube::{Api, Client, Resource};
use serde::de::IgnoredAny;
use serde::{Deserialize, Deserializer};

use rayguard_manifest::json::Json;
use rayguard_policy::cluster_context::SecretKeys;
use rayguard_policy::kuberay::Kind;
use rayguard_policy::ray::RayObject;
use rayguard_policy::ray::storage_key::{Owner, RelativeStorageKey};

/// A RayCluster, of which only its claim is kept.
#[derive(Clone, Debug)]
pub(super) struct RayCluster {
    metadata: ObjectMeta,
    pub(super) claim: Option<(RelativeStorageKey, Owner)>,
}

/// A Secret, of which only the names of its keys are kept.
#[derive(Clone, Debug)]
pub(super) struct SecretNames {
    metadata: ObjectMeta,
    pub(super) keys: BTreeSet<Box<str>>,
}

impl<'de> Deserialize<'de> for RayCluster {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let mut json = Json::deserialize(deserializer)?;
        if let Some(object) = json.as_object_mut() {
            // A list may leave out what all of its items are.
            object.insert("apiVersion", Json::String(Cow::Borrowed("ray.io/v1")));
            object.insert("kind", Json::String(Cow::Borrowed(Kind::RayCluster.as_str())));
        }
        let object = RayObject::read(&json);
        let claim = object.and_then(|object| Some((object.relative_storage_key()?, object.owner())));
        let text = |field: &str| json.descend(["metadata", field]).as_nonempty_str().map(str::to_owned);
        let metadata = Head { name: text("name"), namespace: text("namespace"), version: text("resourceVersion") };
        Ok(Self { metadata: metadata.into(), claim })
    }
}

impl<'de> Deserialize<'de> for SecretNames {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        /// A Secret without its values, which are read over.
        #[derive(Deserialize)]
        struct Names {
            metadata: Head,
            #[expect(clippy::zero_sized_map_values, reason = "serde reads no set from a map")]
            data: Option<BTreeMap<Box<str>, IgnoredAny>>,
        }
        let Names { metadata, data } = Names::deserialize(deserializer)?;
        Ok(Self { metadata: metadata.into(), keys: data.unwrap_or_default().into_keys().collect() })
    }
}

/// Asks for the keys of a Secret.
pub async fn secret_keys(client: &Client, namespace: &str, name: &str) -> kube::Result<SecretKeys> {
    let secret = Api::<SecretNames>::namespaced(client.clone(), namespace).get_opt(name).await?;
    Ok(secret.map_or(SecretKeys::Absent, |secret| SecretKeys::Present(secret.keys)))
}

/// As much of the metadata as a watch needs.
#[derive(Deserialize)]
struct Head {
    name: Option<String>,
    namespace: Option<String>,
    #[serde(rename = "resourceVersion")]
    version: Option<String>,
}

impl From<Head> for ObjectMeta {
    fn from(head: Head) -> Self {
        let Head { name, namespace, version } = head;
        Self { name, namespace, resource_version: version, ..Self::default() }
    }
}

impl Resource for RayCluster {
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

impl Resource for SecretNames {
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
