//! A cache of objects in the cluster that watches keep up to date, so that no review waits for the API server.
//!
//! The cache of a source is complete or empty. When a watch fails, its cache is cleared until all objects are listed
//! again, because an object that was deleted in the meantime must not cause a refusal.

mod index;
mod projection;

use std::convert::Infallible;
use std::future::pending;
use std::sync::{Arc, PoisonError, RwLock};
use std::time::{Duration, Instant};

use futures_util::future::join_all;
use futures_util::{Stream, StreamExt as _, pin_mut};
use kube::Api;
use kube::runtime::watcher::{self, Event, watcher};
use rayguard_policy::cluster_context::{ClusterContext, Conflicts, SecretKeyNames, SecretKeys, SecretScope};
use rayguard_policy::ray::storage_key::{Owner, StorageKey};
use tokio::time::{sleep, timeout};

use crate::health::{Component, HealthTracker};
use crate::kube_api::{ApiClient, ApiError};
use crate::metrics::Metrics;
use index::{ObjectIndex, StorageKeyIndex};
pub use projection::secret_keys;

/// The number of objects in a page of a list. A RayCluster may have a megabyte, and a page is parsed as a whole.
const PAGE_SIZE: u32 = 16;

/// The first pause after a failed watch, which doubles with each further failure.
const MIN_RETRY_DELAY: Duration = Duration::from_secs(1);

/// The longest pause after a failed watch.
const MAX_RETRY_DELAY: Duration = Duration::from_secs(30);

/// How long a watch must survive after a list before the cache has synced. Otherwise a service account that may list
/// but not watch would repeatedly have a cache for a moment.
const SYNC_DELAY: Duration = Duration::from_secs(1);

/// A watch that ends after this time resets the pause to the first one.
const STABLE_AFTER: Duration = Duration::from_mins(1);

/// A cache of objects in the cluster.
#[derive(Debug)]
pub struct ClusterCache {
    cluster_domain: Box<str>,
    clusters: Option<WatchedSource<StorageKeyIndex>>,
    secrets: Vec<(SecretScope, WatchedSource<SecretKeyNames>)>,
    metrics: Arc<Metrics>,
}

/// The objects of one watch.
#[derive(Debug)]
struct WatchedSource<I> {
    /// The name in the log
    name: String,
    /// `None` until the source has synced
    index: RwLock<Option<I>>,
}

impl<I: ObjectIndex> WatchedSource<I> {
    fn new(name: String) -> Self {
        Self { name, index: RwLock::new(None) }
    }

    /// Returns the result of a lookup, or `None` until the source has synced.
    fn lookup<T>(&self, lookup: impl FnOnce(&I) -> T) -> Option<T> {
        self.index.read().unwrap_or_else(PoisonError::into_inner).as_ref().map(lookup)
    }

    fn has_synced(&self) -> bool {
        self.lookup(|_| ()).is_some()
    }

    fn replace(&self, index: Option<I>) {
        *self.index.write().unwrap_or_else(PoisonError::into_inner) = index;
    }

    fn update(&self, update: impl FnOnce(&mut I)) {
        if let Some(index) = &mut *self.index.write().unwrap_or_else(PoisonError::into_inner) {
            update(index);
        }
    }
}

/// A list in progress.
struct PartialList<I> {
    index: I,
    /// The number of objects so far
    objects: usize,
    is_complete: bool,
}

impl<I: ObjectIndex> Default for PartialList<I> {
    fn default() -> Self {
        Self { index: I::default(), objects: 0, is_complete: false }
    }
}

impl ClusterCache {
    /// Creates an empty cache of the RayClusters of all namespaces, if `clusters` is set, and of the Secrets in some
    /// scopes.
    pub fn new(cluster_domain: &str, clusters: bool, secrets: &[SecretScope], metrics: Arc<Metrics>) -> Self {
        let clusters = clusters.then(|| WatchedSource::new("RayClusters".to_owned()));
        let secrets =
            secrets.iter().map(|scope| (scope.clone(), WatchedSource::new(format!("Secrets {scope}")))).collect();
        let cache = Self { cluster_domain: cluster_domain.into(), clusters, secrets, metrics };
        cache.report_metrics();
        cache
    }

    /// Watches the sources for as long as the server runs.
    pub async fn run(&self, client: &ApiClient, health: &HealthTracker) -> Infallible {
        let client = client.inner();
        let clusters = async {
            match &self.clusters {
                Some(source) => self.run_source(source, Api::all(client.clone()), None, health).await,
                None => pending().await,
            }
        };
        let secrets = self.secrets.iter().map(|(scope, source)| {
            let api = Api::namespaced(client.clone(), &scope.namespace);
            self.run_source(source, api, scope.name.as_deref(), health)
        });
        let (never, _): (Infallible, Vec<Infallible>) = tokio::join!(clusters, join_all(secrets));
        never
    }

