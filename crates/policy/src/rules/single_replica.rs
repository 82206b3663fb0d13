#![doc = include_str!("single_replica.md")]

use crate::policy::Settings;
use crate::ray::RayObject;
use crate::rule::{Category, Check, Findings, Level, Rule, Scope};

pub(super) static RULE: Rule = Rule {
    name: "single-replica",
    summary: "a Serve deployment that is gone when one Pod is",
    category: Category::HighAvailability,
    level: Level::Warn,
    scope: Scope::Admission,
    since: "0.1.0",
    reference: &[],
    docs: include_str!("single_replica.md"),
    check: Check::Object(check),
};

fn check(object: &RayObject<'_>, _: &Settings, findings: &mut Findings) {
    if !object.fault_tolerance.is_on() {
        return;
    }
    for deployment in object.serve_config().deployments() {
        if deployment.replicas == Some(1) {
            let cap = if deployment.is_spread { "" } else { ", and max_replicas_per_node: 1" };
            let message =
                format!("deployment {:?} has one replica, and answers nothing while its Pod is away", deployment.name);
            let help = format!("write num_replicas: 2 or more, or min_replicas in its autoscaling_config{cap}");
            findings.invalid(RayObject::serve_config_path(), message, help).within(&deployment.replicas_at);
        }
    }
}
