//! What is stored, judged from time to time: what was admitted before rayguard, or while it could not be asked, or in the
//! same instant as what it does not go with.
//!
//! One replica does it, the one that holds a Lease. No review waits for any of this: what costs time is done on threads of
//! its own, and what fails is tried again. Nothing that is judged is ever changed.

mod judge;
mod report;
mod reports;

use std::convert::Infallible;
use std::sync::Arc;
use std::time::{Duration, Instant, SystemTime};

use tokio::task::spawn_blocking;
use tokio::time::{sleep, timeout};

use crate::health::{Component, HealthTracker};
use crate::kube_api::lease::LeaseLock;
use crate::kube_api::ray_objects::{ListError, RayObjectPager};
use crate::kube_api::{ApiClient, ApiError};
use crate::metrics::Metrics;
use crate::server::PhaseReceiver;
use judge::{Judge, Tally};
use rayguard_policy::cluster_context::ClusterContext;
use rayguard_policy::policy::Policy;
use reports::{ReportError, Reports};

/// How many objects are held at a time; one may have a megabyte.
const PAGE: u32 = 16;

/// How long the API server may take over a page.
const PATIENCE: Duration = Duration::from_mins(1);

/// The longest pause between two attempts.
const RETRY: Duration = Duration::from_mins(1);

/// How often it is looked whether all is known that rules can ask.
const LOOK: Duration = Duration::from_millis(100);

/// How long the Lease is held by a replica that is gone, and how long an audit waits for what rules can ask. Where audits
/// are to be more frequent, it is less, so that they are.
const LIFE: Duration = Duration::from_mins(1);

/// Below this, a busy machine would lose the Lease.
const SHORTEST_LIFE: Duration = Duration::from_secs(5);

/// How long giving back the Lease may hold up the end.
const FAREWELL: Duration = Duration::from_secs(2);

/// What an audit is to do.
#[derive(Clone, Debug)]
pub struct Terms {
    /// The Lease under which it is done
    pub lease: String,
    /// The pause between two audits
    pub interval: Duration,
    /// Whether PolicyReports are written
    pub reports: bool,
}

/// Judges what is stored.
pub struct Audit {
    api: ApiClient,
    lease: LeaseLock,
    life: Duration,
    interval: Duration,
    policy: Arc<Policy>,
    view: Arc<dyn ClusterContext>,
    reports: Option<Reports>,
    health: Arc<HealthTracker>,
    metrics: Arc<Metrics>,
}

