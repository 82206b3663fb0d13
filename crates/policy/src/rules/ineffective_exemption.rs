#![doc = include_str!("ineffective_exemption.md")]

use crate::rule::{Category, Check, Level, Rule, Scope};

pub(crate) static RULE: Rule = Rule {
    name: "ineffective-exemption",
    summary: "an annotation that exempts from nothing",
    category: Category::Security,
    level: Level::Warn,
    scope: Scope::Admission,
    since: "0.1.0",
    reference: &[],
    docs: include_str!("ineffective_exemption.md"),
    check: Check::Exemptions,
};
