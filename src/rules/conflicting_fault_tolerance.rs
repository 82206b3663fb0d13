#![doc = include_str!("conflicting_fault_tolerance.md")]

use crate::path::FieldPath;
use crate::policy::Settings;
use crate::ray::RayObject;
use crate::ray::gcs::{
    FT_ENABLED_ANNOTATION, GcsFaultTolerance, REDIS_ADDRESS, REDIS_PASSWORD, REDIS_PASSWORD_PARAM,
    STORAGE_NAMESPACE_ANNOTATION,
};
use crate::rule::{Category, Findings, Level, Rule, Scope};

pub(super) static RULE: Rule = Rule {
    name: "conflicting-fault-tolerance",
    summary: "fault tolerance configured in both of its ways",
    category: Category::FaultTolerance,
    level: Level::Deny,
    scope: Scope::Admission,
    since: "0.1.0",
    docs: include_str!("conflicting_fault_tolerance.md"),
    check,
};

fn check(object: &RayObject<'_>, _: &Settings, findings: &mut Findings) {
    if !matches!(object.fault_tolerance, GcsFaultTolerance::Options(_) | GcsFaultTolerance::RocksDb) {
        return;
    }
    let mut forbid = |path: FieldPath, instead: &str| {
        let message = "gcsFaultToleranceOptions is there as well, and KubeRay refuses both together";
        findings.forbidden(path, message, instead);
    };
    // Any value at all, even "false".
    if object.annotation(FT_ENABLED_ANNOTATION).is_some_and(|value| !value.is_empty()) {
        forbid(RayObject::annotation_path(FT_ENABLED_ANNOTATION), "remove this annotation");
    }
    let head = &object.cluster.head;
    if head.ray_start_param(REDIS_PASSWORD_PARAM).is_some_and(|value| !value.is_empty()) {
        let instead = "remove it, and write gcsFaultToleranceOptions.redisPassword";
        forbid(head.ray_start_param_path(REDIS_PASSWORD_PARAM), instead);
    }
    if let Some(var) = object.head_env_var(REDIS_PASSWORD) {
        forbid(var.path(), "remove it, and write gcsFaultToleranceOptions.redisPassword");
    }
    if let Some(var) = object.head_env_var(REDIS_ADDRESS) {
        forbid(var.path(), "remove it, and write gcsFaultToleranceOptions.redisAddress");
    }
    if object.annotation(STORAGE_NAMESPACE_ANNOTATION).is_some_and(|value| !value.is_empty()) {
        let instead = "remove it; if it must be, write gcsFaultToleranceOptions.externalStorageNamespace";
        forbid(RayObject::annotation_path(STORAGE_NAMESPACE_ANNOTATION), instead);
    }
}
