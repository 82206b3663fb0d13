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
    if !(long_lived && elsewhere && object.fault_tolerance.is_on()) || has_no_cpus(head) {
        return;
    }
    // Beside the group's own resources KubeRay takes no num-cpus.
    let (path, help) = if head.has_resources() {
        (head.path().field("resources").key("CPU"), "write CPU: \"0\"")
    } else {
        (head.ray_start_param_path("num-cpus"), "write num-cpus: \"0\"")
    };
    let message = "the head has CPUs for tasks and actors, and those that it runs are lost with it";
    let is_written = path.value(object.json).is_some_and(|cpus| !cpus.is_null())
        || head.json.field("resources").entries().iter().any(|(name, _)| name.eq_ignore_ascii_case("cpu"));
    let finding = findings.invalid(path.clone(), message, help);
    // Whoever has written a number of CPUs may have meant it.
    if !is_written {
        finding.fix_by_value(path, "0");
    }
}

/// Whether Ray is told that the head has no CPU: by its start parameter, or by the group's own resources, whose names
/// KubeRay takes in any case (ray-operator/controllers/ray/common/pod.go:1665).
fn has_no_cpus(head: &Group<'_>) -> bool {
    let is_zero = |value: &str| value.trim_matches(['"', '\'', ' ']) == "0";
    let mut resources = head.json.field("resources").entries().iter();
    match resources.find(|(name, _)| name.eq_ignore_ascii_case("cpu")).and_then(|(_, cpus)| cpus.as_str()) {
        Some(cpus) => is_zero(cpus),
        None => head.ray_start_param("num-cpus").is_some_and(is_zero),
    }
}
