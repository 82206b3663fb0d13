#![doc = include_str!("single_replica.md")]

use crate::context::Context;
use crate::ray::RayObject;
use crate::rule::{Category, Cel, Findings, Input, Level, Rule, Scope};

pub(super) static RULE: Rule = Rule {
    name: "single-replica",
    summary: "a Serve deployment with a single replica",
    category: Category::HighAvailability,
    level: Level::Warn,
    scope: Scope::Admission,
    input: Input::Object,
    since: "0.1.0",
    docs: include_str!("single_replica.md"),
    cel: Cel::No("it reads the YAML of `serveConfigV2`, which CEL cannot"),
    check,
};

fn check(context: &Context<'_, '_>, findings: &mut Findings) {
    let object = context.object;
    if !object.fault_tolerance.is_on() {
        return;
    }
    for deployment in context.serve_config().deployments() {
        if deployment.replicas == Some(1) {
            let cap = if deployment.is_spread { "" } else { ", and max_replicas_per_node to 1" };
            let message = format!("deployment {:?} has one replica, so losing its Pod takes it down", deployment.name);
            let help = format!("set num_replicas, or min_replicas of its autoscaling_config, to 2 or more{cap}");
            findings.invalid(RayObject::serve_config_path(), message, help).within(&deployment.replicas_at);
        }
    }
}
