//! The Secret that holds the certificates.

use std::collections::BTreeMap;

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use k8s_openapi::api::core::v1::Secret;
use kube::Resource as _;
use serde_json::{Value, json};

use crate::certificates::CertificateStore;
use crate::kube_api::{ApiClient, ApiError};

/// A Secret by its name.
#[derive(Clone)]
pub(super) struct SecretRef {
    client: ApiClient,
    pub(super) path: String,
    pub(super) name: String,
}

/// The certificates in a Secret, with the version of the Secret that held them.
pub(super) struct VersionedStore {
    pub(super) resource_version: String,
    pub(super) store: CertificateStore,
}

impl SecretRef {
    pub(super) fn new(client: ApiClient, namespace: &str, name: String) -> Self {
        Self { client, path: Secret::url_path(&(), Some(namespace)), name }
    }

    pub(super) async fn read(&self) -> Result<VersionedStore, ApiError> {
        let secret: Secret = self.client.get(&self.path, &self.name).await?;
        let data = secret.data.unwrap_or_default();
        let store = CertificateStore::read(|key| data.get(key).map(|value| value.0.as_slice()));
        Ok(VersionedStore { resource_version: secret.metadata.resource_version.unwrap_or_default(), store })
    }

    /// Creates the empty Secret unless it exists.
    pub(super) async fn ensure_exists(&self) -> Result<(), ApiError> {
        self.client.ensure_exists::<Secret>(&self.path, &self.name).await
    }

    /// Writes the certificates, unless the Secret was modified after this version. If several replicas write at the
    /// same time, one succeeds and the others fail with a conflict. Other keys of the Secret, and its type, do not
    /// change.
    pub(super) async fn write(&self, resource_version: &str, store: &CertificateStore) -> Result<(), ApiError> {
        // `stringData` cannot remove a key, so the values are encoded here.
        let data: BTreeMap<_, _> = CertificateStore::KEYS.into_iter().zip(store.values().map(encoded)).collect();
        let patch = json!({"metadata": {"resourceVersion": resource_version}, "data": data});
        self.client.merge_patch(&self.path, &self.name, &patch).await
    }
}

fn encoded(value: Option<String>) -> Value {
    value.map_or(Value::Null, |value| BASE64_STANDARD.encode(value).into())
}
