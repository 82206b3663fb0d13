//! Audits of the stored objects: of objects that were admitted before rayguard was installed, while it could not be
//! called, or at the same time as an object that they conflict with.
//!
//! The replica that holds a Lease audits. No review waits for an audit: the expensive work runs on blocking threads,
//! and a failed request is retried. An audit never changes an object that it checks.

mod evaluator;
mod policy_report;
mod report_writer;

use std::convert::Infallible;
use std::sync::Arc;
use std::time::{Duration, Instant, SystemTime};

use rayguard_policy::cluster_context::ClusterContext;
use rayguard_policy::policy::Policy;
use tokio::task::spawn_blocking;
use tokio::time::{sleep, timeout};

use crate::health::{Component, HealthTracker};
use crate::kube_api::lease::LeaseLock;
use crate::kube_api::ray_objects::{ListError, RayObjectPager};
use crate::kube_api::{ApiClient, ApiError};
use crate::metrics::Metrics;
use crate::server::PhaseReceiver;
use evaluator::{AuditCounts, Evaluator};
use report_writer::{ReportError, ReportWriter};

/// The number of objects in a page of a list; an object may have a megabyte.
const PAGE_SIZE: u32 = 16;

/// The timeout of a request of the audit.
const REQUEST_TIMEOUT: Duration = Duration::from_mins(1);

/// The longest pause after a failed audit.
const MAX_RETRY_DELAY: Duration = Duration::from_mins(1);

/// The shortest pause between two audits.
const MIN_INTERVAL: Duration = Duration::from_secs(1);

/// How often an audit checks whether the cache has synced before it starts.
const SYNC_CHECK_INTERVAL: Duration = Duration::from_millis(100);

/// The longest duration of the Lease, and the longest time that an audit waits for the cache to sync. Both are at most
/// the interval of the audits.
const MAX_LEASE_DURATION: Duration = Duration::from_mins(1);

/// The shortest duration of the Lease. With a shorter one, a busy node would lose the Lease.
const MIN_LEASE_DURATION: Duration = Duration::from_secs(5);

/// How long the release of the Lease may delay the shutdown.
const RELEASE_TIMEOUT: Duration = Duration::from_secs(2);

/// The settings of the audit.
#[derive(Clone, Debug)]
pub struct AuditConfig {
    /// The namespace of the Lease
    pub namespace: String,
    /// The name of the Lease
    pub lease: String,
    /// The pause between two audits
    pub interval: Duration,
    /// Whether to write PolicyReports
    pub policy_reports: bool,
}

/// Audits the stored objects while it holds the Lease.
pub struct Auditor {
    client: ApiClient,
    lease: LeaseLock,
    lease_duration: Duration,
    interval: Duration,
    policy: Arc<Policy>,
    cluster: Arc<dyn ClusterContext>,
    reports: Option<ReportWriter>,
    health: Arc<HealthTracker>,
    metrics: Arc<Metrics>,
}

