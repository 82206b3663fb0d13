//! What both sides say of one object, and where they differ.

use std::fmt;

use rayguard_manifest::json::Json;
use rayguard_policy::kuberay::{KubeRay, Version};
use rayguard_policy::policy::{Policy, Settings};
use rayguard_policy::ray::RayObject;
use rayguard_policy::rule::{Finding, Level, Rule};
use rayguard_policy::rules::RULES;

use crate::differences::Differences;
use crate::table::Table;
use rayguard_test_support::case::Case;
use rayguard_test_support::validators::Answer;

/// A way in which two verdicts differ.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) enum Disagreement {
    /// KubeRay makes the error that a rule stands for, and the rule denies nothing.
    Allowed { rule: &'static str, reference: &'static str },
    /// A rule that stands for checks of KubeRay denies what KubeRay accepts.
    Denied { rule: &'static str },
    /// KubeRay makes an error that no rule stands for.
    NoRule { error: String },
}

impl fmt::Display for Disagreement {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NoRule { error } => write!(formatter, "no rule stands for KubeRay's error {error:?}"),
            Self::Allowed { rule, reference } => {
                write!(formatter, "{rule} does not deny what KubeRay refuses with {reference:?}")
            }
            Self::Denied { rule } => write!(formatter, "{rule} denies what KubeRay accepts"),
        }
    }
}

/// Everything that rayguard denies in an object, for a cluster with KubeRay 1.6 and the case's gates.
pub(crate) fn denials(case: &Case) -> Vec<Finding> {
    let kuberay = KubeRay { version: Version::v1(6), feature_gates: case.gates.clone() };
    let policy = Policy { settings: Settings { kuberay, ..Settings::default() }, ..Policy::default() };
    let text = case.object.to_string();
    let json: Json<'_> = serde_json::from_str(&text).expect("JSON");
    let object = RayObject::read(&json).expect("it is of a kind of KubeRay's");
    let mut findings = policy.validate(&object, None);
    findings.retain(|finding| finding.level == Level::Deny);
    findings
}

/// The rules that stand for an error of KubeRay's, each with the words by which it is known.
pub(crate) fn stand_for(error: &str) -> impl Iterator<Item = (&'static Rule, &'static str)> {
    let references = RULES.iter().flat_map(|rule| rule.reference.iter().map(|reference| (*rule, *reference)));
    references.filter(move |(_, reference)| error.contains(reference))
}

/// How what rayguard denies differs from what KubeRay refuses, except where that is explained.
pub(crate) fn compare(
    case: &Case,
    answer: &Answer,
    denials: &[Finding],
    table: &Table,
    differences: &mut Differences,
) -> Vec<Disagreement> {
    let mut found = Vec::new();
    for said in &answer.errors {
        let mut has_rule = false;
        for (rule, reference) in stand_for(&said.text) {
            has_rule = true;
            let is_denied = denials.iter().any(|finding| finding.rule == rule);
            if !is_denied && !differences.explain_acceptance(case, reference) {
                found.push(Disagreement::Allowed { rule: rule.name, reference });
            }
        }
        if !has_rule && !differences.explain_acceptance(case, &said.text) {
            let error = table.message(&said.text).unwrap_or(&said.text).to_owned();
            found.push(Disagreement::NoRule { error });
        }
    }
    // A validator that crashes has said nothing either way.
    if answer.errors.is_empty() && answer.panics.is_empty() {
        let ours = denials.iter().filter(|finding| !finding.rule.reference.is_empty());
        let unexplained = ours.filter(|finding| !differences.explain_denial(case, finding));
        found.extend(unexplained.map(|finding| Disagreement::Denied { rule: finding.rule.name }));
    }
    found.sort();
    found.dedup();
    found
}
