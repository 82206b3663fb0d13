//! The two webhook configurations. rayguard writes only their `caBundle`s.

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use k8s_openapi::Resource;
use k8s_openapi::api::admissionregistration::v1::{
    MutatingWebhookConfiguration, ValidatingWebhookConfiguration, WebhookClientConfig,
};
use k8s_openapi::apimachinery::pkg::apis::meta::v1::ObjectMeta;
use kube::Resource as _;
use kube::api::PatchParams;
use serde_json::json;

use crate::certificates::Root;
use crate::kube_api::{ApiClient, ApiError, FIELD_MANAGER};

/// The MutatingWebhookConfiguration and the ValidatingWebhookConfiguration that share a name.
#[derive(Clone)]
pub(super) struct WebhookConfigurations {
    client: ApiClient,
    pub(super) name: String,
}

/// A webhook configuration as it was read.
pub(super) struct WebhookConfiguration {
    pub(super) kind: &'static str,
    path: String,
    resource_version: Option<String>,
    webhooks: Vec<WebhookBundle>,
}

/// The roots in the `caBundle` of a webhook.
struct WebhookBundle {
    name: String,
    roots: Vec<Root>,
}

impl WebhookConfigurations {
    pub(super) fn new(client: ApiClient, name: String) -> Self {
        Self { client, name }
    }

    /// Returns the API paths of both kinds.
    pub(super) fn paths() -> [String; 2] {
        [MutatingWebhookConfiguration::url_path(&(), None), ValidatingWebhookConfiguration::url_path(&(), None)]
    }

    /// Reads the configurations. One of them may be missing, because a user can switch one webhook off.
    pub(super) async fn read(&self) -> Result<Vec<WebhookConfiguration>, ApiError> {
        match tokio::join!(self.read_mutating(), self.read_validating()) {
            (Err(absent @ ApiError::NotFound(_)), Err(ApiError::NotFound(_))) => Err(absent),
            (Ok(one), Err(ApiError::NotFound(_))) | (Err(ApiError::NotFound(_)), Ok(one)) => Ok(vec![one]),
            (mutating, validating) => Ok(vec![mutating?, validating?]),
        }
    }

    async fn read_mutating(&self) -> Result<WebhookConfiguration, ApiError> {
        let path = MutatingWebhookConfiguration::url_path(&(), None);
        let object: MutatingWebhookConfiguration = self.client.get(&path, &self.name).await?;
        let webhooks = object.webhooks.into_iter().flatten().map(|webhook| (webhook.name, webhook.client_config));
        Ok(WebhookConfiguration::new(MutatingWebhookConfiguration::KIND, path, object.metadata, webhooks))
    }

    async fn read_validating(&self) -> Result<WebhookConfiguration, ApiError> {
        let path = ValidatingWebhookConfiguration::url_path(&(), None);
        let object: ValidatingWebhookConfiguration = self.client.get(&path, &self.name).await?;
        let webhooks = object.webhooks.into_iter().flatten().map(|webhook| (webhook.name, webhook.client_config));
        Ok(WebhookConfiguration::new(ValidatingWebhookConfiguration::KIND, path, object.metadata, webhooks))
    }

    /// Writes the `caBundle`s of a configuration, one for each webhook. Fails with a conflict if the configuration was
    /// modified or deleted after it was read.
    pub(super) async fn write(
        &self,
        configuration: &WebhookConfiguration,
        bundles: &[Vec<Root>],
    ) -> Result<(), ApiError> {
        // The types of k8s-openapi would also write empty required fields, such as `sideEffects`, which rayguard would
        // then own by server-side apply.
        let webhooks = configuration.webhooks.iter().zip(bundles).map(|(webhook, bundle)| {
            let bundle = BASE64_STANDARD.encode(Root::to_pem_bundle(bundle));
            json!({"name": webhook.name, "clientConfig": {"caBundle": bundle}})
        });
        let object = json!({
            "apiVersion": MutatingWebhookConfiguration::API_VERSION,
            "kind": configuration.kind,
            "metadata": {"name": self.name, "resourceVersion": configuration.resource_version},
            "webhooks": webhooks.collect::<Vec<_>>(),
        });
        let params = PatchParams::apply(FIELD_MANAGER).force();
        self.client.apply(&configuration.path, &self.name, &params, &object).await
    }
}

impl WebhookConfiguration {
    fn new(
        kind: &'static str,
        path: String,
        metadata: ObjectMeta,
        webhooks: impl Iterator<Item = (String, WebhookClientConfig)>,
    ) -> Self {
        let webhooks = webhooks.map(|(name, client_config)| {
            let pem = client_config.ca_bundle.unwrap_or_default();
            WebhookBundle { name, roots: Root::from_pem_bundle(&pem.0) }
        });
        Self { kind, path, resource_version: metadata.resource_version, webhooks: webhooks.collect() }
    }

    /// Returns the roots in each webhook's `caBundle`.
    pub(super) fn bundles(&self) -> impl Iterator<Item = &Vec<Root>> {
        self.webhooks.iter().map(|webhook| &webhook.roots)
    }
}
