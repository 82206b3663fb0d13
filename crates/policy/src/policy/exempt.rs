//! Exemptions by annotation: `rayguard.dev/ignore-RULE: "reason"` exempts an object from a rule.

use rayguard_manifest::json::Json;
use rayguard_manifest::path::FieldPath;

use super::Policy;
use crate::context::Context;
use crate::ray::RayObject;
use crate::rule::{Finding, Findings, Input, Level, Rule, Scope};
use crate::rules::{self, INEFFECTIVE_EXEMPTION};
use crate::settings::DEFAULTED;
use crate::spelling::{quote, suggestion};

/// The prefix of an annotation that exempts an object from a rule. The name of the rule follows.
pub const IGNORE_PREFIX: &str = "rayguard.dev/ignore-";

/// A finding that an object exempts itself from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Exempted {
    /// The finding.
    pub finding: Finding,
    /// The reason, from the value of the annotation.
    pub reason: String,
}

/// The rules that an object may exempt itself from.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Exemptible {
    /// No rule.
    #[default]
    None,
    /// These rules, by name.
    Rules(Vec<&'static str>),
    /// Every rule.
    All,
}

impl Exemptible {
    /// Reports whether an object may exempt itself from a rule.
    pub(crate) fn contains(&self, rule: &Rule) -> bool {
        match self {
            Self::None => false,
            Self::Rules(rules) => rules.contains(&rule.name),
            Self::All => true,
        }
    }
}

impl Policy {
    /// Removes the findings that the object exempts itself from, if `exemptible` allows it, and returns them. Adds the
    /// findings on the exemptions themselves. `findings` must contain all findings of `scopes`.
    pub(crate) fn exempt(
        &self,
        context: &Context<'_, '_>,
        findings: &mut Vec<Finding>,
        scopes: &[Scope],
        exemptible: &Exemptible,
    ) -> Vec<Exempted> {
        let object = context.object;
        let annotations = object.json.descend(["metadata", "annotations"]).entries();
        let mut own = annotations.iter().filter(|(key, _)| is_meant_for_rayguard(key)).peekable();
        if own.peek().is_none() || object.is_being_deleted() {
            return Vec::new();
        }
        let mut exempted = Vec::new();
        let mut errors = Findings::of(&INEFFECTIVE_EXEMPTION, self.level(&INEFFECTIVE_EXEMPTION));
        for (key, reason) in own {
            let path = FieldPath::of(["metadata", "annotations"]).key(key.to_string());
            let Some(name) = key.strip_prefix(IGNORE_PREFIX) else {
                let help = format!("write {IGNORE_PREFIX} and the name of a rule, or remove the annotation");
                errors.invalid(path, "rayguard has no such annotation", help);
                continue;
            };
            let reason = reason.as_nonempty_str().map(str::trim).filter(|reason| !reason.is_empty());
            let Some(rule) = rules::find(name) else {
                let message = format!("there is no rule {}{}", quote(name), suggestion(name, &rules::names()));
                errors.invalid(path, message, "write the name of a rule after ignore-, or remove the annotation");
                continue;
            };
            let Some(reason) = reason else {
                let message = format!("without a reason, this does not exempt the object from {}", rule.name);
                errors.required(path, message, "write a reason, for example \"a test, which may be lost\"");
                continue;
            };
            let is_found = findings.iter().any(|finding| finding.rule == rule);
            if !is_found {
                if self.is_effective(rule, object, scopes) {
                    let message = format!("{} finds nothing here", rule.name);
                    errors.forbidden(path, message, "remove the annotation");
                }
            } else if exemptible.contains(rule) {
                let found = findings.extract_if(.., |finding| finding.rule == rule);
                exempted.extend(found.map(|finding| Exempted { finding, reason: reason.to_owned() }));
            } else {
                let message = format!("the policy does not let objects exempt themselves from {}", rule.name);
                errors.forbidden(path, message, "fix the finding, or exempt the namespace in the policy");
            }
        }
        if errors.level() > Level::Off && !self.is_exempt(object, &INEFFECTIVE_EXEMPTION) {
            findings.extend(errors.into_vec());
        }
        exempted
    }

    /// Reports whether a rule ran on the object and depends on the object alone, so that its exemption is superfluous
    /// if it finds nothing. An object with an owner does not count, because the operator copied its annotations from
    /// the owner.
    fn is_effective(&self, rule: &Rule, object: &RayObject<'_>, scopes: &[Scope]) -> bool {
        let owners = object.json.descend(["metadata", "ownerReferences"]);
        rule.input == Input::Object
            && scopes.contains(&rule.scope)
            && matches!(owners, Json::Null)
            && self.level(rule) > Level::Off
            && !self.is_exempt(object, rule)
    }
}

/// Reports whether an annotation looks like one of rayguard's. The annotation that rayguard writes itself does not
/// count.
fn is_meant_for_rayguard(key: &str) -> bool {
    /// The number of letters that may differ, as in `rayguard.io`.
    const MAX_DISTANCE: usize = 3;
    let begins_so = key.get(..8).is_some_and(|start| start.eq_ignore_ascii_case("rayguard"));
    let domain = || key.split_once('/').map_or(key, |(domain, _)| domain).to_ascii_lowercase();
    key != DEFAULTED && begins_so && strsim::osa_distance(&domain(), "rayguard.dev") <= MAX_DISTANCE
}
