#![doc = include_str!("head_without_memory_limit.md")]

use crate::policy::Settings;
use crate::ray::RayObject;
use crate::rule::{Category, Check, Findings, Level, Rule, Scope};

pub(super) static RULE: Rule = Rule {
    name: "head-without-memory-limit",
    summary: "a fault-tolerant head that may take its node's memory",
    category: Category::FaultTolerance,
    level: Level::Warn,
    scope: Scope::Admission,
    since: "0.1.0",
    reference: &[],
    docs: include_str!("head_without_memory_limit.md"),
    check: Check::Object(check),
};

fn check(object: &RayObject<'_>, _: &Settings, findings: &mut Findings) {
    let Some(head) = object.head_container().filter(|_| object.fault_tolerance.is_on()) else { return };
    if head.json.descend(["resources", "limits", "memory"]).is_null() {
        findings.required(
            head.path().fields(["resources", "limits"]).key("memory"),
            "without a limit the head's memory grows until the node kills it, or something else",
            "write a memory limit, equal to the request",
        );
    }
}
