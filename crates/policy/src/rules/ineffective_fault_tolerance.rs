#![doc = include_str!("ineffective_fault_tolerance.md")]

use crate::policy::Settings;
use crate::ray::RayObject;
use crate::ray::gcs::{FT_ENABLED_ANNOTATION, OPTIONS, REDIS_ADDRESS, STORAGE_NAMESPACE, STORAGE_NAMESPACE_ANNOTATION};
use crate::rule::{Category, Check, Findings, Level, Rule, Scope};

pub(super) static RULE: Rule = Rule {
    name: "ineffective-fault-tolerance",
    summary: "fault tolerance that is meant but not on",
    category: Category::FaultTolerance,
    level: Level::Deny,
    scope: Scope::Admission,
    since: "0.1.0",
    reference: &["is set which implicitly enables GCS fault tolerance"],
    docs: include_str!("ineffective_fault_tolerance.md"),
    check: Check::Object(check),
};

fn check(object: &RayObject<'_>, _: &Settings, findings: &mut Findings) {
    if object.fault_tolerance.is_on() || object.cluster.json.is_null() {
        return;
    }
    if let Some(value) = object.annotation(FT_ENABLED_ANNOTATION)
        && !is_meant_to_be_off(value)
    {
        let message = "only \"true\" switches fault tolerance on, without blanks around it; with this value it is off";
        let path = RayObject::annotation_path(FT_ENABLED_ANNOTATION);
        let finding = findings.invalid(path.clone(), message, "write \"true\"");
        if is_meant_to_be_on(value) {
            finding.fix_by_value(path, "true");
        }
        return;
    }
    let head = &object.cluster.head;
    if head.pod_annotation(FT_ENABLED_ANNOTATION).is_some_and(|value| !is_meant_to_be_off(value)) {
        let path = head.path().fields(["template", "metadata", "annotations"]).key(FT_ENABLED_ANNOTATION);
        let message = "on a Pod template this annotation does nothing, and fault tolerance is off";
        let options = object.cluster.path().field(OPTIONS);
        findings.invalid(path, message, format!("remove it, and write {options}"));
    }
    if let Some(var) = object.head_env_var(REDIS_ADDRESS) {
        findings.forbidden(
            var.path(),
            "fault tolerance is off, and KubeRay refuses an address of Redis without it",
            format!("write {OPTIONS}.redisAddress instead"),
        );
        return;
    }
    let namespace = match (object.annotation(STORAGE_NAMESPACE_ANNOTATION), object.head_env_var(STORAGE_NAMESPACE)) {
        (Some(_), _) => RayObject::annotation_path(STORAGE_NAMESPACE_ANNOTATION),
        (None, Some(var)) => var.path(),
        (None, None) => return,
    };
    let message = "a storage namespace without fault tolerance does nothing: the cluster dies with its head";
    findings.invalid(namespace, message, format!("write {OPTIONS}, or remove this")).at_most_warn();
}

/// Whether somebody who wrote this can only want fault tolerance on.
fn is_meant_to_be_on(value: &str) -> bool {
    let value = value.trim();
    ["true", "on", "yes", "1", "enabled"].iter().any(|on| value.eq_ignore_ascii_case(on))
}

/// Whether somebody who wrote this wants fault tolerance off, as it then is.
fn is_meant_to_be_off(value: &str) -> bool {
    let value = value.trim();
    value.is_empty() || ["false", "off", "no", "0", "disabled"].iter().any(|off| value.eq_ignore_ascii_case(off))
}
