//! What an object's own annotations exempt it from: `rayguard.dev/ignore-RULE: "why"`.

use crate::defaults::DEFAULTED;
use super::Policy;
use crate::context::Context;
use crate::ray::RayObject;
use crate::rule::{Finding, Findings, Input, Level, Rule, Scope};
use crate::rules::{self, INEFFECTIVE_EXEMPTION};
use crate::spelling::{quote, suggestion};
use rayguard_manifest::json::Json;
use rayguard_manifest::path::FieldPath;

/// What the name of such an annotation begins with; the name of a rule follows.
pub const PREFIX: &str = "rayguard.dev/ignore-";

/// A finding that an object exempts itself from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Exempted {
    /// What is wrong all the same.
    pub finding: Finding,
    /// Why the object's author wants it so.
    pub reason: String,
}

/// Which rules objects may exempt themselves from.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Exemptible {
    /// None of them.
    #[default]
    None,
    /// These, by name.
    Rules(Vec<&'static str>),
    /// Every rule.
    All,
}

impl Exemptible {
    pub(crate) fn holds(&self, rule: &Rule) -> bool {
        match self {
            Self::None => false,
            Self::Rules(rules) => rules.contains(&rule.name),
            Self::All => true,
        }
    }
}

impl Policy {
    /// Takes out of findings, all that there are of these scopes, what the object exempts itself from, where it may; and
    /// adds what is wrong with the exemptions themselves.
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
        let mut faults = Findings::of(&INEFFECTIVE_EXEMPTION, self.level(&INEFFECTIVE_EXEMPTION));
        for (key, reason) in own {
            let path = FieldPath::of(["metadata", "annotations"]).key(key.to_string());
            let Some(name) = key.strip_prefix(PREFIX) else {
                let help = format!("write {PREFIX} and the name of a rule, or remove the annotation");
                faults.invalid(path, "rayguard has no such annotation", help);
                continue;
            };
            let reason = reason.as_nonempty_str().map(str::trim).filter(|reason| !reason.is_empty());
            let Some(rule) = rules::find(name) else {
                let message = format!("there is no rule {}{}", quote(name), suggestion(name, &rules::names()));
                faults.invalid(path, message, "write the name of a rule after ignore-, or remove the annotation");
                continue;
            };
            let Some(reason) = reason else {
                let message = format!("without a reason, this does not exempt the object from {}", rule.name);
                faults.required(path, message, "write a reason, for example \"a test, which may be lost\"");
                continue;
            };
            let is_found = findings.iter().any(|finding| finding.rule == rule);
            if !is_found {
                if self.would_find(rule, object, scopes) {
                    let message = format!("{} finds nothing here", rule.name);
                    faults.forbidden(path, message, "remove the annotation");
                }
            } else if exemptible.holds(rule) {
                let found = findings.extract_if(.., |finding| finding.rule == rule);
                exempted.extend(found.map(|finding| Exempted { finding, reason: reason.to_owned() }));
            } else {
                let message = format!("the policy does not let objects exempt themselves from {}", rule.name);
                faults.forbidden(path, message, "fix the finding, or exempt the namespace in the policy");
            }
        }
        if faults.level() > Level::Off && !self.is_exempt(object, &INEFFECTIVE_EXEMPTION) {
            findings.extend(faults.into_vec());
        }
        exempted
    }

    /// Whether a rule would have found something, had there been anything to find. What the operator makes has the
    /// annotations of what it was made for, which is where they count.
    fn would_find(&self, rule: &Rule, object: &RayObject<'_>, scopes: &[Scope]) -> bool {
        let owners = object.json.descend(["metadata", "ownerReferences"]);
        rule.input == Input::Object
            && scopes.contains(&rule.scope)
            && matches!(owners, Json::Null)
            && self.level(rule) > Level::Off
            && !self.is_exempt(object, rule)
    }
}

/// Whether an annotation looks like one of rayguard's, and is not the one that it writes itself.
fn is_meant_for_rayguard(key: &str) -> bool {
    /// So many letters may differ, as in `rayguard.io`.
    const SLIPS: usize = 3;
    let begins_so = key.get(..8).is_some_and(|start| start.eq_ignore_ascii_case("rayguard"));
    let domain = || key.split_once('/').map_or(key, |(domain, _)| domain).to_ascii_lowercase();
    key != DEFAULTED && begins_so && strsim::osa_distance(&domain(), "rayguard.dev") <= SLIPS
}
