#![doc = include_str!("fixed_storage_namespace.md")]

use crate::context::Context;
use crate::kuberay::Kind;
use crate::ray::RayObject;
use crate::ray::gcs::{GcsFaultTolerance, STORAGE_NAMESPACE_ANNOTATION};
use crate::ray::pod::EnvValue;
use crate::rule::{Category, Cel, Findings, Input, Level, Rule, Scope};

pub(crate) static RULE: Rule = Rule {
    name: "fixed-storage-namespace",
    summary: "a RayService whose two clusters share one storage namespace during an upgrade",
    category: Category::FaultTolerance,
    level: Level::Warn,
    scope: Scope::Admission,
    input: Input::Object,
    since: "0.1.0",
    docs: include_str!("fixed_storage_namespace.md"),
    cel: Cel::Yes(include_str!("fixed_storage_namespace.cel.yaml")),
    check,
};

fn check(context: &Context<'_, '_>, findings: &mut Findings) {
    let object = context.object;
    if object.kind != Kind::RayService {
        return;
    }
    let Some(namespace) = object.storage_namespace() else { return };
    let by_annotation = namespace.path == RayObject::annotation_path(STORAGE_NAMESPACE_ANNOTATION);
    if by_annotation && object.fault_tolerance != GcsFaultTolerance::Annotation {
        return; // conflicting-fault-tolerance or empty-storage-namespace reports it
    }
    // empty-storage-namespace reports an empty one.
    if namespace.value != EnvValue::Literal("".into()) {
        findings.invalid(
            namespace.path,
            "during an upgrade, both clusters of the RayService use this namespace and mix their nodes and actors",
            "remove it: KubeRay then uses each cluster's UID",
        );
    }
}
