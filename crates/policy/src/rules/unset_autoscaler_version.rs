#![doc = include_str!("unset_autoscaler_version.md")]

use crate::context::Context;
use crate::kuberay::Version;
use crate::ray::Group;
use crate::ray::autoscaler::V2_SWITCH;
use crate::ray::pod::EnvValue;
use crate::rule::{Category, Cel, Findings, Input, Level, Rule, Scope};

pub(super) static RULE: Rule = Rule {
    name: "unset-autoscaler-version",
    summary: "an autoscaler that can stop scaling after the head's container restarts",
    category: Category::FaultTolerance,
    level: Level::Warn,
    scope: Scope::Admission,
    input: Input::Object,
    since: "0.1.0",
    docs: include_str!("unset_autoscaler_version.md"),
    cel: Cel::Yes(include_str!("unset_autoscaler_version.cel.yaml")),
    check,
};

fn check(context: &Context<'_, '_>, findings: &mut Findings) {
    let Context { object, settings, .. } = *context;
    let cluster = &object.cluster;
    // KubeRay replaces a Pod whose containers never restart, and the autoscaler with it.
    let is_replaced = cluster.head.restart_policy() == Some("Never");
    if !object.fault_tolerance.is_on()
        || !cluster.is_autoscaling()
        || cluster.autoscaler_version().is_some()
        || is_replaced
    {
        return;
    }
    // Ray reads this variable, and of several entries Ray sees the last one, unlike KubeRay.
    let switch = object.head_env_var(V2_SWITCH).map(|var| var.value());
    if switch.as_ref().is_some_and(is_off) {
        return;
    }
    // KubeRay has the field since 1.4, and refuses it together with the variable or with another restartPolicy.
    let is_free = |group: &Group<'_>| group.restart_policy().is_none_or(|policy| policy == "Never");
    let is_taken = settings.kuberay.version >= Version::v1(4) && switch.is_none() && cluster.groups().all(is_free);
    let help =
        if is_taken { "write version: v2" } else { "write restartPolicy: Never in the Pod spec of the head template" };
    findings.required(
        cluster.path().fields(["autoscalerOptions", "version"]),
        "the autoscaler keeps running when the head's Ray container restarts, and can stop scaling",
        help,
    );
}

/// Whether Ray reads the variable as off: every value except "1" and "true".
fn is_off(switch: &EnvValue<'_>) -> bool {
    matches!(switch, EnvValue::Literal(value) if !matches!(value.to_ascii_lowercase().as_str(), "1" | "true"))
}
