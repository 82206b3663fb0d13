#![doc = include_str!("legacy_fault_tolerance.md")]

use crate::context::Context;
use crate::kuberay::Version;
use crate::ray::RayObject;
use crate::ray::gcs::{FT_ENABLED_ANNOTATION, GcsFaultTolerance, OPTIONS};
use crate::rule::{Category, Cel, Findings, Input, Level, Rule, Scope};
use crate::spelling::list;

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
        // v1alpha1 would drop the options.
        let version = if object.api_version == "ray.io/v1" { "" } else { "apiVersion: ray.io/v1 and " };
        findings.invalid(
            RayObject::annotation_path(FT_ENABLED_ANNOTATION),
            format!("this is the older way to configure fault tolerance; the newer way is {OPTIONS}"),
            format!("write {version}{}; remove {}", object.options_for_old_settings(), replaced(object)),
        );
    }
}

/// Returns the settings that the options replace, as a list in English. KubeRay refuses them next to the options.
fn replaced(object: &RayObject<'_>) -> String {
    let mut names = vec!["this annotation"];
    names.extend(object.old_settings());
    list(&names)
}
