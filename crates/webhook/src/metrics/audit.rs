//! The metrics of the last audit of stored objects. They are exported all together or not at all: a scrape never sees
//! part of an audit, and sees no audit once another replica does them.

use std::fmt;
use std::sync::Arc;
use std::time::{SystemTime, UNIX_EPOCH};

use arc_swap::ArcSwapOption;
use prometheus_client::collector::Collector;
use prometheus_client::encoding::{DescriptorEncoder, EncodeMetric};
use prometheus_client::metrics::MetricType;
use prometheus_client::metrics::gauge::ConstGauge;

/// The result of an audit.
#[derive(Clone, Debug, Default)]
pub(crate) struct AuditResult {
    /// The number of objects
    pub(crate) objects: u64,
    /// The number of findings by rule and level, including zeros for rules that are on
    pub(crate) findings: Vec<(&'static str, String, u64)>,
    /// When an audit last completed
    pub(crate) last_success: Option<SystemTime>,
}

#[derive(Clone, Debug, Default)]
pub(super) struct LastAudit(Arc<ArcSwapOption<AuditResult>>);

impl LastAudit {
    pub(super) fn replace(&self, result: Option<AuditResult>) {
        self.0.store(result.map(Arc::new));
    }
}

impl Collector for LastAudit {
    fn encode(&self, mut encoder: DescriptorEncoder<'_>) -> fmt::Result {
        let Some(result) = &*self.0.load() else { return Ok(()) };
        let help = "Findings of each rule at each level on stored objects in the last audit.";
        let mut family = encoder.encode_descriptor("audit_findings", help, None, MetricType::Gauge)?;
        for (rule, level, count) in &result.findings {
            let labels = [("rule", *rule), ("level", level.as_str())];
            ConstGauge::new(*count).encode(family.encode_family(&labels)?)?;
        }
        let help = "Stored objects of KubeRay's kinds in the last audit.";
        let metric = encoder.encode_descriptor("audit_objects", help, None, MetricType::Gauge)?;
        ConstGauge::new(result.objects).encode(metric)?;
        if let Some(success) = result.last_success {
            let help = "When an audit last completed, in seconds since 1970.";
            let name = "audit_last_success_timestamp_seconds";
            let metric = encoder.encode_descriptor(name, help, None, MetricType::Gauge)?;
            let seconds = success.duration_since(UNIX_EPOCH).unwrap_or_default().as_secs();
            ConstGauge::new(seconds).encode(metric)?;
        }
        Ok(())
    }
}
