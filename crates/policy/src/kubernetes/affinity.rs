//! Affinity to nodes and Pods.

use rayguard_manifest::json::Json;

use super::{At, Subject, Violations, choice, label_keys, selector, syntax};
use crate::name::Syntax;

const SUBJECT: Subject = Subject::Scheduling;

const REQUIRED: &str = "requiredDuringSchedulingIgnoredDuringExecution";
const PREFERRED: &str = "preferredDuringSchedulingIgnoredDuringExecution";

const NODE_OPERATORS: &[&str] = &["In", "NotIn", "Exists", "DoesNotExist", "Gt", "Lt"];

/// Reports what Kubernetes refuses in `affinity` (`validateAffinity`).
pub(super) fn validate(affinity: &Json<'_>, at: &At<'_>, violations: &mut Violations) {
    for (name, value) in affinity.entries() {
        match &**name {
            "nodeAffinity" => node_affinity(value, &at.field("nodeAffinity"), violations),
            "podAffinity" => pod_affinity(value, &at.field("podAffinity"), violations),
            "podAntiAffinity" => pod_affinity(value, &at.field("podAntiAffinity"), violations),
            _ => {}
        }
    }
}

fn node_affinity(affinity: &Json<'_>, at: &At<'_>, violations: &mut Violations) {
    if let Some(Json::Array(terms)) = affinity.field(REQUIRED).entry("nodeSelectorTerms") {
        let at = at.field(REQUIRED);
        let at = at.field("nodeSelectorTerms");
        if terms.is_empty() {
            violations.required(SUBJECT, &at, "there is no term", "add a term, or remove the required affinity");
        }
        for (index, term) in terms.iter().enumerate() {
            node_term(term, true, &at.index(index), violations);
        }
    }
    for (index, preferred) in affinity.field(PREFERRED).items().iter().enumerate() {
        let at = at.field(PREFERRED);
        let at = at.index(index);
        syntax::range(SUBJECT, preferred.field("weight"), 1..=100, &at.field("weight"), violations);
        node_term(preferred.field("preference"), false, &at.field("preference"), violations);
    }
}

/// Reports what Kubernetes refuses in a term about nodes (`ValidateNodeSelectorTerm`).
fn node_term(term: &Json<'_>, is_required: bool, at: &At<'_>, violations: &mut Violations) {
    for (index, expression) in term.field("matchExpressions").items().iter().enumerate() {
        let at = at.field("matchExpressions");
        let at = at.index(index);
        if let Some(operator) = expression.field("operator").as_str() {
            choice::check(operator, NODE_OPERATORS, SUBJECT, &at.field("operator"), violations);
            if matches!(operator, "Gt" | "Lt") && expression.field("values").items().len() != 1 {
                let message = format!("the operator {operator} needs exactly one value");
                violations.required(SUBJECT, &at.field("values"), &message, "write one value, an integer in quotes");
            }
        }
        selector::requirement(expression, SUBJECT, &at, violations);
        if is_required {
            // Kubernetes 1.30 does not check the values.
            selector::for_each_value(expression, SUBJECT, &at, violations, |violation| {
                violation.in_some_versions();
            });
        }
    }
    for (index, expression) in term.field("matchFields").items().iter().enumerate() {
        let at = at.field("matchFields");
        node_field(expression, &at.index(index), violations);
    }
}

/// Reports what Kubernetes refuses in a requirement about a field of a node (`ValidateNodeFieldSelectorRequirement`).
fn node_field(expression: &Json<'_>, at: &At<'_>, violations: &mut Violations) {
    let values = expression.field("values").items();
    match expression.field("operator").as_str() {
        None => {}
        Some("In" | "NotIn") if values.len() == 1 => {}
        Some("In" | "NotIn") => {
            let message = "a requirement about the name of a node needs exactly one value";
            violations.required(SUBJECT, &at.field("values"), message, "write the name of one node");
        }
        Some(operator) => {
            choice::check(operator, &["In", "NotIn"], SUBJECT, &at.field("operator"), violations);
        }
    }
    match expression.field("key").as_str() {
        Some("metadata.name") => {
            for (index, value) in values.iter().enumerate() {
                let at = at.field("values");
                let Some(value) = value.as_str() else { continue };
                let at = at.index(index);
                syntax::check(SUBJECT, Syntax::Dns1123Subdomain, value, "the name of a node", &at, violations);
            }
        }
        Some(_) => {
            let message = "a node has no field of this name that can be selected";
            violations.invalid(SUBJECT, &at.field("key"), message, "write metadata.name, or use matchExpressions");
        }
        None => {}
    }
}

fn pod_affinity(affinity: &Json<'_>, at: &At<'_>, violations: &mut Violations) {
    for (index, term) in affinity.field(REQUIRED).items().iter().enumerate() {
        let at = at.field(REQUIRED);
        pod_term(term, &at.index(index), violations);
    }
    for (index, weighted) in affinity.field(PREFERRED).items().iter().enumerate() {
        let at = at.field(PREFERRED);
        let at = at.index(index);
        syntax::range(SUBJECT, weighted.field("weight"), 1..=100, &at.field("weight"), violations);
        pod_term(weighted.field("podAffinityTerm"), &at.field("podAffinityTerm"), violations);
    }
}

/// Reports what Kubernetes refuses in a term about Pods (`validatePodAffinityTerm`).
fn pod_term(term: &Json<'_>, at: &At<'_>, violations: &mut Violations) {
    for (name, value) in term.entries() {
        match &**name {
            "labelSelector" => selector::validate(value, SUBJECT, &at.field("labelSelector"), violations),
            "namespaceSelector" => selector::validate(value, SUBJECT, &at.field("namespaceSelector"), violations),
            "namespaces" => {
                for (index, namespace) in value.items().iter().enumerate() {
                    let Some(namespace) = namespace.as_str() else { continue };
                    let at = at.field("namespaces");
                    let at = at.index(index);
                    syntax::check(SUBJECT, Syntax::Dns1123Label, namespace, "the namespace", &at, violations);
                }
            }
            "topologyKey" => {
                if let Some(key) = value.as_str() {
                    let at = at.field("topologyKey");
                    syntax::check(SUBJECT, Syntax::QualifiedName, key, "the label key", &at, violations);
                }
            }
            _ => {}
        }
    }
    label_keys::validate_affinity(term, at, violations);
}
