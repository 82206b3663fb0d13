//! What the last audit of what is stored has found. It is told as a whole or not at all: a scrape sees no audit half-way,
//! and nothing of one once another replica does them.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;
use std::time::{SystemTime, UNIX_EPOCH};

use arc_swap::ArcSwapOption;
use prometheus_client::collector::Collector;
use prometheus_client::encoding::{DescriptorEncoder, EncodeMetric};
use prometheus_client::metrics::MetricType;
use prometheus_client::metrics::gauge::ConstGauge;

use rayguard_policy::rule::Level;

/// What an audit has found.
#[derive(Clone, Debug, Default)]
pub(crate) struct Audited {
    /// How many objects there are
    pub(crate) objects: u64,
    /// How many findings each rule has at each level, the zeros of rules that are on included
    pub(crate) findings: BTreeMap<(&'static str, Level), u64>,
    /// When an audit was last done to its end
    pub(crate) success: Option<SystemTime>,
}

#[derive(Clone, Debug, Default)]
pub(super) struct LastAudit(Arc<ArcSwapOption<Audited>>);

impl LastAudit {
    pub(super) fn replace(&self, audited: Option<Audited>) {
        self.0.store(audited.map(Arc::new));
    }
}

impl Collector for LastAudit {
    fn encode(&self, mut encoder: DescriptorEncoder<'_>) -> fmt::Result {
        let Some(audited) = &*self.0.load() else { return Ok(()) };
        let help = "Findings of each rule at each level in what is stored, when it was last looked at.";
        let mut family = encoder.encode_descriptor("audit_findings", help, None, MetricType::Gauge)?;
        for ((rule, level), count) in &audited.findings {
            let level = level.to_string();
            let labels = [("rule", *rule), ("level", level.as_str())];
            ConstGauge::new(*count).encode(family.encode_family(&labels)?)?;
        }
        let help = "Objects of KubeRay's that are stored, when it was last looked.";
        let metric = encoder.encode_descriptor("audit_objects", help, None, MetricType::Gauge)?;
        ConstGauge::new(audited.objects).encode(metric)?;
        if let Some(success) = audited.success {
            let help = "When what is stored was last judged to the end, in seconds since 1970.";
            let name = "audit_last_success_timestamp_seconds";
            let metric = encoder.encode_descriptor(name, help, None, MetricType::Gauge)?;
            let seconds = success.duration_since(UNIX_EPOCH).unwrap_or_default().as_secs();
            ConstGauge::new(seconds).encode(metric)?;
        }
        Ok(())
    }
}
