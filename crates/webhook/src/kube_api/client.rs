//! A client of the API server with timeouts, which also observes the API server's clock.

use std::sync::Arc;
use std::time::Duration;

use axum::http::{Request, Response};
use futures_util::TryStreamExt as _;
use k8s_openapi::Resource;
use kube::api::{GetParams, Patch, PatchParams, WatchParams};
use kube::client::{Body, ClientBuilder};
use kube::config::InferConfigError;
use kube::core::WatchEvent;
use kube::{Client, Config};
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};
use tokio::time::timeout;
use tower::limit::RateLimitLayer;
use tower::util::MapResponseLayer;

use super::clock::Clock;

/// The field manager of all fields that rayguard writes.
pub(crate) const FIELD_MANAGER: &str = "rayguard";

/// The timeout of a request that no webhook takes part in.
const REQUEST_TIMEOUT: Duration = Duration::from_secs(5);

/// The timeout of a request that mutating and validating webhooks take part in, each of which has at most 30 s.
const ADMISSION_REQUEST_TIMEOUT: Duration = Duration::from_secs(65);

/// The timeout of a watch in seconds, which is then started again. kube-apiserver's own limit is a little longer.
const WATCH_TIMEOUT_SECONDS: u32 = 290;

/// How long a watch may receive nothing. kube-apiserver sends a bookmark every minute.
const WATCH_READ_TIMEOUT: Duration = Duration::from_secs(90);

/// The highest rate of requests for watches, as in client-go. A watch that ends at once is started again at once.
const WATCH_REQUESTS_PER_SECOND: u64 = 50;

