#![doc = include_str!("unset_autoscaler_version.md")]

use crate::kuberay::Version;
use crate::policy::Settings;
use crate::ray::autoscaler::V2_SWITCH;
use crate::ray::pod::EnvValue;
use crate::ray::{Group, RayObject};
use crate::rule::{Category, Check, Findings, Level, Rule, Scope};

pub(super) static RULE: Rule = Rule {
    name: "unset-autoscaler-version",
    summary: "an autoscaler that scales no more once the head was away",
    category: Category::FaultTolerance,
    level: Level::Warn,
    scope: Scope::Admission,
    since: "0.1.0",
    reference: &[],
    docs: include_str!("unset_autoscaler_version.md"),
    check: Check::Object(check),
};

fn check(object: &RayObject<'_>, settings: &Settings, findings: &mut Findings) {
    let cluster = &object.cluster;
    // A Pod that is never restarted is replaced, and the autoscaler in it too.
    let is_replaced = cluster.head.restart_policy() == Some("Never");
    if !object.fault_tolerance.is_on()
        || !cluster.is_autoscaling()
        || cluster.autoscaler_version().is_some()
        || is_replaced
    {
        return;
    }
    // Whatever KubeRay thinks of the variable, it is Ray that reads it, and Ray sees the last one.
    let switch = object.head_env_var(V2_SWITCH).map(|var| var.value());
    if switch.as_ref().is_some_and(is_off) {
        return;
    }
    // KubeRay has the field since 1.4, and refuses it beside the variable, or beside another restartPolicy.
    let is_free = |group: &Group<'_>| group.restart_policy().is_none_or(|policy| policy == "Never");
    let is_taken = settings.kuberay.version >= Version::v1(4) && switch.is_none() && cluster.groups().all(is_free);
    let help =
        if is_taken { "write version: v2" } else { "write restartPolicy: Never into the spec of the head's template" };
    findings.required(
        cluster.path().fields(["autoscalerOptions", "version"]),
        "the autoscaler stays when the head's container restarts beside it, and can stop scaling",
        help,
    );
}

/// Ray takes "1" and "true" for on, and all else for off.
fn is_off(switch: &EnvValue<'_>) -> bool {
    matches!(switch, EnvValue::Literal(value) if !matches!(value.to_ascii_lowercase().as_str(), "1" | "true"))
}
