//! What is known of the cluster by watching it, without a call of the API server while a review waits.
//!
//! What is kept is either all that there is, or nothing: whenever a watch breaks, everything is forgotten until it is all
//! known anew, for what was deleted in the meantime must not refuse anything.

mod projection;

use std::collections::HashMap;
use std::convert::Infallible;
use std::future::pending;
use std::sync::{Arc, PoisonError, RwLock};
use std::time::{Duration, Instant};

use futures_util::future::join_all;
use futures_util::{Stream, StreamExt as _, pin_mut};
use kube::runtime::watcher::{self, Event, watcher};
use kube::{Api, Resource, ResourceExt as _};
use serde::de::DeserializeOwned;
use tokio::time::{sleep, timeout};

use crate::health::{Component, HealthTracker};
use crate::kube_api::{ApiClient, ApiError};
use crate::metrics::Metrics;
pub use projection::secret_keys;
use projection::{RayCluster, SecretNames};
use rayguard_policy::cluster_context::{
    ClusterContext, Conflict, Conflicts, SecretKeyNames, SecretKeys, SecretScope, StorageKeys,
};
use rayguard_policy::ray::storage_key::{Owner, StorageKey};

/// How many objects are asked for at a time: a RayCluster may have a megabyte, and a page is read as a whole.
const PAGE: u32 = 16;

/// The pause between two attempts to watch, which doubles until it is the longest.
const PAUSE: Duration = Duration::from_secs(1);

/// The longest pause between two attempts to watch.
const RETRY: Duration = Duration::from_secs(30);

/// How long a watch has to live after a list before what was listed counts as known: whoever may list and not watch would
/// know it for a moment, again and again.
const SETTLE: Duration = Duration::from_secs(1);

/// A watch that has lived so long has not failed for good when it ends.
const LONG: Duration = Duration::from_mins(1);

/// What is known of a source.
#[derive(Debug)]
struct Known<S> {
    /// Whether it is all that there is.
    is_complete: bool,
    store: S,
}

/// What is kept of the objects of one watch.
trait Store: Default {
    type Object: Resource<DynamicType = ()> + Clone + std::fmt::Debug + DeserializeOwned + Send + 'static;
    /// The `source` label of the metrics.
    const SOURCE: &'static str;

    /// Takes in an object, or its new state.
    fn apply(&mut self, object: Self::Object, domain: &str);

    /// Forgets an object.
    fn delete(&mut self, object: &Self::Object);

    /// Of how many objects something is kept.
    fn len(&self) -> usize;
}

/// The claims of RayClusters.
#[derive(Debug, Default)]
struct Clusters {
    by_name: HashMap<Name, (StorageKey, Owner)>,
    claims: StorageKeys,
}

/// Namespace and name.
type Name = (Box<str>, Box<str>);

fn name(object: &impl Resource) -> Name {
    let metadata = object.meta();
    let text = |text: &Option<String>| text.as_deref().unwrap_or_default().into();
    (text(&metadata.namespace), text(&metadata.name))
}

impl Store for Clusters {
    type Object = RayCluster;
    const SOURCE: &'static str = "rayclusters";

    fn apply(&mut self, cluster: RayCluster, domain: &str) {
        self.delete(&cluster);
        let namespace = cluster.namespace();
        let Some((stated, owner)) = &cluster.claim else { return };
        let Some(claim) = stated.resolve(namespace.as_deref(), domain) else { return };
        self.claims.add(claim.clone(), Conflict { owner: owner.clone(), location: None });
        self.by_name.insert(name(&cluster), (claim, owner.clone()));
    }

    fn delete(&mut self, cluster: &RayCluster) {
        if let Some((claim, owner)) = self.by_name.remove(&name(cluster)) {
            self.claims.remove(&claim, &owner);
        }
    }

    fn len(&self) -> usize {
        self.by_name.len()
    }
}

impl Store for SecretKeyNames {
    type Object = SecretNames;
    const SOURCE: &'static str = "secrets";

