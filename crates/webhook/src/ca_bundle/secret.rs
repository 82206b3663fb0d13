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
    api: ApiClient,
    pub(super) path: String,
    pub(super) name: String,
}

/// What a Secret held when it was read.
pub(super) struct Read {
    version: String,
    pub(super) store: CertificateStore,
}

impl SecretRef {
    pub(super) fn new(api: ApiClient, namespace: &str, name: String) -> Self {
        Self { api, path: Secret::url_path(&(), Some(namespace)), name }
    }

    pub(super) async fn read(&self) -> Result<Read, ApiError> {
        let secret: Secret = self.api.get(&self.path, &self.name).await?;
        let data = secret.data.unwrap_or_default();
        let store = CertificateStore::read(|key| data.get(key).map(|value| value.0.as_slice()));
        Ok(Read { version: secret.metadata.resource_version.unwrap_or_default(), store })
    }

    /// Makes the Secret, empty, where there is none.
    pub(super) async fn make(&self) -> Result<(), ApiError> {
        self.api.ensure_exists::<Secret>(&self.path, &self.name).await
    }

    /// Writes what is to be held next, unless the Secret has changed since it was read: of several that try, one wins,
    /// and the others read what it has written. Other keys of the Secret, and its type, are left alone.
    pub(super) async fn write(&self, version: &str, store: &CertificateStore) -> Result<(), ApiError> {
        // stringData knows no removal, so the values are encoded here.
        let data: BTreeMap<_, _> = CertificateStore::KEYS.into_iter().zip(store.values().map(encoded)).collect();
        let patch = json!({"metadata": {"resourceVersion": version}, "data": data});
        self.api.merge_patch(&self.path, &self.name, &patch).await
    }
}

impl Read {
    pub(super) fn version(&self) -> &str {
        &self.version
    }
}

fn encoded(value: Option<String>) -> Value {
    value.map_or(Value::Null, |value| BASE64_STANDARD.encode(value).into())
}
