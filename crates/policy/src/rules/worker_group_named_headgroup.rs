#![doc = include_str!("worker_group_named_headgroup.md")]

use crate::context::Context;
use crate::rule::{Category, Cel, Findings, Input, Level, Rule, Scope};

pub(super) static RULE: Rule = Rule {
    name: "worker-group-named-headgroup",
    summary: "a worker group named headgroup, which Ray's autoscaler takes for the head",
    category: Category::Ray,
    level: Level::Warn,
    scope: Scope::Admission,
    input: Input::Object,
    since: "0.1.0",
    docs: include_str!("worker_group_named_headgroup.md"),
    cel: Cel::No("it is about Ray, and no expression is written for it"),
    check,
};

fn check(context: &Context<'_, '_>, findings: &mut Findings) {
    let cluster = &context.object.cluster;
    if !cluster.is_autoscaling() {
        return;
    }
    for group in cluster.workers.iter().filter(|group| group.name() == Some("headgroup")) {
        findings.invalid(
            group.path().field("groupName"),
            "the autoscaler treats a worker group with this name as the head, and forgets the head's resources",
            "write another name",
        );
    }
}
