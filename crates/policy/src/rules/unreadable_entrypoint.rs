#![doc = include_str!("unreadable_entrypoint.md")]

use std::borrow::Cow;

use crate::bash::{Error, Reading, read};
use crate::context::Context;
use crate::rule::{Category, Cel, Findings, Input, Level, Rule, Scope};

pub(super) static RULE: Rule = Rule {
    name: "unreadable-entrypoint",
    summary: "an entrypoint that bash in the submitter cannot read, or that has no command",
    category: Category::Ray,
    level: Level::Deny,
    scope: Scope::Admission,
    input: Input::Object,
    since: "0.1.0",
    docs: include_str!("unreadable_entrypoint.md"),
    cel: Cel::No("regular expressions cannot parse nested quotes and commands as bash does"),
    check,
};

fn check(context: &Context<'_, '_>, findings: &mut Findings) {
    let Context { object, settings, .. } = *context;
    let Some(submitter) = object.submitter(&settings.kuberay) else { return };
    let written = submitter.job.text("entrypoint");
    let entrypoint = written.trim();
    let Some(text) = submitter.expand(entrypoint) else { return };
    let path = || submitter.job.path().field("entrypoint");
    match read(&text, submitter.around) {
        Reading::Unreadable(Error { why, span }) => {
            let escape = if entrypoint.contains('\'') { r" with each ' in it as '\''" } else { "" };
            let help = format!("quote it, or put the whole entrypoint into bash -c '…'{escape}");
            let message = format!("bash in the submitter cannot read this, so no job is submitted: {why}");
            let finding = findings.invalid(path(), message, help);
            if let Some(span) = span
                && matches!(text, Cow::Borrowed(_))
            {
                let start = written.len() - written.trim_start().len();
                finding.within(&(start + span.start..start + span.end));
            }
        }
        Reading::Empty => {
            let message = "ray job submit gets no command, and ends with the error: Missing argument 'ENTRYPOINT...'";
            let help = "write the command to run on the cluster, such as python train.py";
            if entrypoint.is_empty() {
                findings.required(path(), message, help);
            } else {
                findings.invalid(path(), message, help);
            }
        }
        Reading::Whole | Reading::Blank | Reading::Split(_) => {}
    }
}
