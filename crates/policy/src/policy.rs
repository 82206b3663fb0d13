//! The policy: which rules apply at which level, which defaults are written, and what follows for an object.

use std::borrow::Cow;
use std::collections::{BTreeMap, HashSet};

use json_patch::Patch;

use crate::defaults::Defaults;
use crate::exemption::{Exempted, Exemptible};
use crate::kuberay::KubeRay;
use crate::ray::RayObject;
use crate::rule::{Check, Finding, Findings, Level, MOST_FINDINGS, Rule, Scope};
use crate::rules::RULES;
use rayguard_manifest::json::Json;
use rayguard_manifest::keyed;

/// What rules can be told.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Settings {
    /// What the target cluster runs.
    pub kuberay: KubeRay,
    /// Below this many seconds a worker's reconnect timeout is called short.
    pub short_worker_reconnect_timeout: u32,
    /// By less than this many seconds above the head's, a worker's reconnect timeout is called short.
    pub reconnect_timeout_margin: u32,
    /// The reconnect timeout of a head that sets none, in seconds: Ray's 60, unless the operator is configured to add
    /// another one to every container (`defaultContainerEnvs`).
    pub assumed_head_reconnect_timeout: u32,
    /// The DNS domain of the Kubernetes cluster, in which its Services have their full names.
    pub cluster_domain: Box<str>,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            kuberay: KubeRay::default(),
            short_worker_reconnect_timeout: 120,
            reconnect_timeout_margin: 60,
            assumed_head_reconnect_timeout: crate::ray::timeout::RAY_DEFAULT,
            cluster_domain: "cluster.local".into(),
        }
    }
}

/// Rules that are switched off in some namespaces.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Exemption {
    /// The namespaces, by name.
    pub namespaces: Vec<String>,
    /// The rules, by name.
    pub rules: Vec<&'static str>,
    /// Why; for people.
    pub reason: String,
}

/// The whole configured set of rules and defaults. Immutable once made.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Policy {
    /// What rules can be told.
    pub settings: Settings,
    /// The defaults.
    pub defaults: Defaults,
    /// Rules that work at another level than their own.
    pub levels: BTreeMap<&'static str, Level>,
    /// No rule works at a higher level than this; none if each may work at its own.
    pub highest_level: Option<Level>,
    /// Rules that are switched off in some namespaces.
    pub exemptions: Vec<Exemption>,
    /// Rules that an object's own annotations can switch off for it in the webhook. Offline, that is every rule.
    pub object_exemptions: Exemptible,
}

impl Policy {
    /// The level at which a rule works where nothing is exempt.
    pub fn level(&self, rule: &Rule) -> Level {
        let level = self.levels.get(rule.name).copied().unwrap_or(rule.level);
        self.highest_level.map_or(level, |highest| level.min(highest))
    }

    /// Everything that is wrong with an object, as the validating webhook sees it. On an update, what the old object
    /// already violated is a warning, so that an old cluster can still be scaled and can lose its finalizers.
    pub fn validate(&self, object: &RayObject<'_>, old: Option<&RayObject<'_>>) -> Vec<Finding> {
        let mut findings = self.findings(object, old, Scope::Admission);
        if let Some(old) = old {
            self.ease(&mut findings, object, old);
        }
        self.exempt(object, &mut findings, &[Scope::Admission], &self.object_exemptions);
        findings
    }

    /// Everything that is wrong with an object as it is stored, as far as admission would ask, and what it exempts itself
    /// from, of that which it may.
    pub fn judge_stored(&self, object: &RayObject<'_>, exemptible: &Exemptible) -> (Vec<Finding>, Vec<Exempted>) {
        let mut findings = self.findings(object, None, Scope::Admission);
        let exempted = self.exempt(object, &mut findings, &[Scope::Admission], exemptible);
        (findings, exempted)
    }

    /// Makes a warning of every denial for what the old object already violated.
    pub fn ease(&self, findings: &mut [Finding], object: &RayObject<'_>, old: &RayObject<'_>) {
        if findings.iter().all(|finding| finding.level < Level::Deny) {
            return;
        }
        let before = self.findings(old, None, Scope::Admission);
        let before: HashSet<_> = before.iter().map(|finding| violation(old, finding)).collect();
        // Of a rule that has found more than is kept, nobody knows what else is new.
        let all_kept = |of_rule: &&mut [Finding]| of_rule.len() <= MOST_FINDINGS;
        for finding in findings.chunk_by_mut(|one, other| one.rule == other.rule).filter(all_kept).flatten() {
            let is_of_before = match finding.rule.check {
                // Of what is known around it, more or less may be known by now.
                Check::Cluster { subject, .. } => subject(object, &self.settings) == subject(old, &self.settings),
                _ => before.contains(&violation(object, finding)),
            };
            if finding.level == Level::Deny && is_of_before {
                finding.at_most_warn();
            }
        }
    }

    /// The names of the fields that rules compare with what they were before an update. Where neither object has one of
    /// them, what the object was before can only ease a denial.
    pub fn compared_fields(&self) -> impl Iterator<Item = &'static str> {
        let fields = RULES.iter().filter_map(|rule| match rule.check {
            Check::Update { fields, .. } if self.level(rule) > Level::Off => Some(fields),
            _ => None,
        });
        fields.flatten().copied()
    }

    /// What the rules of one scope find; nothing in an object that is being deleted.
    pub(crate) fn findings(&self, object: &RayObject<'_>, old: Option<&RayObject<'_>>, scope: Scope) -> Vec<Finding> {
        if object.is_being_deleted() {
            return Vec::new();
        }
        let rules = RULES.iter().filter(|rule| rule.scope == scope && !self.is_exempt(object, rule));
        Findings::collect(object, old, &self.settings, rules.map(|rule| (*rule, self.level(rule))))
    }

    /// The defaults that an object lacks, as the mutating webhook writes them.
    pub fn mutate(&self, object: &RayObject<'_>, old: Option<&RayObject<'_>>) -> Patch {
        self.defaults.patch(&self.settings, object, old)
    }

    /// The same for an object that is new, and not needed any more.
    pub fn mutate_new(&self, object: Json<'_>) -> Patch {
        self.defaults.patch_new(&self.settings, Cow::Owned(object))
    }

    /// Whether a rule is switched off in the object's namespace.
    pub(crate) fn is_exempt(&self, object: &RayObject<'_>, rule: &Rule) -> bool {
        let exempts = |exemption: &Exemption| {
            exemption.rules.contains(&rule.name)
                && object.namespace.is_some_and(|namespace| exemption.namespaces.iter().any(|name| name == namespace))
        };
        self.exemptions.iter().any(exempts)
    }
}

/// What makes two findings the same violation: the rule and the place, groups and variables matched by name.
fn violation(object: &RayObject<'_>, finding: &Finding) -> (&'static str, String) {
    (finding.rule.name, keyed::place(object.json, &finding.path))
}
