#![doc = include_str!("duplicate_worker_group.md")]

use std::collections::HashSet;

use crate::context::Context;
use crate::reason::Reason;
use crate::rule::{Category, Cel, Findings, Input, Level, Rule, Scope};

pub(super) static RULE: Rule = Rule {
    name: "duplicate-worker-group",
    summary: "two worker groups with the same name",
    category: Category::Kuberay,
    level: Level::Deny,
    scope: Scope::Admission,
    input: Input::Object,
    since: "0.1.0",
    docs: include_str!("duplicate_worker_group.md"),
    cel: Cel::Yes(include_str!("duplicate_worker_group.cel.yaml")),
    check,
};

fn check(context: &Context<'_, '_>, findings: &mut Findings) {
    let object = context.object;
    let mut seen = HashSet::new();
    for group in &object.cluster.workers {
        // Two groups without a name count as two groups with the same name.
        if !seen.insert(group.name().unwrap_or_default()) {
            findings.report(
                Reason::Duplicate,
                group.path().field("groupName"),
                "another worker group has this name, and KubeRay creates and deletes their Pods without end",
                "give each group a unique name",
            );
        }
    }
}
