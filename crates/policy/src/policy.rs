//! The policy: which rules apply at which level, which defaults are written, and what follows for an object.

mod dry_run;
mod exempt;
pub mod file;
pub mod stored;

use std::borrow::Cow;
use std::collections::{BTreeMap, HashSet};

use json_patch::Patch;

use crate::context::{Context, Previous};
use crate::defaults::Defaults;
use crate::ray::RayObject;
use crate::rule::{Finding, Findings, Level, MAX_FINDINGS, Rule, Scope};
use crate::rules::RULES;
use rayguard_manifest::json::Json;
use rayguard_manifest::keyed;

pub use crate::settings::Settings;
pub use dry_run::Outcome;
pub use exempt::{Exempted, Exemptible, PREFIX};

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

    /// Returns everything that is wrong with an object alone, as the validating webhook reports it.
    pub fn validate<'o>(&self, object: &RayObject<'o>, previous: Option<&RayObject<'o>>) -> Vec<Finding> {
        let context = Context::new(object, &self.settings);
        self.review(&context.replacing(previous.map(|previous| previous as _)))
    }

    /// Returns everything that is wrong with the object of a context, as the validating webhook reports it: all findings,
    /// ratcheted by the previous object, without those that the object exempts itself from.
    pub fn review(&self, context: &Context<'_, '_>) -> Vec<Finding> {
        let mut findings = self.findings(context, Scope::Admission);
        self.ratchet(&mut findings, context);
        self.exempt(context, &mut findings, &[Scope::Admission], &self.object_exemptions);
        findings
    }

    /// Returns everything that is wrong with an object as it is stored, and the findings that it exempts itself from, of
    /// those that `exemptible` allows.
    pub fn review_stored(&self, context: &Context<'_, '_>, exemptible: &Exemptible) -> (Vec<Finding>, Vec<Exempted>) {
        let mut findings = self.findings(context, Scope::Admission);
        let exempted = self.exempt(context, &mut findings, &[Scope::Admission], exemptible);
        (findings, exempted)
    }

    /// Lowers to a warning every denial of a violation that the previous object has too, so that an old cluster can still be
    /// scaled and can lose its finalizers. Kubernetes calls this ratcheting validation (KEP-4008).
    fn ratchet(&self, findings: &mut [Finding], context: &Context<'_, '_>) {
        if findings.iter().all(|finding| finding.level < Level::Deny) {
            return;
        }
        let Some(previous) = context.previous.and_then(Previous::object) else { return };
        let before = Context { object: previous, previous: None, ..*context };
        let before = self.findings(&before, Scope::Admission);
        let before: HashSet<_> = before.iter().map(|finding| violation(previous, finding)).collect();
        // A rule with more findings than are kept may have found this one before without reporting it.
        let all_kept = |of_rule: &&mut [Finding]| of_rule.len() <= MAX_FINDINGS;
        for finding in findings.chunk_by_mut(|one, other| one.rule == other.rule).filter(all_kept).flatten() {
            if finding.level == Level::Deny && before.contains(&violation(context.object, finding)) {
                finding.at_most_warn();
            }
        }
    }

    /// Returns the findings of the rules of one scope. An object that is being deleted has none.
    fn findings(&self, context: &Context<'_, '_>, scope: Scope) -> Vec<Finding> {
        if context.object.is_being_deleted() {
            return Vec::new();
        }
        let rules = RULES.iter().filter(|rule| rule.scope == scope && !self.is_exempt(context.object, rule));
        Findings::collect(context, rules.map(|rule| (*rule, self.level(rule))))
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
    fn is_exempt(&self, object: &RayObject<'_>, rule: &Rule) -> bool {
        let exempts = |exemption: &Exemption| {
            exemption.rules.contains(&rule.name)
                && object.namespace.is_some_and(|namespace| exemption.namespaces.iter().any(|name| name == namespace))
        };
        self.exemptions.iter().any(exempts)
    }
}

/// Returns what identifies a violation: the rule, the place with groups and variables matched by name, and the subject.
fn violation<'f>(object: &RayObject<'_>, finding: &'f Finding) -> (&'static str, String, Option<&'f str>) {
    (finding.rule.name, keyed::place(object.json, &finding.path), finding.subject.as_deref())
}
