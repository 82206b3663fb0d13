#![doc = include_str!("invalid_group_name.md")]

use crate::context::Context;
use crate::kubernetes::Subject;
use crate::rule::{Category, Cel, Findings, Input, Level, Rule, Scope};

pub(super) static RULE: Rule = Rule {
    name: "invalid-group-name",
    summary: "a worker group whose name Kubernetes refuses in a label or in the names of Pods",
    category: Category::Kubernetes,
    level: Level::Deny,
    scope: Scope::Admission,
    input: Input::Object,
    since: "0.1.0",
    docs: include_str!("invalid_group_name.md"),
    cel: Cel::No("the name of a Pod depends on the name of the cluster that KubeRay generates"),
    check,
};

fn check(context: &Context<'_, '_>, findings: &mut Findings) {
    super::report_kubernetes(context, Subject::GroupName, findings);
}
