#![doc = include_str!("unset_autoscaler_version.md")]

use crate::kuberay::Version;
use crate::policy::Settings;
use crate::ray::RayObject;
use crate::ray::pod::EnvValue;
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

const V2_SWITCH: &str = "RAY_enable_autoscaler_v2";

fn check(object: &RayObject<'_>, settings: &Settings, findings: &mut Findings) {
    let cluster = &object.cluster;
    let autoscaling = cluster.json.field("enableInTreeAutoscaling").as_bool() == Some(true);
    let unset = cluster.json.descend(["autoscalerOptions", "version"]).is_null();
    // A Pod that is never restarted is replaced, and the autoscaler in it too.
    let restarts = cluster.head.pod_spec().field("restartPolicy").as_str() != Some("Never");
    let switch = object.head_env_var(V2_SWITCH).map(|var| var.value());
    if !object.fault_tolerance.is_on() || !autoscaling || !unset || !restarts || switch.as_ref().is_some_and(is_off) {
        return;
    }
    // KubeRay has the field since 1.4, and refuses it beside the variable.
    let help = if switch.is_none() && settings.kuberay.version >= Version::v1(4) {
        "write version: v2"
    } else {
        "write restartPolicy: Never into the spec of the head's template"
    };
    findings.required(
        cluster.path().fields(["autoscalerOptions", "version"]),
        "the autoscaler stays when the head's container restarts beside it, and can stop scaling",
        help,
    );
}

/// Ray takes "1" and "true" for on, and all else for off.
fn is_off(switch: &EnvValue) -> bool {
    matches!(switch, EnvValue::Literal(value) if !matches!(value.to_ascii_lowercase().as_str(), "1" | "true"))
}
