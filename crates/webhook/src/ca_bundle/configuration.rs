//! The two webhook configurations, of which rayguard writes nothing but the `caBundle`.

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use kube::api::PatchParams;
use serde::Deserialize;
use serde_json::json;

use crate::certificates::Root;
use crate::kube_api::{ApiClient, ApiError, FIELD_MANAGER};

const GROUP: &str = "/apis/admissionregistration.k8s.io/v1";

/// The configurations of both kinds that have one name.
#[derive(Clone)]
pub(super) struct Configurations {
    api: ApiClient,
    pub(super) name: String,
}

/// One configuration, as it was when it was read.
pub(super) struct Configuration {
    kind: &'static str,
    version: String,
    webhooks: Vec<Webhook>,
}

/// One webhook of a configuration.
struct Webhook {
    name: String,
    bundle: Vec<Root>,
}

/// What is read of a configuration.
#[derive(Deserialize)]
struct Object {
    metadata: Metadata,
    #[serde(default)]
    webhooks: Vec<Entry>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Metadata {
    resource_version: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Entry {
    name: String,
    client_config: ClientConfig,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct ClientConfig {
    #[serde(default)]
    ca_bundle: String,
}

impl Configurations {
    pub(super) const KINDS: [&'static str; 2] = ["MutatingWebhookConfiguration", "ValidatingWebhookConfiguration"];

    pub(super) fn new(api: ApiClient, name: String) -> Self {
        Self { api, name }
    }

    /// Where the API server has the configurations of a kind.
    pub(super) fn path(kind: &str) -> String {
        format!("{GROUP}/{}s", kind.to_ascii_lowercase())
    }

    /// Reads what there is of the two; whoever has switched one webhook off has only the other.
    pub(super) async fn read(&self) -> Result<Vec<Configuration>, ApiError> {
        let [mutating, validating] = Self::KINDS.map(|kind| self.read_one(kind));
        let (mutating, validating) = tokio::join!(mutating, validating);
        match (mutating, validating) {
            (Err(absent @ ApiError::NotFound(_)), Err(ApiError::NotFound(_))) => Err(absent),
            (Ok(one), Err(ApiError::NotFound(_))) | (Err(ApiError::NotFound(_)), Ok(one)) => Ok(vec![one]),
            (mutating, validating) => Ok(vec![mutating?, validating?]),
        }
    }

    async fn read_one(&self, kind: &'static str) -> Result<Configuration, ApiError> {
        let object: Object = self.api.get(&Self::path(kind), &self.name).await?;
        let webhooks = object.webhooks.into_iter().map(|entry| {
            let pem = BASE64_STANDARD.decode(entry.client_config.ca_bundle).unwrap_or_default();
            Webhook { name: entry.name, bundle: Root::from_pem_bundle(&pem) }
        });
        Ok(Configuration { kind, version: object.metadata.resource_version, webhooks: webhooks.collect() })
    }

    /// Writes the `caBundle`s, unless the configuration has changed since it was read. It is not made when it is gone.
    pub(super) async fn write(&self, configuration: &Configuration, bundles: &[Vec<Root>]) -> Result<(), ApiError> {
        let webhooks = configuration.webhooks.iter().zip(bundles).map(|(webhook, bundle)| {
            let bundle = BASE64_STANDARD.encode(Root::to_pem_bundle(bundle));
            json!({"name": webhook.name, "clientConfig": {"caBundle": bundle}})
        });
        let object = json!({
            "apiVersion": "admissionregistration.k8s.io/v1",
            "kind": configuration.kind,
            "metadata": {"name": self.name, "resourceVersion": configuration.version},
            "webhooks": webhooks.collect::<Vec<_>>(),
        });
        let params = PatchParams::apply(FIELD_MANAGER).force();
        self.api.apply(&Self::path(configuration.kind), &self.name, &params, &object).await
    }
}

impl Configuration {
    pub(super) fn kind(&self) -> &'static str {
        self.kind
    }

    pub(super) fn bundles(&self) -> impl Iterator<Item = &Vec<Root>> {
        self.webhooks.iter().map(|webhook| &webhook.bundle)
    }
}