    fn apply(&mut self, secret: SecretNames, _: &str) {
        let (_, name) = name(&secret);
        self.insert(name, secret.keys);
    }

    fn delete(&mut self, secret: &SecretNames) {
        let (_, name) = name(secret);
        self.remove(&name);
    }

    fn len(&self) -> usize {
        self.len()
    }
}

/// Something that is watched, and what is known of it.
#[derive(Debug)]
struct Watch<S> {
    /// What it is called in the log.
    what: String,
    known: RwLock<Known<S>>,
}

impl<S: Store> Watch<S> {
    fn new(what: String) -> Self {
        Self { what, known: RwLock::new(Known { is_complete: false, store: S::default() }) }
    }

    /// What is answered from all that there is; `None` while that is not known.
    fn ask<T>(&self, question: impl FnOnce(&S) -> T) -> Option<T> {
        let known = self.known.read().unwrap_or_else(PoisonError::into_inner);
        known.is_complete.then(|| question(&known.store))
    }

    fn change(&self, change: impl FnOnce(&mut Known<S>)) {
        change(&mut self.known.write().unwrap_or_else(PoisonError::into_inner));
    }
}

/// A view of a cluster that is watched.
#[derive(Debug)]
pub struct Watched {
    domain: Box<str>,
    clusters: Option<Watch<Clusters>>,
    secrets: Vec<(SecretScope, Watch<SecretKeyNames>)>,
    metrics: Arc<Metrics>,
}

impl Watched {
    /// Knows nothing yet, and nothing ever of what is not to be watched.
    pub fn new(domain: &str, clusters: bool, secrets: &[SecretScope], metrics: Arc<Metrics>) -> Self {
        let clusters = clusters.then(|| Watch::new("RayClusters".to_owned()));
        let secrets = secrets.iter().map(|scope| (scope.clone(), Watch::new(format!("Secrets {scope}")))).collect();
        let watched = Self { domain: domain.into(), clusters, secrets, metrics };
        watched.tell();
        watched
    }

    /// Watches as long as the server lives.
    pub async fn follow(&self, api: &ApiClient, health: &HealthTracker) -> Infallible {
        let client = api.inner();
        let clusters = async {
            match &self.clusters {
                Some(watch) => self.keep(watch, Api::all(client.clone()), None, health).await,
                None => pending().await,
            }
        };
        let secrets = self.secrets.iter().map(|(scope, watch)| {
            let api = Api::namespaced(client.clone(), &scope.namespace);
            self.keep(watch, api, scope.name.as_deref(), health)
        });
        let (never, _): (Infallible, Vec<Infallible>) = tokio::join!(clusters, join_all(secrets));
        never
    }

    /// Keeps what is known of a source up to date. Begins anew whenever the watch has failed.
    async fn keep<S: Store>(
        &self,
        watch: &Watch<S>,
        api: Api<S::Object>,
        name: Option<&str>,
        health: &HealthTracker,
    ) -> Infallible {
        let mut config = watcher::Config::default().page_size(PAGE);
        if let Some(name) = name {
            config = config.fields(&format!("metadata.name={name}"));
        }
        if name.is_none() && S::SOURCE == SecretKeyNames::SOURCE {
            // Each may have a megabyte, and none is a password.
            config = config.fields("type!=helm.sh/release.v1");
        }
        let mut pause = PAUSE;
        loop {
            let began = Instant::now();
            let error = cause(self.learn(watch, watcher(api.clone(), config.clone()), health).await);
            // Of a kind that the API server does not have there are no objects.
            let is_absent = matches!(error, ApiError::NotFound(_));
            watch.change(|known| *known = Known { is_complete: is_absent, store: S::default() });
            self.tell();
            if is_absent {
                health.ok(Component::ClusterCache, &watch.what);
            } else {
                health.failed(Component::ClusterCache, &watch.what, error);
            }
            if is_absent || began.elapsed() > LONG {
                pause = PAUSE;
            }
            sleep(pause).await;
            pause = (pause * 2).min(RETRY);
        }
    }

