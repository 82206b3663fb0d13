#![doc = include_str!("split_entrypoint.md")]

use std::borrow::Cow;

use crate::bash::{Effect, Reading, Syntax, read};
use crate::context::Context;
use crate::rule::{Category, Cel, Findings, Input, Level, Rule, Scope};

pub(super) static RULE: Rule = Rule {
    name: "split-entrypoint",
    summary: "an entrypoint of which a part runs in the submitter instead of on the cluster",
    category: Category::Ray,
    level: Level::Warn,
    scope: Scope::Admission,
    input: Input::Object,
    since: "0.1.0",
    docs: include_str!("split_entrypoint.md"),
    cel: Cel::No("regular expressions cannot parse nested quotes as bash does"),
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
        Reading::Split(Syntax { effect, text: syntax, span }) => {
            let message = match effect {
                Effect::Ends => {
                    format!("bash ends ray job submit at this {syntax}: what follows runs in the submitter")
                }
                Effect::Pipes => {
                    format!("bash pipes ray job submit at this {syntax}: what follows runs in the submitter")
                }
                Effect::Redirects => {
                    format!(
                        "this {syntax} redirects ray job submit in the submitter, and not the command on the cluster"
                    )
                }
                Effect::Substitutes => {
                    format!("bash runs what is in {syntax} in the submitter, and passes only its output to the cluster")
                }
            };
            let escape = if entrypoint.contains('\'') { r", and write each ' in it as '\''" } else { "" };
            let help = match effect {
                Effect::Redirects => {
                    format!("put the whole entrypoint into bash -c '…'{escape}, or remove this {syntax} and its file")
                }
                _ => {
                    format!("put the whole entrypoint into bash -c '…'{escape}, so that all of it runs on the cluster")
                }
            };
            let finding = findings.invalid(path(), message, help);
            if matches!(text, Cow::Borrowed(_)) {
                let start = written.len() - written.trim_start().len();
                finding.within(&(start + span.start..start + span.end));
            }
        }
        Reading::Blank => {
            let message =
                "the backslash at the end quotes the blank after it, and so the command gets an argument with a blank";
            findings.invalid(path(), message, "remove the backslash at the end");
        }
        Reading::Whole | Reading::Empty | Reading::Unreadable(_) => {}
    }
}
