#![doc = include_str!("head_without_memory_limit.md")]

use crate::context::Context;
use crate::rule::{Category, Cel, Findings, Input, Level, Rule, Scope};

pub(super) static RULE: Rule = Rule {
    name: "head-without-memory-limit",
    summary: "a fault-tolerant head without a memory limit",
    category: Category::FaultTolerance,
    level: Level::Warn,
    scope: Scope::Admission,
    input: Input::Object,
    since: "0.1.0",
    docs: include_str!("head_without_memory_limit.md"),
    cel: Cel::Yes(include_str!("head_without_memory_limit.cel.yaml")),
    check,
};

fn check(context: &Context<'_, '_>, findings: &mut Findings) {
    let object = context.object;
    let Some(head) = object.head_container().filter(|_| object.fault_tolerance.is_on()) else { return };
    if head.json.descend(["resources", "limits", "memory"]).is_null() {
        findings.required(
            head.path().fields(["resources", "limits"]).key("memory"),
            "without a memory limit, the head can fill the node's memory until the node kills it or another Pod",
            "set a memory limit equal to the memory request",
        );
    }
}
