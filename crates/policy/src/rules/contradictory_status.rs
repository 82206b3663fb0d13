#![doc = include_str!("contradictory_status.md")]

use crate::kuberay::Version;
use crate::policy::Settings;
use crate::ray::{Kind, RayObject};
use crate::rule::{Category, Check, Findings, Level, Rule, Scope};
use rayguard_manifest::json::Json;
use rayguard_manifest::path::FieldPath;

pub(super) static RULE: Rule = Rule {
    name: "contradictory-status",
    summary: "a status that contradicts itself or the spec",
    category: Category::Kuberay,
    level: Level::Deny,
    scope: Scope::Admission,
    since: "0.1.0",
    reference: &["conditions should not be both true", "JobDeploymentStatus cannot be `Waiting`"],
    docs: include_str!("contradictory_status.md"),
    check: Check::Object(check),
};

fn check(object: &RayObject<'_>, settings: &Settings, findings: &mut Findings) {
    let status = object.json.field("status");
    match object.kind {
        Kind::RayCluster if settings.kuberay.version >= Version::v1(3) => suspension(status, findings),
        Kind::RayJob => waiting(object, status, settings.kuberay.version, findings),
        _ => {}
    }
}

fn suspension(status: &Json<'_>, findings: &mut Findings) {
    let conditions = status.field("conditions").items();
    // Of two conditions of one type only the first is looked at.
    let position = |kind| conditions.iter().position(|condition| condition.field("type").as_str() == Some(kind));
    let is_true = |index: &usize| conditions[*index].field("status").as_str() == Some("True");
    if position("RayClusterSuspending").is_some_and(|index| is_true(&index))
        && let Some(index) = position("RayClusterSuspended").filter(is_true)
    {
        findings.invalid(
            FieldPath::of(["status", "conditions"]).index(index),
            "the cluster cannot be both suspending and suspended, and the operator does nothing more for it",
            "let the status be the operator's alone",
        );
    }
}

fn waiting(object: &RayObject<'_>, status: &Json<'_>, version: Version, findings: &mut Findings) {
    // Before 1.3 the mode had another name, and before 1.2 there was none.
    let interactive = if version >= Version::v1(3) { "InteractiveMode" } else { "UserMode" };
    let mode = object.job().map(|job| job.submission_mode()).unwrap_or_default();
    if status.field("jobDeploymentStatus").as_str() == Some("Waiting")
        && mode != interactive
        && version >= Version::v1(2)
    {
        findings.invalid(
            FieldPath::of(["spec", "submissionMode"]),
            format!("the job waits to be submitted by hand, which is {interactive} only"),
            format!("leave it {interactive}, or make the job anew"),
        );
    }
}
