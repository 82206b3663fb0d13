#![doc = include_str!("contradictory_status.md")]

use rayguard_manifest::json::Json;
use rayguard_manifest::path::FieldPath;

use crate::context::Context;
use crate::kuberay::Kind;
use crate::kuberay::Version;
use crate::ray::RayObject;
use crate::rule::{Category, Cel, Findings, Input, Level, Rule, Scope};

pub(crate) static RULE: Rule = Rule {
    name: "contradictory-status",
    summary: "a status that contradicts itself or the spec",
    category: Category::Kuberay,
    level: Level::Deny,
    scope: Scope::Admission,
    input: Input::Object,
    since: "0.1.0",
    docs: include_str!("contradictory_status.md"),
    cel: Cel::No("it checks the status, which a new object does not have yet"),
    check,
};

fn check(context: &Context<'_, '_>, findings: &mut Findings) {
    let Context { object, settings, .. } = *context;
    let status = object.json.field("status");
    match object.kind {
        Kind::RayCluster if settings.kuberay.version >= Version::v1(3) => suspension(status, findings),
        Kind::RayJob => waiting(object, status, settings.kuberay.version, findings),
        _ => {}
    }
}

fn suspension(status: &Json<'_>, findings: &mut Findings) {
    let conditions = status.field("conditions").items();
    // If two conditions have the same type, only the first one counts.
    let position = |kind| conditions.iter().position(|condition| condition.field("type").as_str() == Some(kind));
    let is_true = |index: &usize| conditions[*index].field("status").as_str() == Some("True");
    if position("RayClusterSuspending").is_some_and(|index| is_true(&index))
        && let Some(index) = position("RayClusterSuspended").filter(is_true)
    {
        findings.invalid(
            FieldPath::of(["status", "conditions"]).index(index),
            "the cluster cannot be both suspending and suspended, and the operator stops reconciling it",
            "remove the condition, and leave the status to the operator",
        );
    }
}

fn waiting(object: &RayObject<'_>, status: &Json<'_>, version: Version, findings: &mut Findings) {
    // Before 1.3 the mode has another name, and before 1.2 it does not exist.
    let interactive = if version >= Version::v1(3) { "InteractiveMode" } else { "UserMode" };
    let mode = object.job().map(|job| job.submission_mode()).unwrap_or_default();
    if status.field("jobDeploymentStatus").as_str() == Some("Waiting")
        && mode != interactive
        && version >= Version::v1(2)
    {
        findings.invalid(
            FieldPath::of(["spec", "submissionMode"]),
            format!("jobDeploymentStatus is Waiting, which is possible only with {interactive}"),
            format!("keep {interactive}, or create the job again"),
        );
    }
}
