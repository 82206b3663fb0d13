//! Label selectors.

use rayguard_manifest::json::Json;

use super::{At, Subject, Violation, Violations, choice, metadata, syntax};
use crate::name::Syntax;

const OPERATORS: &[&str] = &["In", "NotIn", "Exists", "DoesNotExist"];

/// Reports what Kubernetes refuses in a label selector (`ValidateLabelSelector`).
pub(crate) fn validate(selector: &Json<'_>, subject: Subject, at: &At<'_>, violations: &mut Violations) {
    for (name, value) in selector.entries() {
        match &**name {
            "matchLabels" => metadata::validate_labels(subject, value, |_| false, &at.field("matchLabels"), violations),
            "matchExpressions" => {
                for (index, expression) in value.items().iter().enumerate() {
                    let at = at.field("matchExpressions");
                    let at = at.index(index);
                    if let Some(operator) = expression.field("operator").as_str() {
                        choice::check(operator, OPERATORS, subject, &at.field("operator"), violations);
                    }
                    requirement(expression, subject, &at, violations);
                    for_each_value(expression, subject, &at, violations, |_| {});
                }
            }
            _ => {}
        }
    }
}

/// Reports what Kubernetes refuses in a requirement of a selector of Pods or nodes: the key, and the number of values
/// for the operators that both have.
pub(super) fn requirement(expression: &Json<'_>, subject: Subject, at: &At<'_>, violations: &mut Violations) {
    let values = expression.field("values").items().len();
    match expression.field("operator").as_str() {
        Some(operator @ ("In" | "NotIn")) if values == 0 => {
            let message = format!("the operator {operator} needs values");
            violations.required(subject, &at.field("values"), &message, "write at least one value");
        }
        Some(operator @ ("Exists" | "DoesNotExist")) if values > 0 => {
            let message = format!("the operator {operator} allows no values");
            violations.forbidden(subject, &at.field("values"), message, "remove the values, or write In or NotIn");
        }
        _ => {}
    }
    if let Some(key) = expression.field("key").as_str() {
        syntax::check(subject, Syntax::QualifiedName, key, "the label key", &at.field("key"), violations);
    }
}

/// Reports the values of a requirement that are not values of labels.
pub(super) fn for_each_value(
    expression: &Json<'_>,
    subject: Subject,
    at: &At<'_>,
    violations: &mut Violations,
    change: impl Fn(&mut Violation),
) {
    for (index, value) in expression.field("values").items().iter().enumerate() {
        if let Some(value) = value.as_str() {
            let at = at.field("values");
            let at = at.index(index);
            syntax::check(subject, Syntax::LabelValue, value, "the label value", &at, violations).map(&change);
        }
    }
}
