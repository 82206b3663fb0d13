//! Keeps the certificates' Secret and the `caBundle`s of the webhook configurations up to date: it applies the
//! decisions of [`crate::certificates`] through the API server.
//!
//! No AdmissionReview waits for this. A [`CaBundleController`] reads the webhook configurations and the Secret or the
//! files, writes what is due, and waits until something changes or becomes due. It is level-triggered: a watch only
//! starts the next reconciliation, which also runs every minute, because timers stop while a machine is suspended. A
//! failed operation is retried, and in the meantime the server continues with the certificate that it has.

mod configuration;
mod readiness;
mod secret;
pub mod source;
mod state;

use std::convert::Infallible;
use std::future::pending;
use std::sync::Arc;
use std::time::{Duration, Instant, SystemTime};

use tokio::sync::Notify;
use tokio::time::sleep;

use crate::certificates::{CLOCK_SKEW, PublishedRoots, Root, should_switch};
use crate::health::Component;
use crate::kube_api::{ApiClient, ApiError, clock};
use configuration::{WebhookConfiguration, WebhookConfigurations};
pub use readiness::CaBundleReadiness;
use source::{CertificateSource, RecordedFailure};
pub use state::SharedState;

/// The interval of reconciliations without a change.
const RESYNC_INTERVAL: Duration = Duration::from_mins(1);

/// The shortest pause between two reconciliations. It limits the load on the API server if another controller
/// repeatedly changes the same `caBundle`.
const MIN_PAUSE: Duration = Duration::from_millis(200);

/// How long a CA must be in the `caBundle`s before a Pod that has just started becomes ready, if other Pods can answer
/// in the meantime: API servers need some time to use a changed `caBundle`.
const PROPAGATION_DELAY: Duration = Duration::from_secs(5);

/// A CA that was made within this time belongs to a new installation.
const NEW_INSTALL_WINDOW: Duration = Duration::from_secs(15);

/// The first pause after a failure, which doubles with each further failure.
const MIN_RETRY_DELAY: Duration = Duration::from_secs(1);

/// The longest pause after a failure. A `caBundle` that was wiped must be restored within five seconds.
const MAX_RETRY_DELAY: Duration = Duration::from_secs(4);

/// Keeps the certificate that is served, and the `caBundle`s that let API servers trust it.
pub struct CaBundleController {
    client: ApiClient,
    source: CertificateSource,
    configurations: WebhookConfigurations,
    settle: Duration,
    state: SharedState,
    published: PublishedRoots,
    /// The roots of the source when it was last read
    own_roots: Vec<Root>,
    started: Instant,
    consecutive_failures: u32,
    clocks_disagree: bool,
}

impl CaBundleController {
    /// Creates a controller for the certificates of a source, and for the webhook configurations with a name. `settle`
    /// is how long a new CA must be in every `caBundle` before a certificate that it issued is served.
    pub fn new(
        client: ApiClient,
        source: CertificateSource,
        configurations: String,
        settle: Duration,
        state: SharedState,
    ) -> Self {
        Self {
            configurations: WebhookConfigurations::new(client.clone(), configurations),
            client,
            source,
            settle,
            state,
            published: PublishedRoots::default(),
            own_roots: Vec::new(),
            started: Instant::now(),
            consecutive_failures: 0,
            clocks_disagree: false,
        }
    }

    /// Reconciles for as long as the server runs.
    pub async fn run(mut self) -> Infallible {
        let changed = Notify::new();
        let (client, health) = (self.client.clone(), Arc::clone(&self.state.health));
        let watch = async |object: Option<(String, String)>| {
            let Some((path, name)) = object else { return pending().await };
            let mut pause = MIN_RETRY_DELAY;
            loop {
                let object = format!("{path}/{name}");
                let on_start = || health.ok(Component::ObjectWatch, &object);
                let ended = client.watch(&path, &name, on_start, || changed.notify_one()).await;
                pause = if ended.is_ok() { MIN_RETRY_DELAY } else { (pause * 2).min(MAX_RETRY_DELAY) };
                health.record(Component::ObjectWatch, &object, ended);
                sleep(pause).await;
            }
        };
        let [mutating, validating] =
            WebhookConfigurations::paths().map(|path| watch(Some((path, self.configurations.name.clone()))));
        let secret = watch(self.source.watched_object());
        let reconciling = async {
            loop {
                let wait = self.reconcile().await;
                tokio::select! {
                    () = clock::sleep(wait) => {}
                    () = changed.notified() => {}
                }
                sleep(MIN_PAUSE).await;
            }
        };
        let (never, _, _, _): (Infallible, Infallible, Infallible, Infallible) =
            tokio::join!(reconciling, mutating, validating, secret);
        never
    }

