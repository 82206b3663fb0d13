#![doc = include_str!("pre_stop_ray_stop.md")]

use crate::context::Context;
use crate::ray::Group;
use crate::rule::{Category, Cel, Findings, Input, Level, Rule, Scope};

pub(super) static RULE: Rule = Rule {
    name: "pre-stop-ray-stop",
    summary: "a preStop hook that can block the deletion of its Pod",
    category: Category::FaultTolerance,
    level: Level::Warn,
    scope: Scope::Admission,
    input: Input::Object,
    since: "0.1.0",
    docs: include_str!("pre_stop_ray_stop.md"),
    cel: Cel::Yes(include_str!("pre_stop_ray_stop.cel.yaml")),
    check,
};

fn check(context: &Context<'_, '_>, findings: &mut Findings) {
    let object = context.object;
    for container in object.cluster.groups().flat_map(Group::containers) {
        let command = container.json.descend(["lifecycle", "preStop", "exec", "command"]);
        let words: Vec<_> = command.items().iter().filter_map(|word| word.as_str()).collect();
        if words.join(" ").contains("ray stop") {
            let finding = findings.invalid(
                container.path().fields(["lifecycle", "preStop"]),
                "ray stop in preStop can block the Pod's deletion; KubeRay removed it from its samples for this reason",
                "remove preStop",
            );
            // Offer a fix only if the hook does nothing else. Without another hook, remove the empty lifecycle too.
            let only = words.last().is_some_and(|last| last.trim() == "ray stop") || words == ["ray", "stop"];
            let steps = ["lifecycle", "preStop"];
            let hooks = container.json.field("lifecycle").entries().len();
            if only {
                finding.fix_by_removal(container.path().fields(steps.into_iter().take(if hooks > 1 { 2 } else { 1 })));
            }
        }
    }
}
