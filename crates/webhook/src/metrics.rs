//! What Prometheus is told. Every label has few values, known beforehand: no namespace, no name, no user.

mod audited;
mod viewed;

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

use crate::certificates::Step;
use crate::cluster::trouble::Part;
pub(crate) use audited::Audited;
use audited::LastAudit;
use rayguard_policy::admission::{Decision, Webhook};
use rayguard_policy::ray::Kind;
pub(crate) use viewed::Source;
use viewed::Viewed;

/// From a tenth of a millisecond to five seconds: a review takes well under the first, the last means a stuck node.
const DURATIONS: [f64; 14] = [0.0001, 0.0002, 0.0005, 0.001, 0.002, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 5.0];

/// Why a call got no decision.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Fault {
    /// It was no AdmissionReview.
    Decode,
    /// It did not say that it was JSON.
    ContentType,
    /// It was too large.
    BodySize,
    /// It did not come in time.
    Deadline,
    /// It broke off.
    BrokenBody,
    /// There was no room for it.
    Busy,
    /// rayguard itself failed.
    Panic,
}

impl Fault {
    const ALL: [Fault; 7] = [
        Fault::Decode,
        Fault::ContentType,
        Fault::BodySize,
        Fault::Deadline,
        Fault::BrokenBody,
        Fault::Busy,
        Fault::Panic,
    ];

