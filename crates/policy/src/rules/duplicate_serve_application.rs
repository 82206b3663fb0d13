#![doc = include_str!("duplicate_serve_application.md")]

use super::report_serve;
use crate::ray::serve::FaultKind;
use crate::rule::{Category, Cel, Input, Level, Rule, Scope};

pub(super) static RULE: Rule = Rule {
    name: "duplicate-serve-application",
    summary: "two Serve applications with the same name or route_prefix",
    category: Category::Ray,
    level: Level::Deny,
    scope: Scope::Admission,
    input: Input::Object,
    since: "0.1.0",
    docs: include_str!("duplicate_serve_application.md"),
    cel: Cel::No("it reads the YAML of `serveConfigV2`, which CEL cannot"),
    check: |context, findings| report_serve(context, FaultKind::Duplicate, findings),
};
