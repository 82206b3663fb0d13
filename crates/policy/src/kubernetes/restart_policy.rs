//! The restart policy of a container, and its rules.

use rayguard_manifest::json::Json;

use super::pod::Kind;
use super::{At, Subject, Violations, choice};

const SUBJECT: Subject = Subject::Container;

/// The maximum number of restart rules of a container.
const MOST_RULES: usize = 20;

/// The maximum number of exit codes of a restart rule.
const MOST_EXIT_CODES: usize = 255;

/// Reports everything that Kubernetes refuses in `restartPolicy` and `restartPolicyRules` (`validateContainers`,
/// `validateInitContainerRestartPolicy`, `validateContainerRestartPolicy`).
///
/// Every violation is a warning. Before Kubernetes 1.34, only `Always` in an init container is allowed. Kubernetes 1.34
/// ignores both fields, except `Always` in an init container (`dropContainerRestartRules`). Kubernetes 1.35 allows them.
pub(super) fn validate(policy: &Json<'_>, rules: &Json<'_>, kind: Kind, at: &At<'_>, violations: &mut Violations) {
    match policy.as_str() {
        Some("Always") if kind == Kind::Init => {}
        Some(text) => {
            let (at, choices) = (at.field("restartPolicy"), ["Always", "Never", "OnFailure"]);
            match choice::check(text, &choices, SUBJECT, &at, violations) {
                Some(violation) => {
                    violation.in_some_versions();
                    if kind != Kind::Init {
                        // Even a known value is refused by some versions.
                        violation.fix = None;
                    }
                }
                None => {
                    let message = match kind {
                        Kind::Ray | Kind::Other => "Kubernetes before 1.34 refuses a restart policy of a container",
                        Kind::Init => "Kubernetes before 1.34 allows only Always for an init container",
                    };
                    let help = "remove it, unless the cluster has Kubernetes 1.35 or later";
                    violations.forbidden(SUBJECT, &at, message, help).in_some_versions();
                }
            }
        }
        None if policy.is_null() && !rules.items().is_empty() => {
            let message = "restart rules need a restart policy of the same container";
            violations.required(SUBJECT, &at.field("restartPolicy"), message, "write Never").in_some_versions();
        }
        None => {}
    }
    let at = at.field("restartPolicyRules");
    if rules.items().len() > MOST_RULES {
        let message = format!("a container has at most {MOST_RULES} restart rules");
        violations.invalid(SUBJECT, &at, message, "remove some of them").in_some_versions();
    }
    for (index, rule) in rules.items().iter().enumerate() {
        check_rule(rule, &at.index(index), violations);
    }
}

fn check_rule(rule: &Json<'_>, at: &At<'_>, violations: &mut Violations) {
    if let Some(action) = rule.field("action").as_str() {
        let actions = ["Restart", "RestartAllContainers"];
        if let Some(violation) = choice::check(action, &actions, SUBJECT, &at.field("action"), violations) {
            violation.in_some_versions();
        }
    }
    let (codes, at) = (rule.field("exitCodes"), at.field("exitCodes"));
    if codes.is_null() {
        let message = "a restart rule needs the exit codes that it is for";
        let help = "add exitCodes with an operator and values";
        violations.required(SUBJECT, &at, message, help).in_some_versions();
    }
    if let Some(operator) = codes.field("operator").as_str()
        && let Some(violation) = choice::check(operator, &["In", "NotIn"], SUBJECT, &at.field("operator"), violations)
    {
        violation.in_some_versions();
    }
    if codes.field("values").items().len() > MOST_EXIT_CODES {
        let message = format!("a restart rule has at most {MOST_EXIT_CODES} exit codes");
        violations.invalid(SUBJECT, &at.field("values"), message, "remove some of them").in_some_versions();
    }
}
