#![doc = include_str!("duplicate_worker_group.md")]

use std::collections::HashSet;

use crate::policy::Settings;
use crate::ray::RayObject;
use crate::rule::{Category, Check, Findings, Level, Reason, Rule, Scope};

pub(super) static RULE: Rule = Rule {
    name: "duplicate-worker-group",
    summary: "two worker groups of one name",
    category: Category::Kuberay,
    level: Level::Deny,
    scope: Scope::Admission,
    since: "0.1.0",
    reference: &["worker group names must be unique"],
    docs: include_str!("duplicate_worker_group.md"),
    check: Check::Object(check),
};

fn check(object: &RayObject<'_>, _: &Settings, findings: &mut Findings) {
    let mut seen = HashSet::new();
    for group in &object.cluster.workers {
        // Two groups without a name have one name too: none.
        if !seen.insert(group.name().unwrap_or_default()) {
            findings.report(
                Reason::Duplicate,
                group.path().field("groupName"),
                "another worker group has this name, and KubeRay makes and kills their Pods in turn",
                "give each group a name of its own",
            );
        }
    }
}
