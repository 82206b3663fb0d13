#![doc = include_str!("pre_stop_ray_stop.md")]

use rayguard_manifest::path::FieldPath;

use crate::context::Context;
use crate::ray::{Container, Group};
use crate::rule::{Category, Cel, Findings, Input, Level, Rule, Scope};

pub(crate) static RULE: Rule = Rule {
    name: "pre-stop-ray-stop",
    summary: "a preStop hook that can delay the next head, or end the Ray of other Pods",
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
    let shares_processes = |group: &&Group<'_>| group.pod_spec().field("hostPID").as_bool() == Some(true);
    let of_hosts: Vec<_> =
        object.cluster.groups().filter(shares_processes).flat_map(Group::containers).filter_map(Hook::read).collect();
    let (hooks, message) = if of_hosts.is_empty() {
        if !object.fault_tolerance.is_on() {
            return;
        }
        let of_head = object.cluster.head.containers().filter_map(Hook::read).collect();
        (of_head, "ray stop in preStop can delay the end of the old head, and KubeRay starts no new one before")
    } else {
        (of_hosts, "with hostPID, ray stop in preStop also ends the Ray processes of other Pods on the node")
    };
    let Some(first) = hooks.first() else { return };
    let finding = findings.invalid(first.path(), message, "remove preStop");
    if hooks.iter().all(|hook| hook.is_only) {
        for hook in &hooks {
            finding.fix_by_removal(hook.removable());
        }
    }
}

/// A preStop hook that runs `ray stop`.
struct Hook<'a> {
    container: Container<'a>,
    /// Whether it runs nothing else.
    is_only: bool,
}

impl<'a> Hook<'a> {
    /// Returns the hook of a container; `None` if it has none, or one that does not run `ray stop`.
    fn read(container: Container<'a>) -> Option<Self> {
        let command = container.json.descend(["lifecycle", "preStop", "exec", "command"]);
        let words: Vec<_> = command.items().iter().filter_map(|word| word.as_str()).collect();
        words.join(" ").contains("ray stop").then(|| {
            let is_only = words.last().is_some_and(|last| last.trim() == "ray stop") || words == ["ray", "stop"];
            Self { container, is_only }
        })
    }

    fn path(&self) -> FieldPath {
        self.container.path().fields(["lifecycle", "preStop"])
    }

    /// Returns the field to remove: the hook, or the whole lifecycle if it has no other hook.
    fn removable(&self) -> FieldPath {
        let hooks = self.container.json.field("lifecycle").entries().len();
        self.container.path().fields(["lifecycle", "preStop"].into_iter().take(if hooks > 1 { 2 } else { 1 }))
    }
}