/// Why a request to the API server failed.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ApiError {
    /// No configuration says where the API server is.
    #[error("cannot find the configuration of the API server")]
    Config(#[source] Box<InferConfigError>),
    /// The API server refused the request.
    #[error("{0}")]
    Refused(String),
    /// Another client modified the object after it was read.
    #[error("conflict: the object was modified, retrying")]
    Conflict,
    /// The object does not exist.
    #[error("{0}")]
    NotFound(String),
    /// The API server cannot be reached, or its response cannot be read.
    #[error("cannot communicate with the API server")]
    Unreachable(#[source] Box<kube::Error>),
    /// The API server did not respond in time.
    #[error("no response from the API server within {} s", .0.as_secs())]
    Timeout(Duration),
}

impl From<kube::Error> for ApiError {
    fn from(error: kube::Error) -> Self {
        match error {
            kube::Error::Api(status) if status.code == 409 => Self::Conflict,
            kube::Error::Api(status) if status.code == 404 => Self::NotFound(status.message),
            kube::Error::Api(status) => Self::Refused(status.message),
            other => Self::Unreachable(Box::new(other)),
        }
    }
}

/// A request without a client, or why it cannot be built.
pub type RequestResult = Result<Request<Vec<u8>>, kube::core::request::Error>;

/// A client of the API server that passes the time of every response to a [`Clock`].
#[derive(Clone)]
pub struct ApiClient {
    client: Client,
    clock: Arc<Clock>,
}

impl ApiClient {
    /// Creates a client for the API server that kubectl uses: from `KUBECONFIG`, `~/.kube/config`, or the service
    /// account of the Pod. It sends no request.
    ///
    /// # Errors
    ///
    /// Returns [`ApiError::Config`] if no usable configuration is found, and [`ApiError::Unreachable`] if no client can
    /// be made of it.
    pub async fn new(clock: &Arc<Clock>) -> Result<Self, ApiError> {
        Self::with_read_timeout(clock, None).await
    }

    /// Creates a client for watches. It limits the rate of requests, and ends a watch that receives nothing for 90 s
    /// because its connection is dead. The API server is found as in [`ApiClient::new`].
    ///
    /// # Errors
    ///
    /// Returns [`ApiError::Config`] if no usable configuration is found, and [`ApiError::Unreachable`] if no client can
    /// be made of it.
    pub async fn for_watches(clock: &Arc<Clock>) -> Result<Self, ApiError> {
        Self::with_read_timeout(clock, Some(WATCH_READ_TIMEOUT)).await
    }

    async fn with_read_timeout(clock: &Arc<Clock>, read_timeout: Option<Duration>) -> Result<Self, ApiError> {
        let mut config = Config::infer().await.map_err(|error| ApiError::Config(Box::new(error)))?;
        // The callers retry.
        config.default_retry = false;
        config.connect_timeout = Some(REQUEST_TIMEOUT);
        config.read_timeout = read_timeout;
        let observer = Arc::clone(clock);
        let observe_clock = MapResponseLayer::new(move |response: Response<_>| {
            observer.observe(response.headers());
            response
        });
        let client = ClientBuilder::try_from(config)?.with_layer(&observe_clock);
        let client = match read_timeout {
            Some(_) => {
                client.with_layer(&RateLimitLayer::new(WATCH_REQUESTS_PER_SECOND, Duration::from_secs(1))).build()
            }
            None => client.build(),
        };
        Ok(Self { client, clock: Arc::clone(clock) })
    }

    /// Returns the namespace of the service account, or of the kubeconfig.
    pub fn namespace(&self) -> &str {
        self.client.default_namespace()
    }

    /// Returns the clock that every response sets.
    pub(crate) fn clock(&self) -> &Clock {
        &self.clock
    }

    /// Returns the inner client, which has no request timeout.
    pub(crate) fn inner(&self) -> &Client {
        &self.client
    }

    async fn request<T: DeserializeOwned>(&self, request: RequestResult) -> Result<T, ApiError> {
        let request = request.map_err(kube::Error::BuildRequest)?;
        let response = timeout(REQUEST_TIMEOUT, self.client.request(request)).await;
        Ok(response.map_err(|_| ApiError::Timeout(REQUEST_TIMEOUT))??)
    }

    /// Sends a request that admission webhooks may take part in, and returns the response with any status.
    ///
    /// # Errors
    ///
    /// Returns [`ApiError::Unreachable`] if there is no complete response, and [`ApiError::Timeout`] after 65 s.
    pub async fn send(&self, request: RequestResult) -> Result<Response<Vec<u8>>, ApiError> {
        let request = request.map_err(kube::Error::BuildRequest)?.map(Body::from);
        let response = async {
            let (head, body) = self.client.send(request).await?.into_parts();
            Ok::<_, kube::Error>(Response::from_parts(head, body.collect_bytes().await?.to_vec()))
        };
        let response = timeout(ADMISSION_REQUEST_TIMEOUT, response).await;
        Ok(response.map_err(|_| ApiError::Timeout(ADMISSION_REQUEST_TIMEOUT))??)
    }

    /// Reads an object.
    pub(crate) async fn get<T: DeserializeOwned>(&self, path: &str, name: &str) -> Result<T, ApiError> {
        self.request(kube::core::Request::new(path).get(name, &GetParams::default())).await
    }

    /// Changes an object by a merge patch, which keeps every field that `change` does not name.
    pub(crate) async fn merge_patch(&self, path: &str, name: &str, change: &Value) -> Result<(), ApiError> {
        let params = PatchParams { field_manager: Some(FIELD_MANAGER.to_owned()), ..PatchParams::default() };
        let request = kube::core::Request::new(path).patch(name, &params, &Patch::Merge(change));
        self.request::<Value>(request).await.map(drop)
    }

    /// Writes the fields of an object by server-side apply.
    pub(crate) async fn apply(
        &self,
        path: &str,
        name: &str,
        params: &PatchParams,
        object: &Value,
    ) -> Result<(), ApiError> {
        let request = kube::core::Request::new(path).patch(name, params, &Patch::Apply(object));
        self.request::<Value>(request).await.map(drop)
    }

    /// Creates an empty object unless it exists; several replicas may do so at the same time.
    ///
    /// It uses server-side apply, because RBAC can allow that for a single name. It cannot for `create`, where RBAC
    /// does not know the name.
    pub(crate) async fn ensure_exists<T: Resource>(&self, path: &str, name: &str) -> Result<(), ApiError> {
        let object = json!({"apiVersion": T::API_VERSION, "kind": T::KIND, "metadata": {"name": name}});
        self.apply(path, name, &PatchParams::apply(FIELD_MANAGER), &object).await
    }

    /// Watches one object until the watch ends. Calls `on_start` once the watch has started, and `on_change` then and
    /// after each change of the object.
    pub(crate) async fn watch(
        &self,
        path: &str,
        name: &str,
        on_start: impl Fn(),
        on_change: impl Fn(),
    ) -> Result<(), ApiError> {
        let params = WatchParams::default().fields(&format!("metadata.name={name}")).timeout(WATCH_TIMEOUT_SECONDS);
        // Without a resource version a watch starts with the current state, so no change is missed.
        let request = kube::core::Request::new(path).watch_metadata(&params, "").map_err(kube::Error::BuildRequest)?;
        let events = timeout(REQUEST_TIMEOUT, self.client.request_events::<IgnoredObject>(request)).await;
        let mut events = std::pin::pin!(events.map_err(|_| ApiError::Timeout(REQUEST_TIMEOUT))??);
        on_start();
        on_change();
        let receiving = async {
            while let Some(event) = events.try_next().await? {
                match event {
                    WatchEvent::Bookmark(_) => {}
                    WatchEvent::Error(status) => return Err(kube::Error::Api(status).into()),
                    WatchEvent::Added(_) | WatchEvent::Modified(_) | WatchEvent::Deleted(_) => on_change(),
                }
            }
            Ok(())
        };
        // Without a timeout, a dead connection would never end.
        let longest = Duration::from_secs(WATCH_TIMEOUT_SECONDS.into()) + REQUEST_TIMEOUT;
        timeout(longest, receiving).await.unwrap_or(Ok(()))
    }
}

/// An object whose content is not read, because the caller reads the object itself after a change.
#[derive(Clone, Deserialize)]
struct IgnoredObject {}
