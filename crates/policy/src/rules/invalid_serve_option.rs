#![doc = include_str!("invalid_serve_option.md")]

use super::report_serve;
use crate::ray::serve::FaultKind;
use crate::rule::{Category, Cel, Input, Level, Rule, Scope};

pub(super) static RULE: Rule = Rule {
    name: "invalid-serve-option",
    summary: "an option in serveConfigV2 that Ray Serve refuses",
    category: Category::Ray,
    level: Level::Deny,
    scope: Scope::Admission,
    input: Input::Object,
    since: "0.1.0",
    docs: include_str!("invalid_serve_option.md"),
    cel: Cel::No("it reads the YAML of `serveConfigV2`, which CEL cannot"),
    check: |context, findings| report_serve(context, FaultKind::Option, findings),
};
