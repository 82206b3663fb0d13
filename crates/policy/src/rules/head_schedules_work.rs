#![doc = include_str!("head_schedules_work.md")]

use crate::context::Context;
use crate::kuberay::Kind;
use crate::rule::{Category, Cel, Findings, Input, Level, Rule, Scope};

pub(crate) static RULE: Rule = Rule {
    name: "head-schedules-work",
    summary: "a fault-tolerant head that runs tasks and actors, which are lost with it",
    category: Category::FaultTolerance,
    level: Level::Warn,
    scope: Scope::Admission,
    input: Input::Object,
    since: "0.1.0",
    docs: include_str!("head_schedules_work.md"),
    cel: Cel::Yes(include_str!("head_schedules_work.cel.yaml")),
    check,
};

fn check(context: &Context<'_, '_>, findings: &mut Findings) {
    let object = context.object;
    let long_lived = matches!(object.kind, Kind::RayCluster | Kind::RayService);
    // Without workers, work can run only on the head. A custom ray start command does not get the parameter.
    let elsewhere = !object.cluster.workers.is_empty() && object.ray_start_override().is_none();
    let head = &object.cluster.head;
    if !(long_lived && elsewhere && object.fault_tolerance.is_on()) || head.has_no_cpus() {
        return;
    }
    // KubeRay refuses num-cpus if the group has resources.
    let (path, help) = if head.has_resources() {
        // KubeRay ignores the case of the name.
        let mut names = head.json.field("resources").entries().iter().map(|(name, _)| &**name);
        let name = names.find(|name| name.eq_ignore_ascii_case("cpu")).unwrap_or("CPU");
        (head.path().field("resources").key(name), format!("write {name}: \"0\""))
    } else {
        (head.ray_start_param_path("num-cpus"), "write num-cpus: \"0\"".to_owned())
    };
    let message = "the head has CPUs for tasks and actors, which are lost when the head is lost";
    let is_written = path.value(object.json).is_some_and(|cpus| !cpus.is_null());
    let finding = findings.invalid(path.clone(), message, help);
    // A number of CPUs that the user wrote may be intended.
    if !is_written {
        finding.fix_by_value(path, "0");
    }
}
