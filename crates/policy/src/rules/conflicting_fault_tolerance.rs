#![doc = include_str!("conflicting_fault_tolerance.md")]

use rayguard_manifest::path::FieldPath;

use crate::context::Context;
use crate::ray::RayObject;
use crate::ray::gcs::{
    FT_ENABLED_ANNOTATION, GcsFaultTolerance, OPTIONS, REDIS_ADDRESS, REDIS_PASSWORD, REDIS_PASSWORD_PARAM,
    STORAGE_NAMESPACE_ANNOTATION,
};
use crate::rule::{Category, Cel, Findings, Input, Level, Rule, Scope};

pub(super) static RULE: Rule = Rule {
    name: "conflicting-fault-tolerance",
    summary: "fault tolerance configured in two ways that exclude each other",
    category: Category::FaultTolerance,
    level: Level::Deny,
    scope: Scope::Admission,
    input: Input::Object,
    since: "0.1.0",
    docs: include_str!("conflicting_fault_tolerance.md"),
    cel: Cel::Yes(include_str!("conflicting_fault_tolerance.cel.yaml")),
    check,
};

fn check(context: &Context<'_, '_>, findings: &mut Findings) {
    let object = context.object;
    let is_rocksdb = match object.fault_tolerance {
        GcsFaultTolerance::Options(_) => false,
        GcsFaultTolerance::RocksDb => true,
        GcsFaultTolerance::Off | GcsFaultTolerance::Annotation => return,
    };
    // One change for all findings: a part of it would leave the cluster without an address or a password.
    let whole = if is_rocksdb { None } else { object.move_old_settings() };
    let mut forbid = |path: FieldPath, option: Option<&str>, is_needless: bool| {
        let message = format!("{OPTIONS} is set as well, and KubeRay refuses both together");
        let help = match option.filter(|_| !is_rocksdb) {
            Some(option) => format!("remove it, and write {OPTIONS}.{option}"),
            None => "remove it".to_owned(),
        };
        let finding = findings.forbidden(path.clone(), message, help);
        match &whole {
            Some(whole) => finding.fix = Some(whole.clone()),
            None if is_needless => drop(finding.fix_by_removal(path)),
            None => {}
        }
    };
    // Any value counts, even "false".
    if let Some(value) = object.annotation(FT_ENABLED_ANNOTATION).filter(|value| !value.is_empty()) {
        // "true" is redundant: the options switch fault tolerance on.
        forbid(RayObject::annotation_path(FT_ENABLED_ANNOTATION), None, value.eq_ignore_ascii_case("true"));
    }
    let head = &object.cluster.head;
    if head.ray_start_param(REDIS_PASSWORD_PARAM).is_some_and(|value| !value.is_empty()) {
        forbid(head.ray_start_param_path(REDIS_PASSWORD_PARAM), Some("redisPassword"), false);
    }
    if let Some(var) = object.head_env_var(REDIS_PASSWORD) {
        forbid(var.path(), Some("redisPassword"), false);
    }
    if let Some(var) = object.head_env_var(REDIS_ADDRESS) {
        forbid(var.path(), Some("redisAddress"), false);
    }
    if object.annotation(STORAGE_NAMESPACE_ANNOTATION).is_some_and(|value| !value.is_empty()) {
        forbid(RayObject::annotation_path(STORAGE_NAMESPACE_ANNOTATION), None, false);
    }
}