    /// Reads everything once and writes what is due. Returns the time until the next reconciliation.
    async fn reconcile(&mut self) -> Duration {
        let SharedState { clock, health, resolver, .. } = self.state.clone();
        let configurations = self.configurations.read().await;
        let configurations = health.record(Component::CaBundle, &self.configurations.name, configurations);
        let content = self.source.read(&self.state).await;
        self.report_clock_offset();
        let (now, at) = (clock.now(), self.started.elapsed());
        let mut has_failed = configurations.is_none() || content.is_none();

        if let Some(content) = &content {
            self.own_roots.clone_from(&content.roots);
        }
        if let Some(configurations) = &configurations {
            let bundles: Vec<_> = configurations.iter().flat_map(WebhookConfiguration::bundles).cloned().collect();
            self.published.observe(&bundles, &self.own_roots, at);
        }
        let mut wait = RESYNC_INTERVAL;
        if let Some(content) = content {
            if let Some(leaf) = &content.leaf {
                let current = resolver.current();
                if should_switch(current.as_deref(), leaf, &self.own_roots, &self.published, self.settle, (now, at)) {
                    self.state.metrics.certificate_expires("leaf", leaf.certificate().validity().not_after);
                    resolver.replace(Arc::clone(leaf.certificate()));
                    tracing::info!("serving the new certificate");
                }
            }
            let is_published = |root: &Root| self.published.is_published_for(self.settle, root, at);
            match self.source.renew(content, is_published, now, &self.state).await {
                Ok(next) => wait = wait.min(next.unwrap_or(RESYNC_INTERVAL)),
                Err(RecordedFailure) => has_failed = true,
            }
        }
        if let Some(configurations) = configurations {
            match self.update_bundles(&configurations, (now, at)).await {
                Ok(true) => wait = Duration::ZERO,
                Ok(false) => {}
                Err(RecordedFailure) => has_failed = true,
            }
            self.observe_readiness(now, at);
        }

        self.consecutive_failures = if has_failed { self.consecutive_failures.saturating_add(1) } else { 0 };
        if has_failed {
            let doublings = self.consecutive_failures.saturating_sub(1);
            wait = wait.min(MAX_RETRY_DELAY.min(MIN_RETRY_DELAY * 2_u32.saturating_pow(doublings)));
        }
        if health.failure(Component::ObjectWatch).is_some() {
            wait = wait.min(MAX_RETRY_DELAY);
        }
        wait.min(self.next_propagation(at).unwrap_or(RESYNC_INTERVAL))
    }

    /// Records whether API servers trust the certificate that is served.
    fn observe_readiness(&self, now: SystemTime, at: Duration) {
        let delay = if self.must_wait_for_propagation(now) { PROPAGATION_DELAY } else { Duration::ZERO };
        let mut known = self
            .published
            .in_every_bundle()
            .filter(|root| root.is_valid_at(now) && self.published.is_published_for(delay, root, at));
        let current = self.state.resolver.current();
        let is_trusted = current.is_some_and(|current| known.any(|root| root.verifies(&current)));
        self.state.readiness.observe(is_trusted);
    }

    /// Whether this Pod becomes ready only after [`PROPAGATION_DELAY`], because other Pods answer in the meantime: Pods
    /// with another origin of the certificate, or the Pod that made the CA of a new installation. That Pod becomes
    /// ready at once and the others later, so a user who has waited for all Pods can call the webhooks.
    fn must_wait_for_propagation(&self, now: SystemTime) -> bool {
        let is_new = |root: &Root| now < root.validity().not_before + CLOCK_SKEW + NEW_INSTALL_WINDOW;
        self.published.has_foreign_roots() || (!self.source.created_ca() && self.own_roots.iter().any(is_new))
    }

    /// Returns the time until one of our roots has been in every `caBundle` for one of the two delays.
    fn next_propagation(&self, at: Duration) -> Option<Duration> {
        let ages = self.own_roots.iter().filter_map(|root| self.published.age(root, at));
        let remaining = ages.flat_map(|age| [self.settle, PROPAGATION_DELAY].map(|delay| delay.saturating_sub(age)));
        remaining.filter(|remaining| !remaining.is_zero()).min()
    }

    /// Logs when the clocks start or stop to disagree.
    fn report_clock_offset(&mut self) {
        let offset = self.state.clock.offset_seconds();
        if offset.is_some() != self.clocks_disagree {
            self.clocks_disagree = offset.is_some();
            match offset {
                Some(seconds) => tracing::warn!(seconds, "the API server's clock differs; using the API server's time"),
                None => tracing::info!("the clock agrees with the API server's clock again"),
            }
        }
    }

    /// Writes the `caBundle`s that lack a root or hold one that they must not hold. Returns whether any of them
    /// changed.
    async fn update_bundles(
        &self,
        configurations: &[WebhookConfiguration],
        (now, at): (SystemTime, Duration),
    ) -> Result<bool, RecordedFailure> {
        let SharedState { metrics, health, .. } = &self.state;
        // Without a root of ours there is nothing to write.
        if self.own_roots.is_empty() {
            metrics.ca_bundle_in_sync(false);
            return Ok(false);
        }
        let lacks_ours = |present: &Vec<Root>| self.own_roots.iter().any(|root| !present.contains(root));
        let (mut has_changed, mut has_failed) = (false, false);
        for configuration in configurations {
            let bundles = configuration.bundles();
            let desired: Vec<_> =
                bundles.map(|present| self.published.desired_bundle(present, &self.own_roots, now, at)).collect();
            let (kind, name) = (configuration.kind, &self.configurations.name);
            let object = format!("update of {kind} {name}");
            if configuration.bundles().zip(&desired).all(|(present, desired)| has_same_roots(present, desired)) {
                health.ok(Component::CaBundle, &object);
                continue;
            }
            match self.configurations.write(configuration, &desired).await {
                Ok(()) => {
                    health.ok(Component::CaBundle, &object);
                    metrics.ca_bundle_written();
                    let lacked_ours = configuration.bundles().any(lacks_ours);
                    tracing::info!(kind, name, lacked_ours, "wrote the caBundle");
                    has_changed = true;
                }
                // Another replica has written it, probably with the same content.
                Err(ApiError::Conflict) => has_changed = true,
                Err(error) => {
                    health.failed(Component::CaBundle, &object, error);
                    has_failed = true;
                }
            }
        }
        let mut bundles = configurations.iter().flat_map(WebhookConfiguration::bundles);
        metrics.ca_bundle_in_sync(!bundles.any(lacks_ours));
        if has_failed { Err(RecordedFailure) } else { Ok(has_changed) }
    }
}

/// Whether two lists hold the same roots in any order.
fn has_same_roots(some: &[Root], others: &[Root]) -> bool {
    some.len() == others.len() && some.iter().all(|root| others.contains(root))
}
