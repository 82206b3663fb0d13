#![doc = include_str!("invalid_job_id.md")]

use crate::context::Context;
use crate::rule::{Category, Cel, Findings, Input, Level, Rule, Scope};

pub(super) static RULE: Rule = Rule {
    name: "invalid-job-id",
    summary: "a jobId with which KubeRay cannot find the job",
    category: Category::Ray,
    level: Level::Deny,
    scope: Scope::Admission,
    input: Input::Object,
    since: "0.1.0",
    docs: include_str!("invalid_job_id.md"),
    cel: Cel::No("which characters bash changes depends on the mode of submission and the version of KubeRay"),
    check,
};

fn check(context: &Context<'_, '_>, findings: &mut Findings) {
    let Context { object, settings, .. } = *context;
    let Some(job) = object.job() else { return };
    let id = job.text("jobId");
    if id.is_empty() || id.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.')) {
        return;
    }
    let message = if id.contains(['/', '?', '#', '%']) {
        "KubeRay asks the dashboard for /api/jobs/ and this ID, which is another path because of its / ? # or %"
    } else if object.submitter(&settings.kuberay).is_some() && id.chars().any(is_changed_by_bash) {
        "KubeRay passes this ID to bash unquoted, and bash splits or changes it"
    } else {
        return;
    };
    let help = "use only letters, digits, - and _, or remove it: KubeRay then makes an ID";
    findings.invalid(job.path().field("jobId"), message, help);
}

/// Reports whether a character ends a word in bash, quotes another one, or begins an expansion.
fn is_changed_by_bash(char: char) -> bool {
    matches!(char, ' ' | '\t' | '\n' | ';' | '&' | '|' | '<' | '>' | '(' | ')' | '$' | '`' | '\'' | '"' | '\\')
}
