#![doc = include_str!("unindented_quoted_text.md")]

use rayguard_manifest::yaml::{Note, NoteKind};

use crate::context::Context;
use crate::rule::{Category, Cel, Findings, Input, Level, Rule, Scope};

pub(super) static RULE: Rule = Rule {
    name: "unindented-quoted-text",
    summary: "quoted text that goes on in a line with too little indentation",
    category: Category::Kuberay,
    level: Level::Warn,
    scope: Scope::Offline,
    input: Input::Object,
    since: "0.1.0",
    docs: include_str!("unindented_quoted_text.md"),
    cel: Cel::No("the API server does not get the text of the manifest"),
    check,
};

fn check(context: &Context<'_, '_>, findings: &mut Findings) {
    let notes = context.environment.notes;
    // duplicate-key reports a text that kubectl drops.
    let is_dropped = |note: &Note| {
        let dropped = notes.iter().filter_map(|other| other.dropped.as_ref());
        dropped.into_iter().any(|dropped| dropped.contains(&note.location.bytes.start))
    };
    for note in notes.iter().filter(|note| note.kind == NoteKind::QuotedIndent && !is_dropped(note)) {
        let line = note.location.start.line;
        findings.invalid(
            note.path.clone(),
            format!("kubectl takes line {line} as part of this quoted text, and other YAML parsers refuse it"),
            "indent the line more than the key, or close the quotes before it",
        );
    }
}