/// Why an audit cannot be completed.
#[derive(Debug, thiserror::Error)]
enum AuditError {
    #[error(transparent)]
    List(#[from] ListError),
    #[error(transparent)]
    Api(#[from] ApiError),
    /// Without the cache, rules that need it would find nothing.
    #[error("the watches have not synced yet")]
    NotSynced,
    #[error("rayguard failed on an object")]
    Panic,
}

impl Auditor {
    /// Creates an auditor that applies a policy, with a view of the other objects in the cluster.
    pub fn new(
        client: ApiClient,
        config: &AuditConfig,
        policy: Policy,
        cluster: Arc<dyn ClusterContext>,
        health: Arc<HealthTracker>,
        metrics: Arc<Metrics>,
    ) -> Self {
        let lease_duration = config.interval.clamp(MIN_LEASE_DURATION, MAX_LEASE_DURATION);
        Self {
            lease: LeaseLock::new(client.clone(), &config.namespace, config.lease.clone(), lease_duration),
            lease_duration,
            interval: config.interval.max(MIN_INTERVAL),
            policy: Arc::new(policy),
            cluster,
            reports: config.policy_reports.then(|| ReportWriter::new(client.clone())),
            client,
            health,
            metrics,
        }
    }

    /// Audits until the server drains. Then the Lease is released, so that the next replica need not wait for its
    /// expiry.
    pub async fn run(self, mut phases: PhaseReceiver) {
        tokio::select! {
            () = phases.draining() => {}
            never = self.audit_as_leader() => match never {},
        }
        self.metrics.set_audit_result(None);
        // A Lease that is not released expires.
        let _ = timeout(RELEASE_TIMEOUT, self.lease.release()).await;
    }

    async fn audit_as_leader(&self) -> Infallible {
        loop {
            while self.acquire_or_renew().await != Some(true) {
                sleep(self.lease_duration / 3).await;
            }
            tracing::info!(lease = self.lease.name, interval = ?self.interval, "acquired the Lease; auditing stored objects");
            tokio::select! {
                () = self.hold_lease() => {}
                never = self.audit_repeatedly() => match never {},
            }
            self.metrics.set_audit_result(None);
            tracing::info!(lease = self.lease.name, "lost the Lease; another replica audits");
        }
    }

    /// Returns whether this replica holds the Lease; `None` after a failure, which is recorded.
    async fn acquire_or_renew(&self) -> Option<bool> {
        let acquired = self.lease.acquire_or_renew(self.client.clock().now()).await;
        self.health.record(Component::AuditLease, &self.lease.name, acquired)
    }

    /// Renews the Lease until another replica holds it or may hold it.
    async fn hold_lease(&self) {
        let mut renewed = Instant::now();
        loop {
            sleep(self.lease_duration / 3).await;
            let requested = Instant::now();
            match self.acquire_or_renew().await {
                // An unrelated change of the Lease causes one conflict; another holder fails the second attempt too.
                Some(false) if self.acquire_or_renew().await != Some(true) => return,
                Some(_) => renewed = requested,
                None if renewed.elapsed() >= self.lease_duration => return,
                None => {}
            }
        }
    }

    async fn audit_repeatedly(&self) -> Infallible {
        let mut last_success = None;
        loop {
            self.wait_for_sync().await;
            let start = Instant::now();
            let result = self.health.record(Component::Audit, &self.lease.name, self.audit().await);
            let is_success = matches!(result, Some((_, true)));
            if is_success {
                last_success = Some(self.client.clock().now());
            }
            self.metrics.audit_ended(is_success);
            if let Some((counts, _)) = result {
                self.report(counts, last_success, start.elapsed());
            }
            sleep(if is_success { self.interval } else { self.interval.min(MAX_RETRY_DELAY) }).await;
        }
    }

    /// Waits for the cache to sync, for a limited time, because the failure of a watch is reported elsewhere. An audit
    /// without the cache would fail: rules that need it would find nothing, as if the cluster had no error.
    async fn wait_for_sync(&self) {
        let start = Instant::now();
        while !self.cluster.has_synced() && start.elapsed() < self.lease_duration {
            sleep(SYNC_CHECK_INTERVAL).await;
        }
    }

    fn check_sync(&self) -> Result<(), AuditError> {
        if self.cluster.has_synced() { Ok(()) } else { Err(AuditError::NotSynced) }
    }

    fn report(&self, counts: AuditCounts, last_success: Option<SystemTime>, duration: Duration) {
        let AuditCounts { objects, denied, warned, unreadable, .. } = counts;
        tracing::info!(objects, denied, warned, unreadable, ?duration, "audit completed");
        self.metrics.set_audit_result(Some(counts.into_result(last_success)));
    }

    /// Audits all stored objects once. Returns the counts, and whether the PolicyReports are up to date.
    async fn audit(&self) -> Result<(AuditCounts, bool), AuditError> {
        let mut sync = match &self.reports {
            Some(writer) => writer.start().await,
            None => Ok(None),
        };
        let makes_reports = matches!(sync, Ok(Some(_)));
        let mut evaluator = Evaluator::new(Arc::clone(&self.policy), Arc::clone(&self.cluster), makes_reports);
        let mut objects = RayObjectPager::new(self.client.inner().clone(), None, PAGE_SIZE);
        loop {
            let page = timeout(REQUEST_TIMEOUT, objects.next_page()).await;
            let Some(page) = page.map_err(|_| ApiError::Timeout(REQUEST_TIMEOUT))? else { break };
            let page = page.map_err(|(_, error)| error)?;
            self.check_sync()?;
            let evaluated = spawn_blocking(move || {
                let reports = evaluator.evaluate(&page);
                (evaluator, reports)
            });
            let reports;
            (evaluator, reports) = evaluated.await.map_err(|_| AuditError::Panic)?;
            self.check_sync()?;
            if let Ok(Some(sync)) = &mut sync {
                for report in reports {
                    sync.write(report).await;
                }
            }
        }
        // Reports of objects that no longer have findings are known only after the last page.
        let finished = match sync {
            Ok(Some(sync)) => sync.finish().await,
            Ok(None) => Ok(false),
            Err(error) => Err(error),
        };
        let has_conflicts = self.health.record(Component::PolicyReports, &self.lease.name, finished);
        if let Some(has_conflicts) = has_conflicts {
            // A user who may write to one namespace must not be able to fail the whole audit.
            let conflicts = if has_conflicts { Err(ReportError::Conflict) } else { Ok(()) };
            self.health.record(Component::PolicyReports, "reports of others", conflicts);
        }
        Ok((evaluator.into_counts(), has_conflicts.is_some()))
    }
}
