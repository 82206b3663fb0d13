#![doc = include_str!("duplicate_key.md")]

use rayguard_manifest::path::Step;
use rayguard_manifest::yaml::NoteKind;

use crate::context::Context;
use crate::reason::Reason;
use crate::rule::{Category, Cel, Findings, Input, Level, Rule, Scope};
use crate::spelling::quote;

pub(super) static RULE: Rule = Rule {
    name: "duplicate-key",
    summary: "a key that is twice in one map, of which kubectl drops the first value",
    category: Category::Kuberay,
    level: Level::Warn,
    scope: Scope::Offline,
    input: Input::Object,
    since: "0.1.0",
    docs: include_str!("duplicate_key.md"),
    cel: Cel::No("kubectl drops the first entry before it sends the object"),
    check,
};

fn check(context: &Context<'_, '_>, findings: &mut Findings) {
    for note in context.environment.notes {
        let key = note.path.steps().last().and_then(Step::name).map(quote).unwrap_or_default();
        let line = note.first.as_ref().map_or(0, |first| first.start.line);
        let (message, help) = match note.kind {
            NoteKind::DuplicateKey => (
                format!("the key {key} is in this map twice: kubectl drops the value in line {line}"),
                "keep the entry that you mean, and remove the other one",
            ),
            NoteKind::AmbiguousKey => (
                format!(
                    "the key {key} is in this map as a number and as a string: kubectl keeps one of the two at random"
                ),
                "keep the entry that you mean, and remove the other one",
            ),
            NoteKind::QuotedIndent => continue,
        };
        findings.report(Reason::Duplicate, note.path.clone(), message, help);
    }
}
