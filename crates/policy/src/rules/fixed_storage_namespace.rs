#![doc = include_str!("fixed_storage_namespace.md")]

use crate::policy::Settings;
use crate::ray::Kind;
use crate::ray::RayObject;
use crate::ray::gcs::{GcsFaultTolerance, STORAGE_NAMESPACE_ANNOTATION};
use crate::ray::pod::EnvValue;
use crate::rule::{Category, Check, Findings, Level, Rule, Scope};

pub(super) static RULE: Rule = Rule {
    name: "fixed-storage-namespace",
    summary: "a RayService whose two clusters share one storage namespace during an upgrade",
    category: Category::FaultTolerance,
    level: Level::Warn,
    scope: Scope::Admission,
    since: "0.1.0",
    reference: &[],
    docs: include_str!("fixed_storage_namespace.md"),
    check: Check::Object(check),
};

fn check(object: &RayObject<'_>, _: &Settings, findings: &mut Findings) {
    if object.kind != Kind::RayService {
        return;
    }
    let Some(namespace) = object.storage_namespace() else { return };
    let by_annotation = namespace.path == RayObject::annotation_path(STORAGE_NAMESPACE_ANNOTATION);
    if by_annotation && object.fault_tolerance != GcsFaultTolerance::Annotation {
        return; // conflicting-fault-tolerance, or empty-storage-namespace
    }
    // An empty one is a worse fault, and empty-storage-namespace says so.
    if namespace.value != EnvValue::Literal("".into()) {
        findings.invalid(
            namespace.path,
            "during an upgrade both clusters of the RayService use this one namespace, and mix their nodes and actors",
            "remove it: KubeRay then takes each cluster's UID",
        );
    }
}
