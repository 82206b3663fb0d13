#![doc = include_str!("ineffective_in_place_resize.md")]

use std::ops::Range;

use crate::context::Context;
use crate::kuberay::{Kind, Version};
use crate::ray::RayObject;
use crate::ray::autoscaler::in_place_resize::{ANNOTATION, FIRST, HEAD, MOST_FAULTS, Specification, never_grows};
use crate::rule::{Category, Cel, Findings, Input, Level, Rule, Scope};
use crate::spelling::{quote, suggestion};

pub(super) static RULE: Rule = Rule {
    name: "ineffective-in-place-resize",
    summary: "an annotation ray.io/ippr, or a group in it, that has no effect",
    category: Category::Ray,
    level: Level::Warn,
    scope: Scope::Admission,
    input: Input::Object,
    since: "0.1.0",
    docs: include_str!("ineffective_in_place_resize.md"),
    cel: Cel::No("it reads JSON in a text, which CEL cannot"),
    check,
};

fn check(context: &Context<'_, '_>, findings: &mut Findings) {
    let object = context.object;
    let Some(text) = object.in_place_resize() else { return };
    let mut report = |span: Option<Range<usize>>, message: String, help: &str| {
        findings.invalid(RayObject::annotation_path(ANNOTATION), message, help).within = span;
    };
    if let Some((message, help)) = unread(object, context.settings.kuberay.version) {
        return report(None, message, help);
    }
    let Ok(specification) = Specification::read(text) else { return };
    if specification.groups().next().is_none() {
        let help = "add a group with its limits, or remove the annotation";
        return report(None, "the annotation has no groups, so no Pod is resized".to_owned(), help);
    }
    let groups = object.groups_of_resize();
    let mut ineffective = 0;
    for (name, limits) in specification.groups() {
        if ineffective > MOST_FAULTS {
            break;
        }
        let Some(group) = groups.get(name) else {
            // Comparing a name with thousands of others takes too long.
            let known: Vec<_> = groups.keys().copied().take(MOST_FAULTS).collect();
            let message = format!("there is no group {}, so its limits have no effect", quote(name));
            let help = format!("write the name of a worker group, or {HEAD} for the head{}", suggestion(name, &known));
            report(Some(specification.span_of(name)), message, &help);
            ineffective += 1;
            continue;
        };
        if never_grows(group, limits) {
            ineffective += 1;
            let message = format!("the Pods of the group {} are as large as these limits already", quote(name));
            report(
                Some(specification.span_of(name)),
                message,
                "write higher limits, or lower requests and limits of the Ray container",
            );
        }
    }
}

/// Returns why no autoscaler reads the annotation, and the help.
fn unread(object: &RayObject<'_>, kuberay: Version) -> Option<(String, &'static str)> {
    if object.kind == Kind::RayCronJob {
        let message = "the operator does not copy the annotations of a RayCronJob to its clusters";
        return Some((message.to_owned(), "remove it, or use a RayJob"));
    }
    if !object.cluster.is_autoscaling() {
        let message = "no autoscaler reads this annotation, because autoscaling is off";
        return Some((message.to_owned(), "set enableInTreeAutoscaling: true, or remove the annotation"));
    }
    if let Some(release) = object.autoscaler_release().filter(|release| *release < FIRST) {
        let message = format!("the autoscaler of Ray {release} does not read this annotation");
        return Some((message, "use Ray 2.56.0 or later, or remove the annotation"));
    }
    if object.runs_autoscaler_v2(kuberay) == Some(false) {
        let message = "version 1 of the autoscaler does not read this annotation";
        return Some((message.to_owned(), "write version: v2 in autoscalerOptions, or remove the annotation"));
    }
    None
}
