#![doc = include_str!("pre_stop_ray_stop.md")]

use crate::policy::Settings;
use crate::ray::{Group, RayObject};
use crate::rule::{Category, Check, Findings, Level, Rule, Scope};

pub(super) static RULE: Rule = Rule {
    name: "pre-stop-ray-stop",
    summary: "a Pod that hangs when it is deleted",
    category: Category::FaultTolerance,
    level: Level::Warn,
    scope: Scope::Admission,
    since: "0.1.0",
    reference: &[],
    docs: include_str!("pre_stop_ray_stop.md"),
    check: Check::Object(check),
};

fn check(object: &RayObject<'_>, _: &Settings, findings: &mut Findings) {
    for container in object.cluster.groups().flat_map(Group::containers) {
        let command = container.json.descend(["lifecycle", "preStop", "exec", "command"]);
        let words: Vec<_> = command.items().iter().filter_map(|word| word.as_str()).collect();
        if words.join(" ").contains("ray stop") {
            let finding = findings.invalid(
                container.path().fields(["lifecycle", "preStop"]),
                "ray stop before the Pod stops can hang its deletion; KubeRay removed it from its samples for that",
                "remove preStop",
            );
            // Where the hook does nothing else, and the container has no other.
            let only = words.last().is_some_and(|last| last.trim() == "ray stop") || words == ["ray", "stop"];
            let steps = ["lifecycle", "preStop"];
            let hooks = container.json.field("lifecycle").entries().len();
            if only {
                finding.fix_by_removal(container.path().fields(steps.into_iter().take(if hooks > 1 { 2 } else { 1 })));
            }
        }
    }
}
