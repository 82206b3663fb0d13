//! Evaluates stored objects page by page, and counts their findings.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::SystemTime;

use rayguard_manifest::json::Json;
use rayguard_policy::cluster_context::ClusterContext;
use rayguard_policy::context::{Context, Environment};
use rayguard_policy::policy::Policy;
use rayguard_policy::policy::stored::OwnerFindings;
use rayguard_policy::ray::RayObject;
use rayguard_policy::rule::{Finding, Input, Level, Scope};
use rayguard_policy::rules::RULES;

use super::policy_report::PolicyReport;
use crate::kube_api::ray_objects::StoredObject;
use crate::metrics::AuditResult;

/// Evaluates objects by the policy of the webhooks, including exemptions.
pub(super) struct Evaluator {
    policy: Arc<Policy>,
    cluster: Arc<dyn ClusterContext>,
    makes_reports: bool,
    owner_findings: OwnerFindings,
    counts: AuditCounts,
}

/// The numbers of objects and findings.
#[derive(Debug)]
pub(super) struct AuditCounts {
    /// All objects
    pub(super) objects: u64,
    /// The objects that would be refused today
    pub(super) denied: u64,
    /// The objects that would be admitted with a warning
    pub(super) warned: u64,
    /// The objects that cannot be parsed
    pub(super) unreadable: u64,
    findings: BTreeMap<(&'static str, Level), u64>,
}

impl Evaluator {
    pub(super) fn new(policy: Arc<Policy>, cluster: Arc<dyn ClusterContext>, makes_reports: bool) -> Self {
        // Each rule that can have findings here gets a time series, so that an alert on its growth sees a zero before.
        let applies = |input| input != Input::Previous;
        let rules = RULES.iter().filter(|rule| rule.scope == Scope::Admission && applies(rule.input));
        let levels = rules.map(|rule| (rule.name, policy.level(rule)));
        let findings = levels.filter(|(_, level)| *level > Level::Off).map(|rule| (rule, 0)).collect();
        let counts = AuditCounts { objects: 0, denied: 0, warned: 0, unreadable: 0, findings };
        Self { policy, cluster, makes_reports, owner_findings: OwnerFindings::default(), counts }
    }

    /// Evaluates the objects of a page. Returns a report for each object with findings, if reports are wanted.
    pub(super) fn evaluate(&mut self, page: &[StoredObject]) -> Vec<PolicyReport> {
        page.iter().filter_map(|stored| self.evaluate_object(stored)).collect()
    }

    fn evaluate_object(&mut self, stored: &StoredObject) -> Option<PolicyReport> {
        self.counts.objects += 1;
        let evaluated = stored.parse().ok().and_then(|object| Some((self.findings(&object)?, object)));
        let Some((findings, object)) = evaluated else {
            self.counts.unreadable += 1;
            return None;
        };
        match findings.iter().map(|finding| finding.level).max() {
            Some(Level::Deny) => self.counts.denied += 1,
            Some(Level::Warn) => self.counts.warned += 1,
            _ => {}
        }
        for finding in &findings {
            *self.counts.findings.entry((finding.rule.name, finding.level)).or_default() += 1;
        }
        if self.makes_reports { PolicyReport::new(&object, findings) } else { None }
    }

    /// Returns the findings on an object, without those that its owner has too.
    fn findings(&mut self, object: &Json<'_>) -> Option<Vec<Finding>> {
        let object = RayObject::read(object)?;
        let environment = Environment { cluster: &*self.cluster, ..Environment::EMPTY };
        let context = Context::new(&object, &self.policy.settings).within(environment);
        let (findings, _) = self.owner_findings.review(&self.policy, &context, &self.policy.object_exemptions);
        Some(findings)
    }

    pub(super) fn into_counts(self) -> AuditCounts {
        self.counts
    }
}

impl AuditCounts {
    pub(super) fn into_result(self, last_success: Option<SystemTime>) -> AuditResult {
        let findings = self.findings.into_iter().map(|((rule, level), count)| (rule, level.to_string(), count));
        AuditResult { objects: self.objects, findings: findings.collect(), last_success }
    }
}
