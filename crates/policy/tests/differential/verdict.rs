//! The verdicts of both sides on one object, and their differences.

use std::fmt;
use std::sync::LazyLock;

use rayguard_manifest::json::Json;
use rayguard_policy::kuberay::{KubeRay, Version};
use rayguard_policy::pattern::{Line, Pattern};
use rayguard_policy::policy::Policy;
use rayguard_policy::ray::RayObject;
use rayguard_policy::rule::{Finding, Level, Rule};
use rayguard_policy::rules::RULES;
use rayguard_policy::settings::Settings;
use rayguard_test_support::case::Case;
use rayguard_test_support::validators::Answer;

use crate::differences::Differences;
use crate::table::Table;

/// A way in which two verdicts differ.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) enum Disagreement {
    /// KubeRay returns the error that a rule corresponds to, and the rule denies nothing.
    Allowed { rule: &'static str, reference: &'static str },
    /// A rule that corresponds to a KubeRay check denies an object that KubeRay accepts.
    Denied { rule: &'static str },
    /// KubeRay returns an error that no rule corresponds to.
    NoRule { error: String },
}

impl fmt::Display for Disagreement {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NoRule { error } => write!(formatter, "no rule corresponds to KubeRay's error {error:?}"),
            Self::Allowed { rule, reference } => {
                write!(formatter, "{rule} does not deny what KubeRay refuses with {reference:?}")
            }
            Self::Denied { rule } => write!(formatter, "{rule} denies what KubeRay accepts"),
        }
    }
}

/// Returns all denials by rayguard for an object, with KubeRay 1.6 and the case's gates.
pub(crate) fn denials(case: &Case) -> Vec<Finding> {
    let kuberay = KubeRay { version: Version::v1(6), feature_gates: case.gates.clone() };
    let policy = Policy { settings: Settings { kuberay, ..Settings::default() }, ..Policy::default() };
    let text = case.object.to_string();
    let json: Json<'_> = serde_json::from_str(&text).expect("JSON");
    let object = RayObject::read(&json).expect("it is of a KubeRay kind");
    let mut findings = policy.validate(&object, None);
    findings.retain(|finding| finding.level == Level::Deny);
    findings
}

/// The errors of KubeRay's validators that rules cover.
static COVERED: LazyLock<Vec<(&'static Rule, &'static str, Pattern)>> = LazyLock::new(|| {
    let errors = |rule: &'static Rule| rule.validator_errors().map(move |text| (rule, text, Pattern::new(text)));
    RULES.iter().copied().flat_map(errors).collect()
});

/// Returns the rules that correspond to an error of KubeRay, each with the text in its document that identifies it.
pub(crate) fn stand_for(error: &str) -> impl Iterator<Item = (&'static Rule, &'static str)> {
    let line = Line::new(error);
    COVERED.iter().filter(move |(.., pattern)| pattern.is_in(&line)).map(|(rule, text, _)| (*rule, *text))
}

/// Returns the unexplained differences between rayguard's denials and KubeRay's errors.
pub(crate) fn compare(
    case: &Case,
    answer: &Answer,
    denials: &[Finding],
    table: &Table,
    differences: &mut Differences,
) -> Vec<Disagreement> {
    let mut found = Vec::new();
    for refusal in &answer.errors {
        let mut has_rule = false;
        for (rule, reference) in stand_for(&refusal.text) {
            has_rule = true;
            let is_denied = denials.iter().any(|finding| finding.rule == rule);
            if !is_denied && !differences.explain_acceptance(case, reference) {
                found.push(Disagreement::Allowed { rule: rule.name, reference });
            }
        }
        if !has_rule && !differences.explain_acceptance(case, &refusal.text) {
            let error = table.message(&refusal.text).unwrap_or(&refusal.text).to_owned();
            found.push(Disagreement::NoRule { error });
        }
    }
    // A validator that crashes gives no verdict.
    if answer.errors.is_empty() && answer.panics.is_empty() {
        let is_of_kuberay = |rule: &Rule| rule.validator_errors().next().is_some();
        let ours = denials.iter().filter(|finding| is_of_kuberay(finding.rule));
        let unexplained = ours.filter(|finding| !differences.explain_denial(case, finding));
        found.extend(unexplained.map(|finding| Disagreement::Denied { rule: finding.rule.name }));
    }
    found.sort();
    found.dedup();
    found
}
