//! The API server, as far as the life of certificates needs it.

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

/// How long the API server may take over one answer.
const PATIENCE: Duration = Duration::from_secs(5);

/// How long it may take over one that webhooks have a say in, each of which has at most 30 s.
const LONG_PATIENCE: Duration = Duration::from_secs(65);

/// How long a watch goes on before it is begun anew, in seconds; kube-apiserver's own limit is a little more.
const WATCH: u32 = 290;

/// How long a watch may be silent: kube-apiserver sends a bookmark every minute.
const SILENCE: Duration = Duration::from_secs(90);

/// How many requests a second watches may make, as many as client-go's: one that ends at once is begun anew at once.
const RATE: u64 = 50;

/// Why the API server did not do as it was asked.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ApiError {
    /// There is no way to it.
    #[error("cannot tell how to reach the API server")]
    Config(#[source] Box<InferConfigError>),
    /// It refuses.
    #[error("{0}")]
    Refused(String),
    /// Somebody else has changed the object since it was read.
    #[error("somebody else was quicker")]
    Conflict,
    /// There is no such object.
    #[error("{0}")]
    Absent(String),
    /// It cannot be reached, or what it says cannot be understood.
    #[error("cannot talk to the API server")]
    Unreachable(#[source] Box<kube::Error>),
    /// It does not answer.
    #[error("the API server does not answer within {} s", .0.as_secs())]
    Timeout(Duration),
}

impl From<kube::Error> for ApiError {
    fn from(error: kube::Error) -> Self {
        match error {
            kube::Error::Api(status) if status.code == 409 => Self::Conflict,
            kube::Error::Api(status) if status.code == 404 => Self::Absent(status.message),
            kube::Error::Api(status) => Self::Refused(status.message),
            other => Self::Unreachable(Box::new(other)),
        }
    }
}

/// What a request is made of, before there is a body.
pub type Made = Result<Request<Vec<u8>>, kube::core::request::Error>;

/// A client whose every answer is heard for the time.
#[derive(Clone)]
pub struct Api {
    client: Client,
    clock: Arc<Clock>,
}

impl Api {
    /// Finds the API server as kubectl does: by `KUBECONFIG`, `~/.kube/config`, or the service account of the Pod. It is
    /// not called yet.
    pub async fn new(clock: &Arc<Clock>) -> Result<Self, ApiError> {
        Self::with(clock, None).await
    }

    /// The same for watches, which nobody else looks after: one whose other end is gone without a word ends.
    pub async fn for_watches(clock: &Arc<Clock>) -> Result<Self, ApiError> {
        Self::with(clock, Some(SILENCE)).await
    }

    async fn with(clock: &Arc<Clock>, silence: Option<Duration>) -> Result<Self, ApiError> {
        let mut config = Config::infer().await.map_err(|error| ApiError::Config(Box::new(error)))?;
        // Whoever asks here tries again by itself.
        config.default_retry = false;
        config.connect_timeout = Some(PATIENCE);
        config.read_timeout = silence;
        let heard = Arc::clone(clock);
        let hearing = MapResponseLayer::new(move |answer: Response<_>| {
            heard.hear(answer.headers());
            answer
        });
        let client = ClientBuilder::try_from(config)?.with_layer(&hearing);
        let client = match silence {
            Some(_) => client.with_layer(&RateLimitLayer::new(RATE, Duration::from_secs(1))).build(),
            None => client.build(),
        };
        Ok(Self { client, clock: Arc::clone(clock) })
    }

    /// The namespace of the service account, or of the kubeconfig.
    pub fn namespace(&self) -> &str {
        self.client.default_namespace()
    }

    /// The API server's clock, which every answer sets.
    pub(crate) fn clock(&self) -> &Clock {
        &self.clock
    }

    /// What makes requests, for those who know better how long an answer may take and what it may be.
    pub(crate) fn client(&self) -> &Client {
        &self.client
    }

    /// Makes one request.
    pub(crate) async fn ask<T: DeserializeOwned>(&self, request: Made) -> Result<T, ApiError> {
        let request = request.map_err(kube::Error::BuildRequest)?;
        Ok(timeout(PATIENCE, self.client.request(request)).await.map_err(|_| ApiError::Timeout(PATIENCE))??)
    }

    /// Makes one request that webhooks have a say in; gives the answer as it is, a refusal too.
    pub async fn send(&self, request: Made) -> Result<Response<Vec<u8>>, ApiError> {
        let request = request.map_err(kube::Error::BuildRequest)?.map(Body::from);
        let answer = async {
            let (head, body) = self.client.send(request).await?.into_parts();
            Ok::<_, kube::Error>(Response::from_parts(head, body.collect_bytes().await?.to_vec()))
        };
        Ok(timeout(LONG_PATIENCE, answer).await.map_err(|_| ApiError::Timeout(LONG_PATIENCE))??)
    }

    /// Reads an object.
    pub(crate) async fn get<T: DeserializeOwned>(&self, path: &str, name: &str) -> Result<T, ApiError> {
        self.ask(kube::core::Request::new(path).get(name, &GetParams::default())).await
    }

    /// Changes an object by a merge patch, which leaves alone what it does not name.
    pub(crate) async fn merge(&self, path: &str, name: &str, change: &Value) -> Result<(), ApiError> {
        let params = PatchParams { field_manager: Some(FIELD_MANAGER.to_owned()), ..PatchParams::default() };
        self.ask::<Value>(kube::core::Request::new(path).patch(name, &params, &Patch::Merge(change))).await.map(drop)
    }

    /// Applies what an object is to hold, by server-side apply.
    pub(crate) async fn apply(
        &self,
        path: &str,
        name: &str,
        params: &PatchParams,
        object: &Value,
    ) -> Result<(), ApiError> {
        self.ask::<Value>(kube::core::Request::new(path).patch(name, params, &Patch::Apply(object))).await.map(drop)
    }

    /// Makes an object that holds nothing, where there is none; one that is there stays as it is. Several may do so at
    /// once. By server-side apply, because that can be allowed for a single name: RBAC does not know the name of what is
    /// created in the ordinary way.
    pub(crate) async fn make<T: Resource>(&self, path: &str, name: &str) -> Result<(), ApiError> {
        let object = json!({"apiVersion": T::API_VERSION, "kind": T::KIND, "metadata": {"name": name}});
        self.apply(path, name, &PatchParams::apply(FIELD_MANAGER), &object).await
    }

    /// Calls `begun` once the watch has begun, and `changed` then and each time the object changes. Ends when the watch
    /// does.
    pub(crate) async fn watch(
        &self,
        path: &str,
        name: &str,
        begun: impl Fn(),
        changed: impl Fn(),
    ) -> Result<(), ApiError> {
        let params = WatchParams::default().fields(&format!("metadata.name={name}")).timeout(WATCH);
        // Without a version to begin at, a watch begins with what is there now: nothing is missed in between.
        let request = kube::core::Request::new(path).watch_metadata(&params, "").map_err(kube::Error::BuildRequest)?;
        let events = timeout(PATIENCE, self.client.request_events::<Changed>(request)).await;
        let mut events = std::pin::pin!(events.map_err(|_| ApiError::Timeout(PATIENCE))??);
        begun();
        changed();
        let following = async {
            while let Some(event) = events.try_next().await? {
                match event {
                    WatchEvent::Bookmark(_) => {}
                    WatchEvent::Error(status) => return Err(kube::Error::Api(status).into()),
                    WatchEvent::Added(_) | WatchEvent::Modified(_) | WatchEvent::Deleted(_) => changed(),
                }
            }
            Ok(())
        };
        // A connection whose other end is gone without a word never ends by itself.
        timeout(Duration::from_secs(WATCH.into()) + PATIENCE, following).await.unwrap_or(Ok(()))
    }
}

/// An object of which only the change counts: whoever learns of one looks for itself.
#[derive(Clone, Deserialize)]
struct Changed {}
