//! The life of the certificates in a cluster: what [`crate::certificates`] decides is done here, through the API server.
//!
//! No AdmissionReview waits for any of this. A [`Keeper`] looks at everything there is (the webhook configurations, the
//! Secret or the files), does what is due, and waits until something changes or is due again. It never relies on having
//! seen a change: a watch only tells it to look again, and it looks every minute anyway, for timers stand still with a
//! suspended machine. Whatever fails is tried again, and in the meantime the server goes on with what it has.

mod configuration;
mod readiness;
mod secret;
pub mod source;
mod state;

use std::convert::Infallible;
use std::sync::Arc;
use std::time::{Duration, Instant, SystemTime};

use tokio::sync::Notify;
use tokio::time::sleep;

use configuration::{WebhookConfiguration, WebhookConfigurations};
pub use readiness::Standing;
use source::{Held, Source};
pub use state::Shared;

use crate::certificates::{CLOCK_SKEW, PublishedRoots, Root, should_switch};
use crate::health::Component;
use crate::kube_api::{ApiClient, ApiError, clock};

/// How often everything is looked at though nothing seems to have changed.
const ROUND: Duration = Duration::from_mins(1);

/// The pause between two looks, however much changes: nobody who fights over a `caBundle` is to heat the API server.
const PAUSE: Duration = Duration::from_millis(200);

/// How long a CA has to be in the `caBundle`s before a Pod that has just started calls itself ready, where another Pod
/// answers in the meantime. Otherwise the wait would be for nothing.
const INTRODUCTION: Duration = Duration::from_secs(5);

/// A CA that was made within this time is that of a new installation.
const YOUTH: Duration = Duration::from_secs(15);

/// The longest pause between two attempts. A `caBundle` that was wiped is to be back within five seconds.
const RETRY: Duration = Duration::from_secs(4);

/// Keeps the certificate that is shown, and the `caBundle`s by which it is trusted.
pub struct Keeper {
    api: ApiClient,
    source: Source,
    configurations: WebhookConfigurations,
    settle: Duration,
    shared: Shared,
    publication: PublishedRoots,
    /// The roots of ours, as they were when they could last be read.
    own: Vec<Root>,
    started: Instant,
    failures: u32,
    clocks_disagree: bool,
}

impl Keeper {
    /// Keeps the certificates of a source, and with them the configurations of this name.
    pub fn new(api: ApiClient, source: Source, configurations: String, settle: Duration, shared: Shared) -> Self {
        let configurations = WebhookConfigurations::new(api.clone(), configurations);
        let (publication, own, started) = (PublishedRoots::default(), Vec::new(), Instant::now());
        Self {
            api,
            source,
            configurations,
            settle,
            shared,
            publication,
            own,
            started,
            failures: 0,
            clocks_disagree: false,
        }
    }

    /// Keeps them, as long as the server lives.
    pub async fn keep(mut self) -> Infallible {
        let changed = Notify::new();
        let (api, health) = (self.api.clone(), Arc::clone(&self.shared.health));
        let watch = async |object: Option<(String, String)>| {
            let Some((path, name)) = object else { return std::future::pending().await };
            let mut pause = Duration::from_secs(1);
            loop {
                let what = format!("{path}/{name}");
                let begun = || health.ok(Component::ObjectWatch, &what);
                let watched = api.watch(&path, &name, begun, || changed.notify_one()).await;
                pause = if watched.is_ok() { Duration::from_secs(1) } else { (pause * 2).min(RETRY) };
                health.record(Component::ObjectWatch, &what, watched);
                sleep(pause).await;
            }
        };
        let configurations =
            WebhookConfigurations::paths().map(|path| watch(Some((path, self.configurations.name.clone()))));
        let [mutating, validating] = configurations;
        let secret = watch(self.source.watched());
        let looking = async {
            loop {
                let wait = self.look().await;
                tokio::select! {
                    () = clock::sleep(wait) => {}
                    () = changed.notified() => {}
                }
                sleep(PAUSE).await;
            }
        };
        let (never, _, _, _): (Infallible, Infallible, Infallible, Infallible) =
            tokio::join!(looking, mutating, validating, secret);
        never
    }

