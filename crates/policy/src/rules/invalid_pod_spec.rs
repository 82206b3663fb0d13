#![doc = include_str!("invalid_pod_spec.md")]

use crate::context::Context;
use crate::kubernetes::Subject;
use crate::rule::{Category, Cel, Findings, Input, Level, Rule, Scope};

pub(super) static RULE: Rule = Rule {
    name: "invalid-pod-spec",
    summary: "a field of a Pod's spec that Kubernetes refuses",
    category: Category::Kubernetes,
    level: Level::Deny,
    scope: Scope::Admission,
    input: Input::Object,
    since: "0.1.0",
    docs: include_str!("invalid_pod_spec.md"),
    cel: Cel::No("it repeats the validation of Pods, which is too long for CEL's cost limit"),
    check,
};

fn check(context: &Context<'_, '_>, findings: &mut Findings) {
    super::report_kubernetes(context, Subject::PodSpec, findings);
}
