#![doc = include_str!("legacy_fault_tolerance.md")]

use crate::context::Context;
use crate::kuberay::Version;
use crate::ray::RayObject;
use crate::ray::gcs::{FT_ENABLED_ANNOTATION, GcsFaultTolerance, OPTIONS};
use crate::rule::{Category, Cel, Findings, Input, Level, Rule, Scope};

pub(super) static RULE: Rule = Rule {
    name: "legacy-fault-tolerance",
    summary: "fault tolerance configured by annotation, the older of two ways",
    category: Category::FaultTolerance,
    level: Level::Warn,
    scope: Scope::Admission,
    input: Input::Object,
    since: "0.1.0",
    docs: include_str!("legacy_fault_tolerance.md"),
    cel: Cel::Yes(include_str!("legacy_fault_tolerance.cel.yaml")),
    check,
};

fn check(context: &Context<'_, '_>, findings: &mut Findings) {
    let object = context.object;
    // KubeRay has the options since 1.3.
    if context.settings.kuberay.version < Version::v1(3) {
        return;
    }
    if object.fault_tolerance == GcsFaultTolerance::Annotation {
        let removed = [vec!["this annotation"], object.old_settings()].concat();
        findings.invalid(
            RayObject::annotation_path(FT_ENABLED_ANNOTATION),
            format!("this is the older way to configure fault tolerance; the newer way is {OPTIONS}"),
            object.advice_to_move(&removed),
        );
    }
}
