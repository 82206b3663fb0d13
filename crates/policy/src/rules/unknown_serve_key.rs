#![doc = include_str!("unknown_serve_key.md")]

use super::report_serve;
use crate::ray::serve::FaultKind;
use crate::rule::{Category, Cel, Input, Level, Rule, Scope};

pub(super) static RULE: Rule = Rule {
    name: "unknown-serve-key",
    summary: "a key in serveConfigV2 that Ray Serve ignores",
    category: Category::Ray,
    level: Level::Warn,
    scope: Scope::Admission,
    input: Input::Object,
    since: "0.1.0",
    docs: include_str!("unknown_serve_key.md"),
    cel: Cel::No("it reads the YAML of `serveConfigV2`, which CEL cannot"),
    check: |context, findings| report_serve(context, FaultKind::UnknownKey, findings),
};
