#![doc = include_str!("invalid_in_place_resize.md")]

use crate::context::Context;
use crate::kuberay::Kind;
use crate::ray::RayObject;
use crate::ray::autoscaler::in_place_resize::{ANNOTATION, FIRST};
use crate::ray::autoscaler::reader::Autoscaler;
use crate::rule::{Category, Cel, Findings, Input, Level, Rule, Scope};

pub(super) static RULE: Rule = Rule {
    name: "invalid-in-place-resize",
    summary: "an annotation ray.io/ippr that Ray's autoscaler refuses, so that it does not scale",
    category: Category::Ray,
    level: Level::Deny,
    scope: Scope::Admission,
    input: Input::Object,
    since: "0.1.0",
    docs: include_str!("invalid_in_place_resize.md"),
    cel: Cel::No("it reads JSON in a text, which CEL cannot"),
    check,
};

fn check(context: &Context<'_, '_>, findings: &mut Findings) {
    let object = context.object;
    let Some(text) = object.in_place_resize() else { return };
    let (release, is_v2) = (object.autoscaler_release(), object.runs_autoscaler_v2(context.settings.kuberay.version));
    // The operator does not copy the annotations of a RayCronJob. ineffective-in-place-resize reports the others.
    let is_read = object.kind != Kind::RayCronJob
        && object.cluster.is_autoscaling()
        && release.is_none_or(|release| release >= FIRST)
        && is_v2 != Some(false);
    if !is_read {
        return;
    }
    let is_certain = is_v2 == Some(true) && Autoscaler::of(object).surely_fails(|_| false);
    for fault in object.resize_faults(text) {
        let path = fault.field.unwrap_or_else(|| RayObject::annotation_path(ANNOTATION));
        let finding = findings.invalid(path, fault.message, fault.help);
        finding.within = fault.span;
        if !is_certain || !fault.is_certain {
            finding.at_most_warn();
        }
    }
}
