//! The policy: the level of each rule, the defaults, and the findings and patches for an object.

pub mod assumption;
mod dry_run;
mod exempt;
pub mod file;
mod partial;
pub mod stored;

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet, HashSet};

use json_patch::Patch;
use rayguard_manifest::json::Json;
use rayguard_manifest::list_map;

use crate::cluster_context::EverythingConflicts;
use crate::context::{Context, Environment, Previous};
use crate::defaults::Defaults;
use crate::ray::RayObject;
use crate::rule::{Finding, Findings, Level, MAX_FINDINGS, Rule, Scope};
use crate::rules::RULES;
pub use crate::settings::Settings;
use assumption::Assumption;
pub use dry_run::Outcome;
pub use exempt::{Exempted, Exemptible, IGNORE_PREFIX};

/// Rules that are switched off in some namespaces.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Exemption {
    /// The namespaces, by name.
    pub namespaces: Vec<String>,
    /// The rules, by name.
    pub rules: Vec<&'static str>,
    /// The reason, for people who read the policy.
    pub reason: String,
}

/// Whether rayguard's webhook is in the target cluster.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Webhook {
    /// It is. It writes the defaults into each object.
    Installed,
    /// It is not, so an object is stored without the defaults.
    Absent,
}

/// All configured rules and defaults.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Policy {
    /// Whether rayguard's webhook is in the target cluster; `None` if the policy does not say. A dry run reads it. The
    /// webhook itself does not.
    pub webhook: Option<Webhook>,
    /// What the policy says about the target cluster. Everything else about it is assumed.
    pub stated: BTreeSet<Assumption>,
    /// The settings that rules and defaults read.
    pub settings: Settings,
    /// The defaults that the mutating webhook writes.
    pub defaults: Defaults,
    /// The levels that differ from the rule's default level, by the rule's name.
    pub levels: BTreeMap<&'static str, Level>,
    /// The highest level at which any rule works; `None` for no limit.
    pub highest_level: Option<Level>,
    /// Rules that are switched off in some namespaces.
    pub exemptions: Vec<Exemption>,
    /// The rules that an annotation of an object can switch off in the webhook. Offline, an annotation can switch off
    /// every rule.
    pub object_exemptions: Exemptible,
}

impl Policy {
    /// Returns the level at which a rule works, without exemptions.
    pub fn level(&self, rule: &Rule) -> Level {
        let level = self.levels.get(rule.name).copied().unwrap_or(rule.level);
        self.highest_level.map_or(level, |highest| level.min(highest))
    }

    /// Returns the findings on an object, as the validating webhook reports them, without any knowledge of other
    /// objects. `previous` is the object that it replaces.
    pub fn validate<'o>(&self, object: &RayObject<'o>, previous: Option<&RayObject<'o>>) -> Vec<Finding> {
        let context = Context::new(object, &self.settings);
        self.review(&context.replacing(previous.map(|previous| previous as _)))
    }

    /// Returns the findings on the object of a context, as the validating webhook reports them. Findings that the
    /// previous object has too are at most warnings. Findings that the object exempts itself from are left out.
    pub fn review(&self, context: &Context<'_, '_>) -> Vec<Finding> {
        let mut findings = self.findings(context, Scope::Admission);
        self.ratchet(&mut findings, context);
        self.exempt(context, &mut findings, &[Scope::Admission], &self.object_exemptions);
        findings
    }

    /// Returns the findings on a stored object, and the findings that it exempts itself from. `exemptible` contains the
    /// rules that it may exempt itself from.
    pub fn review_stored(&self, context: &Context<'_, '_>, exemptible: &Exemptible) -> (Vec<Finding>, Vec<Exempted>) {
        let mut findings = self.findings(context, Scope::Admission);
        let exempted = self.exempt(context, &mut findings, &[Scope::Admission], exemptible);
        (findings, exempted)
    }

    /// Lowers each denial to a warning if the previous object has the same violation, so that an old cluster can still
    /// be scaled and can lose its finalizers. Kubernetes calls this ratcheting validation (KEP-4008).
    fn ratchet(&self, findings: &mut [Finding], context: &Context<'_, '_>) {
        if findings.iter().all(|finding| finding.level < Level::Deny) {
            return;
        }
        let Some(previous) = context.previous.and_then(Previous::object) else { return };
        // An update that refers to the same as before is no new violation, even if the other objects have changed.
        let environment = Environment { cluster: &EverythingConflicts, ..context.environment };
        let before = Context { object: previous, previous: None, environment, ..*context };
        let before = self.findings(&before, Scope::Admission);
        let before: HashSet<_> = before.iter().map(|finding| violation(previous, finding)).collect();
        // Above the limit, findings on the previous object may have been dropped, so a denial may or may not be new.
        let is_complete = |of_rule: &&mut [Finding]| of_rule.len() <= MAX_FINDINGS;
        for finding in findings.chunk_by_mut(|one, other| one.rule == other.rule).filter(is_complete).flatten() {
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

    /// Returns the patch that adds the missing defaults to an object, as the mutating webhook does. `old` is the object
    /// that it replaces.
    pub fn mutate(&self, object: &RayObject<'_>, old: Option<&RayObject<'_>>) -> Patch {
        self.defaults.patch(&self.settings, object, old)
    }

    /// Returns the patch that adds the missing defaults to a new object. It consumes the object, which saves a copy.
    pub fn mutate_new(&self, object: Json<'_>) -> Patch {
        self.defaults.patch_new(&self.settings, Cow::Owned(object))
    }

    /// Reports whether a rule is switched off in the object's namespace.
    fn is_exempt(&self, object: &RayObject<'_>, rule: &Rule) -> bool {
        let exempts = |exemption: &Exemption| {
            exemption.rules.contains(&rule.name)
                && object.namespace.is_some_and(|namespace| exemption.namespaces.iter().any(|name| name == namespace))
        };
        self.exemptions.iter().any(exempts)
    }
}

/// Returns what identifies a violation: the rule, and the subject, or else the place with groups and variables matched by
/// name.
fn violation(object: &RayObject<'_>, finding: &Finding) -> (&'static str, String) {
    let identity = match &finding.subject {
        Some(subject) => subject.to_string(),
        None => list_map::keyed_pointer(object.json, &finding.path),
    };
    (finding.rule.name, identity)
}
