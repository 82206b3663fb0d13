//! The verdict on objects as they are stored, page by page, and its count.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::SystemTime;

use super::report::Report;
use crate::kube_api::ray_objects::StoredObject;
use crate::metrics::AuditResult;
use rayguard_manifest::json::Json;
use rayguard_policy::cluster_context::ClusterContext;
use rayguard_policy::context::{Context, Environment};
use rayguard_policy::policy::Policy;
use rayguard_policy::policy::stored::OwnerFindings;
use rayguard_policy::ray::RayObject;
use rayguard_policy::rule::{Finding, Input, Level, Scope};
use rayguard_policy::rules::RULES;

/// Judges objects as the policy has it that the webhooks go by, exemptions included.
pub(super) struct Judge {
    policy: Arc<Policy>,
    view: Arc<dyn ClusterContext>,
    makes_reports: bool,
    owners: OwnerFindings,
    tally: Tally,
}

/// What was counted.
#[derive(Debug)]
pub(super) struct Tally {
    /// All objects
    pub(super) objects: u64,
    /// Those that would be refused today
    pub(super) denied: u64,
    /// Those that would be admitted with a warning
    pub(super) warned: u64,
    /// Those that are stored in a form that cannot be read
    pub(super) unreadable: u64,
    findings: BTreeMap<(&'static str, Level), u64>,
}

impl Judge {
    pub(super) fn new(policy: Arc<Policy>, view: Arc<dyn ClusterContext>, makes_reports: bool) -> Self {
        // A series of each rule that can find something here, so that an alert on its growth sees the zero before.
        let is_meant = |input| input != Input::Previous;
        let rules = RULES.iter().filter(|rule| rule.scope == Scope::Admission && is_meant(rule.input));
        let levels = rules.map(|rule| (rule.name, policy.level(rule)));
        let findings = levels.filter(|(_, level)| *level > Level::Off).map(|rule| (rule, 0)).collect();
        let tally = Tally { objects: 0, denied: 0, warned: 0, unreadable: 0, findings };
        Self { policy, view, makes_reports, owners: OwnerFindings::default(), tally }
    }

    /// Judges objects; gives the reports on those that something is wrong with.
    pub(super) fn page(&mut self, page: &[StoredObject]) -> Vec<Report> {
        page.iter().filter_map(|stored| self.count(stored)).collect()
    }

    fn count(&mut self, stored: &StoredObject) -> Option<Report> {
        self.tally.objects += 1;
        let judged = stored.parse().ok().and_then(|object| Some((self.judge(&object)?, object)));
        let Some((findings, object)) = judged else {
            self.tally.unreadable += 1;
            return None;
        };
        match findings.iter().map(|finding| finding.level).max() {
            Some(Level::Deny) => self.tally.denied += 1,
            Some(Level::Warn) => self.tally.warned += 1,
            _ => {}
        }
        for finding in &findings {
            *self.tally.findings.entry((finding.rule.name, finding.level)).or_default() += 1;
        }
        if self.makes_reports { Report::of(&object, findings) } else { None }
    }

    /// What is wrong with an object; nothing of it was said of its owner.
    fn judge(&mut self, object: &Json<'_>) -> Option<Vec<Finding>> {
        let object = RayObject::read(object)?;
        let environment = Environment { cluster: &*self.view, ..Environment::EMPTY };
        let context = Context::new(&object, &self.policy.settings).within(environment);
        let (findings, _) = self.owners.review(&self.policy, &context, &self.policy.object_exemptions);
        Some(findings)
    }

    pub(super) fn into_tally(self) -> Tally {
        self.tally
    }
}

impl Tally {
    pub(super) fn into_result(self, last_success: Option<SystemTime>) -> AuditResult {
        let findings = self.findings.into_iter().map(|((rule, level), count)| (rule, level.to_string(), count));
        AuditResult { objects: self.objects, findings: findings.collect(), last_success }
    }
}
