#![doc = include_str!("ineffective_fault_tolerance.md")]

use crate::context::Context;
use crate::kuberay::Version;
use crate::ray::RayObject;
use crate::ray::gcs::{
    FT_ENABLED_ANNOTATION, OPTIONS, REDIS_ADDRESS, REDIS_PASSWORD_PARAM, STORAGE_NAMESPACE,
    STORAGE_NAMESPACE_ANNOTATION,
};
use crate::rule::{Category, Cel, Findings, Input, Level, Rule, Scope};
use crate::spelling::list;

pub(super) static RULE: Rule = Rule {
    name: "ineffective-fault-tolerance",
    summary: "fault tolerance that is intended but not on",
    category: Category::FaultTolerance,
    level: Level::Deny,
    scope: Scope::Admission,
    input: Input::Object,
    since: "0.1.0",
    docs: include_str!("ineffective_fault_tolerance.md"),
    cel: Cel::Yes(include_str!("ineffective_fault_tolerance.cel.yaml")),
    check,
};

fn check(context: &Context<'_, '_>, findings: &mut Findings) {
    let object = context.object;
    if object.fault_tolerance.is_on() || object.cluster.json.is_null() {
        return;
    }
    if let Some(value) = object.annotation(FT_ENABLED_ANNOTATION)
        && !is_meant_to_be_off(value)
    {
        let message = "only \"true\" without spaces around it switches fault tolerance on; with this value it is off";
        let path = RayObject::annotation_path(FT_ENABLED_ANNOTATION);
        let missing = missing(object);
        let help = if missing.is_empty() { String::new() } else { format!(", and {}", list(&missing, "and")) };
        let finding = findings.invalid(path.clone(), message, format!("write \"true\"{help}"));
        if is_meant_to_be_on(value) && missing.is_empty() {
            finding.fix_by_value(path, "true");
        }
        return;
    }
    let head = &object.cluster.head;
    if head.pod_annotation(FT_ENABLED_ANNOTATION).is_some_and(|value| !is_meant_to_be_off(value)) {
        let path = head.path().fields(["template", "metadata", "annotations"]).key(FT_ENABLED_ANNOTATION);
        let message = "this annotation has no effect on a Pod template, and fault tolerance is off";
        let options = object.cluster.path().field(OPTIONS);
        findings.invalid(path, message, format!("remove it, and write {options}"));
    }
    if let Some(var) = object.head_env_var(REDIS_ADDRESS) {
        let has_options = context.settings.kuberay.version >= Version::v1(3);
        if !has_options {
            let needed = [&["the annotation ray.io/ft-enabled: \"true\""], &*missing(object)].concat();
            let message = "fault tolerance is off, so the cluster is lost with its head";
            findings.forbidden(var.path(), message, format!("write {}", list(&needed, "and")));
            return;
        }
        let message = "fault tolerance is off, and KubeRay refuses a Redis address without it";
        let mut old = object.old_settings();
        old.extend(object.annotation(FT_ENABLED_ANNOTATION).map(|_| FT_ENABLED_ANNOTATION));
        let finding = findings.forbidden(var.path(), message, object.advice_to_move(&old));
        let in_options = object.cluster.json.descend([OPTIONS, "redisPassword"]);
        if object.old_redis_secret().is_some() || in_options.as_object().is_some() {
            finding.fix = object.move_old_settings();
        }
        return;
    }
    let namespace = match (object.annotation(STORAGE_NAMESPACE_ANNOTATION), object.head_env_var(STORAGE_NAMESPACE)) {
        (Some(_), _) => RayObject::annotation_path(STORAGE_NAMESPACE_ANNOTATION),
        (None, Some(var)) => var.path(),
        (None, None) => return,
    };
    let message = "a storage namespace has no effect without fault tolerance: the cluster is lost with its head";
    findings.invalid(namespace, message, format!("write {OPTIONS}, or remove this")).at_most_warn();
}

/// Returns what else fault tolerance by annotation needs, and the head does not have.
fn missing(object: &RayObject<'_>) -> Vec<&'static str> {
    let is_rocksdb = object.cluster.json.field(OPTIONS).as_object().is_some();
    let has_password = object.cluster.head.ray_start_param(REDIS_PASSWORD_PARAM).is_some();
    let needed = [
        (object.head_env_var(REDIS_ADDRESS).is_some(), "RAY_REDIS_ADDRESS on the head"),
        (has_password, "redis-password: $REDIS_PASSWORD with that variable from a Secret"),
    ];
    let missing = needed.into_iter().filter(|(is_there, _)| !is_there && !is_rocksdb);
    missing.map(|(_, what)| what).collect()
}

/// Returns whether the only possible intention of this value is to switch fault tolerance on.
fn is_meant_to_be_on(value: &str) -> bool {
    let value = value.trim();
    ["true", "on", "yes", "1", "enabled"].iter().any(|on| value.eq_ignore_ascii_case(on))
}

/// Returns whether the intention of this value is to leave fault tolerance off.
fn is_meant_to_be_off(value: &str) -> bool {
    let value = value.trim();
    value.is_empty() || ["false", "off", "no", "0", "disabled"].iter().any(|off| value.eq_ignore_ascii_case(off))
}
