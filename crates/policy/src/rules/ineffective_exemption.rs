#![doc = include_str!("ineffective_exemption.md")]

use crate::context::Context;
use crate::rule::{Category, Cel, Findings, Input, Level, Rule, Scope};

/// An exemption annotation without effect.
pub static RULE: Rule = Rule {
    name: "ineffective-exemption",
    summary: "an exemption annotation that has no effect",
    category: Category::Security,
    level: Level::Warn,
    scope: Scope::Admission,
    input: Input::Findings,
    since: "0.1.0",
    docs: include_str!("ineffective_exemption.md"),
    cel: Cel::No("it depends on the findings of all other rules"),
    check,
};

/// Reports nothing: whether an exemption has an effect is known only after all other rules. See `policy/exempt.rs`.
fn check(_: &Context<'_, '_>, _: &mut Findings) {}