    /// Watches a source. A watch that fails is started again.
    async fn run_source<I: ObjectIndex>(
        &self,
        source: &WatchedSource<I>,
        api: Api<I::Object>,
        name: Option<&str>,
        health: &HealthTracker,
    ) -> Infallible {
        let mut config = watcher::Config::default().page_size(PAGE_SIZE);
        if let Some(name) = name {
            config = config.fields(&format!("metadata.name={name}"));
        }
        if name.is_none() && I::SOURCE == SecretKeyNames::SOURCE {
            // Helm's release Secrets may have a megabyte each, and none of them holds a password.
            config = config.fields("type!=helm.sh/release.v1");
        }
        let mut pause = MIN_RETRY_DELAY;
        loop {
            let started = Instant::now();
            let events = watcher(api.clone(), config.clone());
            let error = api_error(self.apply_events(source, events, health).await);
            // A kind that the API server does not have has no objects.
            let is_absent = matches!(error, ApiError::NotFound(_));
            source.replace(is_absent.then(I::default));
            self.report_metrics();
            if is_absent {
                health.ok(Component::ClusterCache, &source.name);
            } else {
                health.failed(Component::ClusterCache, &source.name, error);
            }
            if is_absent || started.elapsed() > STABLE_AFTER {
                pause = MIN_RETRY_DELAY;
            }
            sleep(pause).await;
            pause = (pause * 2).min(MAX_RETRY_DELAY);
        }
    }

    /// Applies the events of a watch until it fails.
    async fn apply_events<I: ObjectIndex>(
        &self,
        source: &WatchedSource<I>,
        events: impl Stream<Item = Result<Event<I::Object>, watcher::Error>>,
        health: &HealthTracker,
    ) -> watcher::Error {
        let started = Instant::now();
        let mut list = PartialList::<I>::default();
        pin_mut!(events);
        loop {
            let event =
                if list.is_complete { timeout(SYNC_DELAY, events.next()).await } else { Ok(events.next().await) };
            if list.is_complete && !matches!(event, Ok(None | Some(Err(_)))) {
                let PartialList { index, objects, .. } = std::mem::take(&mut list);
                let kept = index.len();
                source.replace(Some(index));
                health.ok(Component::ClusterCache, &source.name);
                let duration_ms = u64::try_from(started.elapsed().as_millis()).unwrap_or(u64::MAX);
                tracing::info!(source = source.name, objects, kept, duration_ms, "watch synced");
                self.report_metrics();
            }
            match event {
                Err(_) => {}                                          // no event since the list
                Ok(None) => return watcher::Error::NoResourceVersion, // a watch does not end without an error
                Ok(Some(Err(error))) => return error,
                Ok(Some(Ok(event))) => self.apply_event(source, &mut list, event),
            }
        }
    }

    fn apply_event<I: ObjectIndex>(
        &self,
        source: &WatchedSource<I>,
        list: &mut PartialList<I>,
        event: Event<I::Object>,
    ) {
        match event {
            Event::Init => *list = PartialList::default(),
            Event::InitApply(object) => {
                list.index.apply(object, &self.cluster_domain);
                list.objects += 1;
            }
            Event::InitDone => list.is_complete = true,
            Event::Apply(object) => {
                source.update(|index| index.apply(object, &self.cluster_domain));
                self.report_metrics();
            }
            Event::Delete(object) => {
                source.update(|index| index.delete(&object));
                self.report_metrics();
            }
        }
    }

    /// Counts a lookup that has no answer, because its source has not synced.
    fn count_unanswered<T>(&self, source: &'static str, answer: Option<T>) -> Option<T> {
        if answer.is_none() {
            self.metrics.watch_unanswered(source);
        }
        answer
    }

    fn report_metrics(&self) {
        if let Some(source) = &self.clusters {
            self.metrics.watch_objects(StorageKeyIndex::SOURCE, source.lookup(ObjectIndex::len));
        }
        if !self.secrets.is_empty() {
            let all = self.secrets.iter().map(|(_, source)| source.lookup(ObjectIndex::len));
            self.metrics.watch_objects(SecretKeyNames::SOURCE, all.sum());
        }
    }
}

/// Converts the error of any stage of a watch, so that the same cause always has the same message.
fn api_error(error: watcher::Error) -> ApiError {
    match error {
        watcher::Error::InitialListFailed(error)
        | watcher::Error::WatchStartFailed(error)
        | watcher::Error::WatchFailed(error) => error.into(),
        watcher::Error::WatchError(status) => ApiError::Refused(status.message),
        watcher::Error::NoResourceVersion => ApiError::Refused(error.to_string()),
    }
}

impl ClusterContext for ClusterCache {
    fn conflicts(&self, key: &StorageKey, owner: &Owner) -> Option<Conflicts> {
        let conflicts = self.clusters.as_ref()?.lookup(|index| index.keys.conflicts(key, owner));
        self.count_unanswered(StorageKeyIndex::SOURCE, conflicts)
    }

    fn secret(&self, namespace: &str, name: &str) -> Option<SecretKeys> {
        let mut covering = self.secrets.iter().filter(|(scope, _)| scope.covers(namespace, name)).peekable();
        covering.peek()?;
        let keys = covering.find_map(|(_, source)| source.lookup(|secrets| secrets.get(name).cloned()));
        let keys = self.count_unanswered(SecretKeyNames::SOURCE, keys);
        keys.map(|keys| keys.map_or(SecretKeys::Absent, SecretKeys::Present))
    }

    fn has_synced(&self) -> bool {
        self.clusters.as_ref().is_none_or(WatchedSource::has_synced)
            && self.secrets.iter().all(|(_, source)| source.has_synced())
    }
}