    fn as_str(self) -> &'static str {
        match self {
            Fault::Decode => "decode",
            Fault::ContentType => "content_type",
            Fault::BodySize => "body_size",
            Fault::Deadline => "deadline",
            Fault::BrokenBody => "broken_body",
            Fault::Busy => "busy",
            Fault::Panic => "panic",
        }
    }
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct RequestLabels {
    webhook: &'static str,
    kind: &'static str,
    operation: &'static str,
    verdict: &'static str,
    dry_run: bool,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct WebhookLabel {
    webhook: &'static str,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct FaultLabel {
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

/// Everything that is counted.
#[derive(Debug)]
pub struct Metrics {
    registry: Registry,
    requests: Family<RequestLabels, Counter>,
    durations: Family<WebhookLabel, Histogram, fn() -> Histogram>,
    in_flight: Gauge,
    errors: Family<FaultLabel, Counter>,
    findings: Family<FindingLabels, Counter>,
    certificate_not_after: Family<RoleLabel, Gauge>,
    reloads: Family<ResultLabel, Counter>,
    handshake_errors: Counter,
    renewals: Family<RoleLabel, Counter>,
    certificate_errors: Family<PartLabel, Counter>,
    ca_bundle_in_sync: Gauge,
    ca_bundle_writes: Counter,
    viewed: Viewed,
    last_audit: LastAudit,
    audits: Family<ResultLabel, Counter>,
    log_lines_lost: Counter,
}

impl Default for Metrics {
    fn default() -> Self {
        let metrics = Self {
            registry: Registry::with_prefix("rayguard"),
            requests: Family::default(),
            durations: Family::new_with_constructor(|| Histogram::new(DURATIONS)),
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
            viewed: Viewed::default(),
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
            "Time from a whole AdmissionReview to its answer",
            self.durations.clone(),
        );
        registry.register("admission_in_flight", "AdmissionReviews being read or answered", self.in_flight.clone());
        registry.register("admission_errors", "Calls that got no decision", self.errors.clone());
        registry.register("rule_findings", "Findings of each rule at each level", self.findings.clone());
        registry.register(
            "tls_certificate_not_after_seconds",
            "When the certificate expires, in seconds since 1970",
            self.certificate_not_after.clone(),
        );
        registry.register("tls_reload", "Changes of the certificate's files taken up or refused", self.reloads.clone());
        registry.register("tls_handshake_errors", "TLS handshakes that failed", self.handshake_errors.clone());
        registry.register(
            "certificate_renewals",
            "Certificates that this replica has made anew in the Secret",
            self.renewals.clone(),
        );
        registry.register(
            "certificate_errors",
            "Attempts to keep the certificates that have failed",
            self.certificate_errors.clone(),
        );
        registry.register("cabundle_writes", "caBundles that this replica has written", self.ca_bundle_writes.clone());
        self.viewed.register(registry);
        registry.register("audit_runs", "Audits of what is stored, to their end or not", self.audits.clone());
        registry.register_collector(Box::new(self.last_audit.clone()));
        registry.register("log_lines_lost", "Lines of the log that stderr did not take", self.log_lines_lost.clone());
        let build = Info::new([("version", env!("CARGO_PKG_VERSION"))]);
        registry.register("build", "The program that is running", build);

        // An alert on a rate needs the zero before the first fault.
        for fault in Fault::ALL {
            let _ = self.errors.get_or_create(&FaultLabel { reason: fault.as_str() });
        }
        for role in ["ca", "leaf"] {
            let _ = self.renewals.get_or_create(&RoleLabel { role });
        }
        for part in Part::OF_CERTIFICATES {
            let _ = self.certificate_errors.get_or_create(&PartLabel { part: part.as_str() });
        }
        for result in ["success", "failure"] {
            let _ = self.reloads.get_or_create(&ResultLabel { result });
            let _ = self.audits.get_or_create(&ResultLabel { result });
        }
        self
    }

    /// Tells of the `caBundle`s too, which is only of use where rayguard keeps them: an alert on them must not fire where
    /// somebody else does.
    #[must_use]
    pub fn with_ca_bundles(mut self) -> Self {
        let help = "Whether every caBundle of the webhook configurations holds the CA: 1 yes, 0 no";
        self.registry.register("cabundle_in_sync", help, self.ca_bundle_in_sync.clone());
        self
    }

    /// The metrics as Prometheus reads them, in the OpenMetrics format.
    pub fn encode(&self) -> String {
        let mut text = String::new();
        // Writing to a string does not fail.
        let _ = encode(&mut text, &self.registry);
        text
    }

    /// Counts a call as long as the guard lives.
    pub(crate) fn in_flight(self: &Arc<Self>) -> InFlight {
        self.in_flight.inc();
        InFlight(Arc::clone(self))
    }

    /// Counts a decision and what led to it.
    pub(crate) fn decided(&self, webhook: Webhook, decision: &Decision<'_>, duration: Duration) {
        let webhook = webhook.as_str();
        let request = &decision.request;
        let kind = Kind::ALL.into_iter().map(Kind::as_str).find(|kind| *kind == request.kind.kind).unwrap_or("other");
        let operation = request.operation.map_or("unknown", rayguard_policy::admission::Operation::as_str);
        let verdict = decision.verdict.as_str();
        let labels = RequestLabels { webhook, kind, operation, verdict, dry_run: request.dry_run };
        self.requests.get_or_create(&labels).inc();
        self.durations.get_or_create(&WebhookLabel { webhook }).observe(duration.as_secs_f64());
        for finding in &decision.findings {
            let labels = FindingLabels { rule: finding.rule.name, level: finding.level.to_string() };
            self.findings.get_or_create(&labels).inc();
        }
    }

    /// Counts a call that got no decision.
    pub(crate) fn refused(&self, webhook: Webhook, fault: Fault) {
        let webhook = webhook.as_str();
        let unknown = "unknown";
        let labels = RequestLabels { webhook, kind: unknown, operation: unknown, verdict: "error", dry_run: false };
        self.requests.get_or_create(&labels).inc();
        self.errors.get_or_create(&FaultLabel { reason: fault.as_str() }).inc();
    }

    /// Notes until when the certificate of a role (`leaf`, `ca`) is valid.
    pub fn certificate_expires(&self, role: &'static str, not_after: SystemTime) {
        let seconds = not_after.duration_since(UNIX_EPOCH).unwrap_or_default().as_secs();
        let gauge = self.certificate_not_after.get_or_create(&RoleLabel { role });
        gauge.set(i64::try_from(seconds).unwrap_or(i64::MAX));
    }

    /// Counts a change of the certificate's files.
    pub(crate) fn reloaded(&self, taken_up: bool) {
        let result = if taken_up { "success" } else { "failure" };
        self.reloads.get_or_create(&ResultLabel { result }).inc();
    }

    /// Counts a step in the life of the certificates.
    pub(crate) fn certificate_renewed(&self, step: Step) {
        let role = match step {
            Step::NewAuthority => "ca",
            Step::NewLeaf => "leaf",
            Step::DropOld => return,
        };
        self.renewals.get_or_create(&RoleLabel { role }).inc();
    }

    /// Counts a failure to keep the certificates.
    pub(crate) fn certificate_failed(&self, part: Part) {
        self.certificate_errors.get_or_create(&PartLabel { part: part.as_str() }).inc();
    }

    /// Notes whether every `caBundle` holds the CA.
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

    /// Tells what the last audit has found; nothing where another replica does them.
    pub(crate) fn audited(&self, audited: Option<Audited>) {
        self.last_audit.replace(audited);
    }

    /// What counts the lines that the log has lost.
    pub fn log_lines_lost(&self) -> Counter {
        self.log_lines_lost.clone()
    }

    /// Counts a failed handshake.
    pub(crate) fn handshake_failed(&self) {
        self.handshake_errors.inc();
    }
}

/// A call under way.
pub(crate) struct InFlight(Arc<Metrics>);

impl Drop for InFlight {
    fn drop(&mut self) {
        self.0.in_flight.dec();
    }
}
