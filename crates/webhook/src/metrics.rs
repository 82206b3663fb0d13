//! The metrics for Prometheus. Every label has few values, which are known beforehand: no namespace, no name, no user.
//!
//! This module imports no other module of the crate. The modules that count pass label values in, and declare those
//! that must exist from the start: an alert on a rate needs a zero before the first increment.

mod audit;
mod watch;

use std::fmt;
use std::sync::Arc;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use prometheus_client::encoding::EncodeLabelSet;
use prometheus_client::encoding::text::encode;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::metrics::histogram::Histogram;
use prometheus_client::metrics::info::Info;
use prometheus_client::registry::Registry;

pub(crate) use audit::AuditResult;
use audit::LastAudit;
use watch::WatchMetrics;

/// The buckets of the review duration in seconds. A usual review takes less than the first one; the last one indicates
/// a node that is stuck.
const DURATION_BUCKETS: [f64; 14] =
    [0.0001, 0.0002, 0.0005, 0.001, 0.002, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 5.0];

/// The labels of one AdmissionReview.
#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
pub(crate) struct RequestLabels {
    pub(crate) webhook: &'static str,
    pub(crate) kind: &'static str,
    pub(crate) operation: &'static str,
    pub(crate) verdict: &'static str,
    pub(crate) dry_run: bool,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct WebhookLabel {
    webhook: &'static str,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct ReasonLabel {
    reason: &'static str,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct FindingLabels {
    rule: &'static str,
    level: String,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct RoleLabel {
    role: &'static str,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct PartLabel {
    part: &'static str,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct ResultLabel {
    result: &'static str,
}

/// The metrics of the process.
#[derive(Debug)]
pub struct Metrics {
    registry: Registry,
    requests: Family<RequestLabels, Counter>,
    durations: Family<WebhookLabel, Histogram, fn() -> Histogram>,
    in_flight: Gauge,
    errors: Family<ReasonLabel, Counter>,
    findings: Family<FindingLabels, Counter>,
    certificate_not_after: Family<RoleLabel, Gauge>,
    reloads: Family<ResultLabel, Counter>,
    handshake_errors: Counter,
    renewals: Family<RoleLabel, Counter>,
    certificate_errors: Family<PartLabel, Counter>,
    ca_bundle_in_sync: Gauge,
    ca_bundle_writes: Counter,
    watch: WatchMetrics,
    last_audit: LastAudit,
    audits: Family<ResultLabel, Counter>,
    log_lines_lost: Counter,
}

impl Default for Metrics {
    fn default() -> Self {
        let metrics = Self {
            registry: Registry::with_prefix("rayguard"),
            requests: Family::default(),
            durations: Family::new_with_constructor(|| Histogram::new(DURATION_BUCKETS)),
            in_flight: Gauge::default(),
            errors: Family::default(),
            findings: Family::default(),
            certificate_not_after: Family::default(),
            reloads: Family::default(),
            handshake_errors: Counter::default(),
            renewals: Family::default(),
            certificate_errors: Family::default(),
            ca_bundle_in_sync: Gauge::default(),
            ca_bundle_writes: Counter::default(),
            watch: WatchMetrics::default(),
            last_audit: LastAudit::default(),
            audits: Family::default(),
            log_lines_lost: Counter::default(),
        };
        metrics.registered()
    }
}

impl Metrics {
    fn registered(mut self) -> Self {
        let registry = &mut self.registry;
        registry.register("admission_requests", "AdmissionReviews answered", self.requests.clone());
        registry.register(
            "admission_duration_seconds",
            "Time from a complete AdmissionReview to its answer",
            self.durations.clone(),
        );
        registry.register("admission_in_flight", "AdmissionReviews being read or answered", self.in_flight.clone());
        registry.register("admission_errors", "Calls without a verdict", self.errors.clone());
        registry.register("rule_findings", "Findings of each rule at each level", self.findings.clone());
        registry.register(
            "tls_certificate_not_after_seconds",
            "When the certificate expires, in seconds since 1970",
            self.certificate_not_after.clone(),
        );
        registry.register(
            "tls_reload",
            "Changes of certificate files that were loaded or rejected",
            self.reloads.clone(),
        );
        registry.register("tls_handshake_errors", "TLS handshakes that failed", self.handshake_errors.clone());
        registry.register(
            "certificate_renewals",
            "Certificates that this replica has renewed in the Secret",
            self.renewals.clone(),
        );
        registry.register(
            "certificate_errors",
            "Failed attempts to manage the certificates and caBundles",
            self.certificate_errors.clone(),
        );
        registry.register("cabundle_writes", "caBundles that this replica has written", self.ca_bundle_writes.clone());
        self.watch.register(registry);
        registry.register("audit_runs", "Audits of stored objects, completed or failed", self.audits.clone());
        registry.register_collector(Box::new(self.last_audit.clone()));
        registry.register("log_lines_lost", "Log lines that stderr did not accept", self.log_lines_lost.clone());
        let build = Info::new([("version", env!("CARGO_PKG_VERSION"))]);
        registry.register("build", "The version of the running program", build);

        for result in ["success", "failure"] {
            let _ = self.reloads.get_or_create(&ResultLabel { result });
            let _ = self.audits.get_or_create(&ResultLabel { result });
        }
        self
    }

    /// Adds `rayguard_cabundle_in_sync`. Use it only where rayguard manages the `caBundle`s: elsewhere an alert on the
    /// metric would fire without a cause.
    #[must_use]
    pub fn with_ca_bundles(mut self) -> Self {
        let help = "Whether every caBundle of the webhook configurations holds the CA: 1 yes, 0 no";
        self.registry.register("cabundle_in_sync", help, self.ca_bundle_in_sync.clone());
        self
    }

    /// Returns the metrics in the OpenMetrics format.
    pub fn encode(&self) -> String {
        let mut text = String::new();
        // Writing to a string does not fail.
        let _ = encode(&mut text, &self.registry);
        text
    }

    /// Counts a call as in progress until the guard is dropped.
    pub(crate) fn in_flight(self: &Arc<Self>) -> InFlight {
        self.in_flight.inc();
        InFlight(Arc::clone(self))
    }

    /// Creates a zero counter of `rayguard_admission_errors_total` for each reason.
    pub(crate) fn declare_admission_errors(&self, reasons: impl IntoIterator<Item = &'static str>) {
        for reason in reasons {
            let _ = self.errors.get_or_create(&ReasonLabel { reason });
        }
    }

    /// Creates a zero counter of `rayguard_certificate_renewals_total` for each role.
    pub(crate) fn declare_certificate_renewals(&self, roles: impl IntoIterator<Item = &'static str>) {
        for role in roles {
            let _ = self.renewals.get_or_create(&RoleLabel { role });
        }
    }

    /// Creates a zero counter of `rayguard_certificate_errors_total` for each part.
    pub(crate) fn declare_certificate_errors(&self, parts: impl IntoIterator<Item = &'static str>) {
        for part in parts {
            let _ = self.certificate_errors.get_or_create(&PartLabel { part });
        }
    }

    /// Counts an AdmissionReview that got a verdict, and the time that it took.
    pub(crate) fn request_decided(&self, labels: &RequestLabels, duration: Duration) {
        self.requests.get_or_create(labels).inc();
        let labels = WebhookLabel { webhook: labels.webhook };
        self.durations.get_or_create(&labels).observe(duration.as_secs_f64());
    }

    /// Counts a call that got no verdict, and the reason.
    pub(crate) fn request_failed(&self, labels: &RequestLabels, reason: &'static str) {
        self.requests.get_or_create(labels).inc();
        self.errors.get_or_create(&ReasonLabel { reason }).inc();
    }

    /// Counts a finding of a rule at a level.
    pub(crate) fn rule_finding(&self, rule: &'static str, level: impl fmt::Display) {
        self.findings.get_or_create(&FindingLabels { rule, level: level.to_string() }).inc();
    }

    /// Records when the certificate of a role (`leaf`, `ca`) expires.
    pub fn certificate_expires(&self, role: &'static str, not_after: SystemTime) {
        let seconds = not_after.duration_since(UNIX_EPOCH).unwrap_or_default().as_secs();
        let gauge = self.certificate_not_after.get_or_create(&RoleLabel { role });
        gauge.set(i64::try_from(seconds).unwrap_or(i64::MAX));
    }

    /// Counts a change of files that were reloaded or rejected.
    pub(crate) fn reloaded(&self, is_success: bool) {
        let result = if is_success { "success" } else { "failure" };
        self.reloads.get_or_create(&ResultLabel { result }).inc();
    }

    /// Counts a certificate of a role (`leaf`, `ca`) that was renewed in the Secret.
    pub(crate) fn certificate_renewed(&self, role: &'static str) {
        self.renewals.get_or_create(&RoleLabel { role }).inc();
    }

    /// Counts a failure of a part of the certificate management.
    pub(crate) fn certificate_failed(&self, part: &'static str) {
        self.certificate_errors.get_or_create(&PartLabel { part }).inc();
    }

    /// Records whether every `caBundle` holds the CA.
    pub(crate) fn ca_bundle_in_sync(&self, in_sync: bool) {
        self.ca_bundle_in_sync.set(in_sync.into());
    }

    /// Counts a `caBundle` that was written.
    pub(crate) fn ca_bundle_written(&self) {
        self.ca_bundle_writes.inc();
    }

    /// Counts an audit that has ended.
    pub(crate) fn audit_ended(&self, is_success: bool) {
        let result = if is_success { "success" } else { "failure" };
        self.audits.get_or_create(&ResultLabel { result }).inc();
    }

    /// Replaces the result of the last audit; `None` where another replica does the audits.
    pub(crate) fn set_audit_result(&self, result: Option<AuditResult>) {
        self.last_audit.replace(result);
    }

    /// Returns the counter of lines that the log has lost.
    pub fn log_lines_lost(&self) -> Counter {
        self.log_lines_lost.clone()
    }

    /// Counts a failed handshake.
    pub(crate) fn handshake_failed(&self) {
        self.handshake_errors.inc();
    }
}

/// A call in progress.
pub(crate) struct InFlight(Arc<Metrics>);

impl Drop for InFlight {
    fn drop(&mut self) {
        self.0.in_flight.dec();
    }
}
