#![doc = include_str!("head_schedules_work.md")]

use crate::policy::Settings;
use crate::ray::RayObject;
use crate::ray::{Group, Kind};
use crate::rule::{Category, Check, Findings, Level, Rule, Scope};

pub(super) static RULE: Rule = Rule {
    name: "head-schedules-work",
    summary: "a fault-tolerant head that runs tasks and actors, which go when it goes",
    category: Category::FaultTolerance,
    level: Level::Warn,
    scope: Scope::Admission,
    since: "0.1.0",
    reference: &[],
    docs: include_str!("head_schedules_work.md"),
    check: Check::Object(check),
};

fn check(object: &RayObject<'_>, _: &Settings, findings: &mut Findings) {
    let long_lived = matches!(object.kind, Kind::RayCluster | Kind::RayService);
    // With no workers there is nowhere else to run, and with a ray start of its own the parameter does nothing.
    let elsewhere = !object.cluster.workers.is_empty() && object.ray_start_override().is_none();
    let head = &object.cluster.head;
    if long_lived && elsewhere && object.fault_tolerance.is_on() && !has_no_cpus(head) {
        findings.invalid(
            head.ray_start_param_path("num-cpus"),
            "the head has CPUs for tasks and actors, and those that it runs are lost with it",
            "write num-cpus: \"0\"",
        );
    }
}

/// Whether Ray is told that the head has no CPU: by its start parameter, or by the group's own resources.
fn has_no_cpus(head: &Group<'_>) -> bool {
    let is_zero = |value: &str| value.trim_matches(['"', '\'', ' ']) == "0";
    match head.json.field("resources").field("CPU").as_str() {
        Some(cpus) => is_zero(cpus),
        None => head.ray_start_param("num-cpus").is_some_and(is_zero),
    }
}