    /// Takes in what a watch tells, until it fails.
    async fn learn<S: Store>(
        &self,
        watch: &Watch<S>,
        events: impl Stream<Item = Result<Event<S::Object>, watcher::Error>>,
        health: &HealthTracker,
    ) -> watcher::Error {
        let (began, mut fresh, mut count) = (Instant::now(), S::default(), 0_usize);
        let mut is_listed = false;
        pin_mut!(events);
        loop {
            let event = if is_listed { timeout(SETTLE, events.next()).await } else { Ok(events.next().await) };
            if is_listed && !matches!(event, Ok(None | Some(Err(_)))) {
                is_listed = false;
                let store = std::mem::take(&mut fresh);
                let kept = store.len();
                watch.change(|known| *known = Known { is_complete: true, store });
                health.ok(Component::ClusterCache, &watch.what);
                let duration_ms = u64::try_from(began.elapsed().as_millis()).unwrap_or(u64::MAX);
                tracing::info!(source = watch.what, objects = count, kept, duration_ms, "knows all of them");
                self.tell();
            }
            match event {
                Err(_) => {}                                          // nothing has happened since the list
                Ok(None) => return watcher::Error::NoResourceVersion, // a watch has no end
                Ok(Some(Err(error))) => return error,
                Ok(Some(Ok(Event::Init))) => (fresh, count, is_listed) = (S::default(), 0, false),
                Ok(Some(Ok(Event::InitApply(object)))) => {
                    fresh.apply(object, &self.domain);
                    count += 1;
                }
                Ok(Some(Ok(Event::InitDone))) => is_listed = true,
                Ok(Some(Ok(Event::Apply(object)))) => {
                    watch.change(|known| known.store.apply(object, &self.domain));
                    self.tell();
                }
                Ok(Some(Ok(Event::Delete(object)))) => {
                    watch.change(|known| known.store.delete(&object));
                    self.tell();
                }
            }
        }
    }

    /// Counts a question that has no answer yet.
    fn count<T>(&self, source: &'static str, answer: Option<T>) -> Option<T> {
        if answer.is_none() {
            self.metrics.watch_unanswered(source);
        }
        answer
    }

    /// Tells the metrics what is known.
    fn tell(&self) {
        if let Some(watch) = &self.clusters {
            self.metrics.watch_objects(Clusters::SOURCE, watch.ask(Store::len));
        }
        if !self.secrets.is_empty() {
            let all = self.secrets.iter().map(|(_, watch)| watch.ask(Store::len));
            self.metrics.watch_objects(SecretKeyNames::SOURCE, all.sum());
        }
    }
}

/// Why a watch has failed, in the same words whichever part of it did.
fn cause(error: watcher::Error) -> ApiError {
    match error {
        watcher::Error::InitialListFailed(error)
        | watcher::Error::WatchStartFailed(error)
        | watcher::Error::WatchFailed(error) => error.into(),
        watcher::Error::WatchError(status) => ApiError::Refused(status.message),
        watcher::Error::NoResourceVersion => ApiError::Refused(error.to_string()),
    }
}

impl ClusterContext for Watched {
    fn conflicts(&self, claim: &StorageKey, owner: &Owner) -> Option<Conflicts> {
        let conflicts = self.clusters.as_ref()?.ask(|clusters| clusters.claims.conflicts(claim, owner));
        self.count(Clusters::SOURCE, conflicts)
    }

    fn secret(&self, namespace: &str, name: &str) -> Option<SecretKeys> {
        let mut covering = self.secrets.iter().filter(|(scope, _)| scope.covers(namespace, name)).peekable();
        covering.peek()?;
        let keys = covering.find_map(|(_, watch)| watch.ask(|keys| keys.get(name).cloned()));
        self.count(SecretKeyNames::SOURCE, keys).map(|keys| keys.map_or(SecretKeys::Absent, SecretKeys::Present))
    }

    fn has_synced(&self) -> bool {
        self.clusters.as_ref().is_none_or(|watch| watch.ask(|_| ()).is_some())
            && self.secrets.iter().all(|(_, watch)| watch.ask(|_| ()).is_some())
    }
}
