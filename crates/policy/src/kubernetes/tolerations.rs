//! Tolerations.

use rayguard_manifest::json::Json;

use super::{At, Subject, Violations, choice, syntax};
use crate::name::Syntax;

const SUBJECT: Subject = Subject::Scheduling;

/// The effects of taints.
const EFFECTS: &[&str] = &["NoSchedule", "PreferNoSchedule", "NoExecute"];

/// Reports what Kubernetes refuses in `tolerations` (`ValidateTolerations`).
pub(super) fn validate(tolerations: &Json<'_>, at: &At<'_>, violations: &mut Violations) {
    for (index, toleration) in tolerations.items().iter().enumerate() {
        validate_toleration(toleration, &at.index(index), violations);
    }
}

fn validate_toleration(toleration: &Json<'_>, at: &At<'_>, violations: &mut Violations) {
    let [mut key, mut operator, mut value, mut effect] = [""; 4];
    let mut has_seconds = false;
    for (name, json) in toleration.entries() {
        let text = json.as_str().unwrap_or_default();
        match &**name {
            "key" => key = text,
            "operator" => operator = text,
            "value" => value = text,
            "effect" => effect = text,
            "tolerationSeconds" => has_seconds = json.as_i64().is_some(),
            _ => {}
        }
    }
    if !key.is_empty() {
        syntax::check(SUBJECT, Syntax::QualifiedName, key, "the key", &at.field("key"), violations);
    }
    if !effect.is_empty() {
        choice::check(effect, EFFECTS, SUBJECT, &at.field("effect"), violations);
    }
    if has_seconds && effect != "NoExecute" && !effect.eq_ignore_ascii_case("NoExecute") {
        let message = "tolerationSeconds needs the effect NoExecute";
        violations.invalid(SUBJECT, &at.field("effect"), message, "write NoExecute, or remove tolerationSeconds");
    }
    match operator {
        "" | "Equal" => {
            let at = at.field("value");
            syntax::check(SUBJECT, Syntax::LabelValue, value, "the value", &at, violations);
        }
        "Exists" if !value.is_empty() => {
            let message = "the operator Exists allows no value";
            violations.invalid(SUBJECT, &at.field("value"), message, "remove the value, or write the operator Equal");
        }
        "Exists" => {}
        "Lt" | "Gt" => {
            let message = format!("the operator {operator} is not enabled in any version of Kubernetes up to 1.37");
            violations.invalid(SUBJECT, &at.field("operator"), message, "write Equal or Exists");
        }
        _ => {
            choice::check(operator, &["Equal", "Exists"], SUBJECT, &at.field("operator"), violations);
        }
    }
    // An unknown operator is reported once.
    if key.is_empty() && matches!(operator, "" | "Equal") {
        let (at, message) = (at.field("operator"), "a toleration without a key needs the operator Exists");
        violations.invalid(SUBJECT, &at, message, "write Exists, or add a key");
    }
}

/// Reports what Kubernetes refuses in `schedulingGates` (`validateSchedulingGates`). The schema refuses duplicates.
pub(super) fn validate_gates(gates: &Json<'_>, at: &At<'_>, violations: &mut Violations) {
    for (index, gate) in gates.items().iter().enumerate() {
        if let Some(name) = gate.field("name").as_str() {
            let at = at.index(index);
            syntax::check(SUBJECT, Syntax::QualifiedName, name, "the name", &at.field("name"), violations);
        }
    }
}

/// Reports what Kubernetes refuses in `resourceClaims` (`validatePodResourceClaim`). Versions before 1.34 ignore them.
pub(super) fn validate_claims(claims: &Json<'_>, at: &At<'_>, violations: &mut Violations) {
    for (index, claim) in claims.items().iter().enumerate() {
        let at = at.index(index);
        if let Some(name) = claim.field("name").as_str() {
            let at = at.field("name");
            if let Some(found) = syntax::check(SUBJECT, Syntax::Dns1123Label, name, "the name", &at, violations) {
                found.in_some_versions();
            }
        }
        let sources =
            ["resourceClaimName", "resourceClaimTemplateName"].map(|field| (field, claim.field(field).as_str()));
        match sources {
            [(_, Some(_)), (_, Some(_))] => {
                let message = "the claim has resourceClaimName and resourceClaimTemplateName";
                violations.invalid(SUBJECT, &at, message, "remove one of them").in_some_versions();
            }
            [(_, None), (_, None)] => {
                let message = "the claim has neither resourceClaimName nor resourceClaimTemplateName";
                violations.invalid(SUBJECT, &at, message, "add one of them").in_some_versions();
            }
            _ => {}
        }
        for (field, text) in sources {
            let Some(text) = text else { continue };
            let at = at.field(field);
            if let Some(found) = syntax::check(SUBJECT, Syntax::Dns1123Subdomain, text, "the name", &at, violations) {
                found.in_some_versions();
            }
        }
    }
}

/// Reports a node that is set while the Pod waits for its scheduling gates (`ValidatePodCreate`).
pub(super) fn validate_node_name(name: &str, has_gates: bool, at: &At<'_>, violations: &mut Violations) {
    if name.is_empty() {
        return;
    }
    syntax::check(SUBJECT, Syntax::Dns1123Subdomain, name, "the name", at, violations);
    if has_gates {
        let message = "a Pod with schedulingGates allows no nodeName";
        violations.forbidden(SUBJECT, at, message, "remove nodeName, or schedulingGates");
    }
}
