#![doc = include_str!("invalid_service.md")]

use crate::context::Context;
use crate::kubernetes::Subject;
use crate::rule::{Category, Cel, Findings, Input, Level, Rule, Scope};

pub(super) static RULE: Rule = Rule {
    name: "invalid-service",
    summary: "a Service or Ingress that Kubernetes refuses when KubeRay creates it",
    category: Category::Kubernetes,
    level: Level::Deny,
    scope: Scope::Admission,
    input: Input::Object,
    since: "0.1.0",
    docs: include_str!("invalid_service.md"),
    cel: Cel::No("it repeats the validation of Services, which is too long for CEL's cost limit"),
    check,
};

fn check(context: &Context<'_, '_>, findings: &mut Findings) {
    super::report_kubernetes(context, Subject::Service, findings);
}