    /// Looks at everything once, and does what is due; gives the time until the next look.
    async fn look(&mut self) -> Duration {
        let Shared { clock, health, .. } = self.shared.clone();
        let found = self.configurations.read().await;
        let found = health.record(Component::CaBundle, &self.configurations.name, found);
        let held = self.source.read(&self.shared).await;
        self.compare_clocks();
        let (now, at) = (clock.now(), self.started.elapsed());
        let mut failed = found.is_none() || held.is_none();

        if let Some(Held { roots, .. }) = &held {
            self.own.clone_from(roots);
        }
        if let Some(found) = &found {
            let bundles: Vec<_> = found.iter().flat_map(WebhookConfiguration::bundles).cloned().collect();
            self.publication.observe(&bundles, &self.own, at);
        }
        let mut wait = ROUND;
        if let Some(held) = held {
            if let Some(leaf) = &held.leaf {
                let (resolver, shown) = (&self.shared.resolver, self.shared.resolver.current());
                if should_switch(shown.as_deref(), leaf, &self.own, &self.publication, self.settle, (now, at)) {
                    self.shared.metrics.certificate_expires("leaf", leaf.certificate().validity().not_after);
                    resolver.replace(Arc::clone(leaf.certificate()));
                    tracing::info!("shows the new certificate");
                }
            }
            let settled = |root: &Root| self.publication.is_published_for(self.settle, root, at);
            match self.source.advance(held, settled, now, &self.shared).await {
                Ok(next) => wait = wait.min(next.unwrap_or(ROUND)),
                Err(()) => failed = true,
            }
        }
        if let Some(found) = found {
            match self.publish(&found, (now, at)).await {
                Ok(true) => wait = Duration::ZERO,
                Ok(false) => {}
                Err(()) => failed = true,
            }
            let shown = self.shared.resolver.current();
            let introduction = if self.is_joining(now) { INTRODUCTION } else { Duration::ZERO };
            let mut known = self
                .publication
                .in_every_bundle()
                .filter(|root| root.is_valid_at(now) && self.publication.is_published_for(introduction, root, at));
            let is_trusted = shown.is_some_and(|shown| known.any(|root| root.verifies(&shown)));
            self.shared.standing.observe(is_trusted);
        }

        self.failures = if failed { self.failures.saturating_add(1) } else { 0 };
        if failed {
            wait = wait.min(RETRY.min(Duration::from_secs(1) * 2_u32.saturating_pow(self.failures.saturating_sub(1))));
        }
        if health.failure(Component::ObjectWatch).is_some() {
            wait = wait.min(RETRY);
        }
        let ages = self.own.iter().filter_map(|root| self.publication.age(root, at));
        let rests = ages.flat_map(|age| [self.settle, INTRODUCTION].map(|time| time.saturating_sub(age)));
        wait.min(rests.filter(|rest| !rest.is_zero()).min().unwrap_or(ROUND))
    }

    /// Whether other Pods are there already, to which the API servers and kube-proxies have to get used first: those of
    /// another way to a certificate, or the one that made the CA of a new installation. It is ready at once and the
    /// others after it, so that whoever has waited for all of them can call one.
    fn is_joining(&self, now: SystemTime) -> bool {
        let is_young = |root: &Root| now < root.validity().not_before + CLOCK_SKEW + YOUTH;
        self.publication.has_foreign_roots() || (!self.source.is_founder() && self.own.iter().any(is_young))
    }

    /// Says once that the clocks disagree.
    fn compare_clocks(&mut self) {
        let ahead = self.shared.clock.offset_seconds();
        if ahead.is_some() != self.clocks_disagree {
            self.clocks_disagree = ahead.is_some();
            match ahead {
                Some(seconds) => tracing::warn!(seconds, "the API server's clock is ahead by so much; going by it"),
                None => tracing::info!("the clock agrees with the API server's again"),
            }
        }
    }

    /// Writes what the `caBundle`s are to hold, where they do not; tells whether it did.
    async fn publish(&self, found: &[WebhookConfiguration], (now, at): (SystemTime, Duration)) -> Result<bool, ()> {
        let Shared { metrics, health, .. } = &self.shared;
        // With nothing to put in, there is nothing to put right.
        if self.own.is_empty() {
            metrics.ca_bundle_in_sync(false);
            return Ok(false);
        }
        let lacks_ours = |present: &Vec<Root>| self.own.iter().any(|root| !present.contains(root));
        let (mut wrote, mut failed) = (false, false);
        for configuration in found {
            let wanted: Vec<_> = configuration
                .bundles()
                .map(|present| self.publication.desired_bundle(present, &self.own, now, at))
                .collect();
            let (kind, name) = (configuration.kind, &self.configurations.name);
            let what = format!("update of {kind} {name}");
            if configuration.bundles().zip(&wanted).all(|(present, wanted)| is_same(present, wanted)) {
                health.ok(Component::CaBundle, &what);
                continue;
            }
            match self.configurations.write(configuration, &wanted).await {
                Ok(()) => {
                    health.ok(Component::CaBundle, &what);
                    metrics.ca_bundle_written();
                    tracing::info!(
                        kind,
                        name,
                        lacked_ours = configuration.bundles().any(lacks_ours),
                        "wrote the caBundle"
                    );
                    wrote = true;
                }
                // Another replica wrote it, most likely the same.
                Err(ApiError::Conflict) => wrote = true,
                Err(error) => {
                    health.failed(Component::CaBundle, &what, error);
                    failed = true;
                }
            }
        }
        metrics.ca_bundle_in_sync(!found.iter().flat_map(WebhookConfiguration::bundles).any(lacks_ours));
        if failed { Err(()) } else { Ok(wrote) }
    }
}

/// Whether both have the same roots.
fn is_same(some: &[Root], others: &[Root]) -> bool {
    some.len() == others.len() && some.iter().all(|root| others.contains(root))
}