/// Why an audit does not come to its end.
#[derive(Debug, thiserror::Error)]
enum AuditError {
    #[error(transparent)]
    List(#[from] ListError),
    #[error(transparent)]
    Api(#[from] ApiError),
    /// What cannot be asked is not the same as what is in order.
    #[error("not everything is known yet that is watched")]
    View,
    #[error("rayguard failed on an object")]
    Panic,
}

impl Audit {
    /// Audits by a policy, with what is known of the cluster, under a Lease in a namespace.
    pub fn new(
        api: ApiClient,
        namespace: &str,
        terms: &Terms,
        (policy, view): (Policy, Arc<dyn ClusterContext>),
        health: Arc<HealthTracker>,
        metrics: Arc<Metrics>,
    ) -> Self {
        let life = terms.interval.clamp(SHORTEST_LIFE, LIFE);
        let lease = LeaseLock::new(api.clone(), namespace, terms.lease.clone(), life);
        let reports = terms.reports.then(|| Reports::new(api.clone()));
        let interval = terms.interval.max(Duration::from_secs(1));
        Self { api, lease, life, interval, policy: Arc::new(policy), view, reports, health, metrics }
    }

    /// Audits whenever the Lease is to be had, until the server is on its way out. Then the Lease is given back, so that the
    /// next replica need not wait for its end.
    pub async fn keep(self, mut phases: PhaseReceiver) {
        tokio::select! {
            () = phases.draining() => {}
            never = self.audit_under_lease() => match never {},
        }
        self.metrics.set_audit_result(None);
        // What is not given back ends by itself.
        let _ = timeout(FAREWELL, self.lease.release()).await;
    }

    async fn audit_under_lease(&self) -> Infallible {
        loop {
            while self.take().await != Some(true) {
                sleep(self.life / 3).await;
            }
            tracing::info!(lease = self.lease.name, interval = ?self.interval, "judges what is stored, under the Lease");
            tokio::select! {
                () = self.hold() => {}
                never = self.audit() => match never {},
            }
            self.metrics.set_audit_result(None);
            tracing::info!(lease = self.lease.name, "has lost the Lease; another replica judges what is stored");
        }
    }

    async fn take(&self) -> Option<bool> {
        let taken = self.lease.acquire_or_renew(self.api.clock().now()).await;
        self.health.record(Component::AuditLease, &self.lease.name, taken)
    }

    /// Renews the Lease until another replica has it, or may have it.
    async fn hold(&self) {
        let mut renewed = Instant::now();
        loop {
            sleep(self.life / 3).await;
            let asked = Instant::now();
            match self.take().await {
                // Whoever annotates the Lease is in the way once; another holder, twice.
                Some(false) if self.take().await != Some(true) => return,
                Some(_) => renewed = asked,
                None if renewed.elapsed() >= self.life => return,
                None => {}
            }
        }
    }

    async fn audit(&self) -> Infallible {
        let Self { metrics, health, .. } = self;
        let mut success = None;
        loop {
            self.settle().await;
            let begun = Instant::now();
            let (tally, are_reports_kept) = match health.record(Component::Audit, &self.lease.name, self.judge().await)
            {
                Some((tally, kept)) => (Some(tally), kept),
                None => (None, false),
            };
            if are_reports_kept {
                success = Some(self.api.clock().now());
            }
            metrics.audit_ended(are_reports_kept);
            if let Some(tally) = tally {
                self.tell(tally, success, begun.elapsed());
            }
            sleep(if are_reports_kept { self.interval } else { self.interval.min(RETRY) }).await;
        }
    }

    /// Waits until all is known that rules can ask, though not for ever: where a watch fails, it is said elsewhere. Without
    /// that nothing is judged: what rules do not know they do not say, and that would look like a cluster in order.
    async fn settle(&self) {
        let begun = Instant::now();
        while !self.view.has_synced() && begun.elapsed() < self.life {
            sleep(LOOK).await;
        }
    }

    fn has_synced(&self) -> Result<(), AuditError> {
        if self.view.has_synced() { Ok(()) } else { Err(AuditError::View) }
    }

    fn tell(&self, tally: Tally, success: Option<SystemTime>, duration: Duration) {
        let Tally { objects, denied, warned, unreadable, .. } = tally;
        tracing::info!(objects, denied, warned, unreadable, ?duration, "judged what is stored");
        self.metrics.set_audit_result(Some(tally.into_result(success)));
    }

    /// Judges all that is stored, once; tells also whether the PolicyReports are as they are to be.
    async fn judge(&self) -> Result<(Tally, bool), AuditError> {
        let mut round = match &self.reports {
            Some(reports) => reports.begin().await,
            None => Ok(None),
        };
        let makes_reports = matches!(round, Ok(Some(_)));
        let mut judge = Judge::new(Arc::clone(&self.policy), Arc::clone(&self.view), makes_reports);
        let mut objects = RayObjectPager::new(self.api.inner().clone(), None, PAGE);
        loop {
            let page = timeout(PATIENCE, objects.next_page()).await.map_err(|_| ApiError::Timeout(PATIENCE))?;
            let Some(page) = page else { break };
            let page = page.map_err(|(_, error)| error)?;
            self.has_synced()?;
            let judged = spawn_blocking(move || {
                let made = judge.page(&page);
                (judge, made)
            });
            let made;
            (judge, made) = judged.await.map_err(|_| AuditError::Panic)?;
            self.has_synced()?;
            if let Ok(Some(round)) = &mut round {
                for report in made {
                    round.keep(report).await;
                }
            }
        }
        // Only now is it known which objects have no findings any more.
        let ended = match round {
            Ok(Some(round)) => round.end().await,
            Ok(None) => Ok(false),
            Err(error) => Err(error),
        };
        let health = &self.health;
        let kept = health.record(Component::PolicyReports, &self.lease.name, ended);
        if let Some(others_are_in_the_way) = kept {
            // Whoever may write into one namespace is not to hold up all others.
            let others = if others_are_in_the_way { Err(ReportError::Conflict) } else { Ok(()) };
            health.record(Component::PolicyReports, "reports of others", others);
        }
        Ok((judge.into_tally(), kept.is_some()))
    }
}
