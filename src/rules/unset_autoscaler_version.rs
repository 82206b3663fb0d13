#![doc = include_str!("unset_autoscaler_version.md")]

use crate::policy::Settings;
use crate::ray::RayObject;
use crate::rule::{Category, Findings, Level, Rule, Scope};

pub(super) static RULE: Rule = Rule {
    name: "unset-autoscaler-version",
    summary: "an autoscaler that stops once the head was away",
    category: Category::FaultTolerance,
    level: Level::Warn,
    scope: Scope::Admission,
    since: "0.1.0",
    docs: include_str!("unset_autoscaler_version.md"),
    check,
};

const V2_SWITCH: &str = "RAY_enable_autoscaler_v2";

fn check(object: &RayObject<'_>, _: &Settings, findings: &mut Findings) {
    let cluster = &object.cluster;
    let autoscaling = cluster.json.field("enableInTreeAutoscaling").as_bool() == Some(true);
    let unset =
        cluster.json.descend(["autoscalerOptions", "version"]).is_null() && object.head_env_var(V2_SWITCH).is_none();
    if object.fault_tolerance.is_on() && autoscaling && unset {
        findings.required(
            cluster.path().fields(["autoscalerOptions", "version"]),
            "the autoscaler that Ray takes unasked can stop scaling once the head was away",
            "write version: v2",
        );
    }
}
