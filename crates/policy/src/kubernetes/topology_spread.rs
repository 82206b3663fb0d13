//! Topology spread constraints.

use rayguard_manifest::json::Json;

use super::{At, Subject, Violations, choice, label_keys, selector};

const SUBJECT: Subject = Subject::Scheduling;

/// Reports what Kubernetes refuses in `topologySpreadConstraints` (`validateTopologySpreadConstraints`). The schema
/// refuses two constraints with the same `topologyKey` and `whenUnsatisfiable`.
pub(super) fn validate(constraints: &Json<'_>, at: &At<'_>, violations: &mut Violations) {
    for (index, constraint) in constraints.items().iter().enumerate() {
        validate_constraint(constraint, &at.index(index), violations);
    }
}

fn validate_constraint(constraint: &Json<'_>, at: &At<'_>, violations: &mut Violations) {
    let (mut when_unsatisfiable, mut min_domains, mut match_keys) = (None, None, None);
    for (name, value) in constraint.entries() {
        match &**name {
            "maxSkew" => {
                positive(value, &at.field("maxSkew"), violations);
            }
            "topologyKey" if value.as_str() == Some("") => {
                let at = at.field("topologyKey");
                violations.required(SUBJECT, &at, "topologyKey is empty", "write a label of nodes");
            }
            "whenUnsatisfiable" => when_unsatisfiable = value.as_str(),
            "minDomains" => min_domains = value.as_i64().map(|_| value),
            "nodeAffinityPolicy" => policy(value, &at.field("nodeAffinityPolicy"), violations),
            "nodeTaintsPolicy" => policy(value, &at.field("nodeTaintsPolicy"), violations),
            "labelSelector" => selector::validate(value, SUBJECT, &at.field("labelSelector"), violations),
            "matchLabelKeys" => match_keys = Some(value),
            _ => {}
        }
    }
    if let Some(action) = when_unsatisfiable {
        let at = at.field("whenUnsatisfiable");
        choice::check(action, &["DoNotSchedule", "ScheduleAnyway"], SUBJECT, &at, violations);
    }
    if let Some(min_domains) = min_domains {
        let at = at.field("minDomains");
        positive(min_domains, &at, violations);
        if when_unsatisfiable == Some("ScheduleAnyway") {
            let message = "minDomains needs whenUnsatisfiable: DoNotSchedule";
            violations.invalid(SUBJECT, &at, message, "remove minDomains, or write DoNotSchedule");
        }
    }
    if let Some(keys) = match_keys {
        let selector = constraint.field("labelSelector").as_object().map(|_| constraint.field("labelSelector"));
        label_keys::validate_spread(keys, selector, at, violations);
    }
}

fn positive(number: &Json<'_>, at: &At<'_>, violations: &mut Violations) {
    if number.as_i64().is_some_and(|number| number <= 0) {
        violations.invalid(SUBJECT, at, "the number is not greater than 0", "write 1 or more");
    }
}

fn policy(policy: &Json<'_>, at: &At<'_>, violations: &mut Violations) {
    if let Some(policy) = policy.as_str() {
        choice::check(policy, &["Honor", "Ignore"], SUBJECT, at, violations);
    }
}
