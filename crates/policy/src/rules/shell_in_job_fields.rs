#![doc = include_str!("shell_in_job_fields.md")]

use rayguard_manifest::path::FieldPath;
use rayguard_manifest::yaml;

use crate::bash::{Reading, read};
use crate::context::Context;
use crate::ray::submitter::Submitter;
use crate::rule::{Category, Cel, Findings, Input, Level, Rule, Scope};

pub(super) static RULE: Rule = Rule {
    name: "shell-in-job-fields",
    summary: "a runtimeEnvYAML, metadata or entrypointResources in which bash replaces something",
    category: Category::Ray,
    level: Level::Deny,
    scope: Scope::Admission,
    input: Input::Object,
    since: "0.1.0",
    docs: include_str!("shell_in_job_fields.md"),
    cel: Cel::No("it reads the YAML of `runtimeEnvYAML`, which CEL cannot"),
    check,
};

fn check(context: &Context<'_, '_>, findings: &mut Findings) {
    let Context { object, settings, .. } = *context;
    let Some(submitter) = object.submitter(&settings.kuberay) else { return };
    let job = submitter.job;
    let runtime_env = job.text("runtimeEnvYAML");
    if is_active(runtime_env)
        && let Ok(json) = yaml::unmarshal(runtime_env)
        && let Ok(sorted) = serde_json::to_value(&json)
    {
        // As Go writes JSON: with sorted keys, and some characters as escapes.
        let text = sorted.to_string().replace('<', "\\u003c").replace('>', "\\u003e").replace('&', "\\u0026");
        check_text(&submitter, &text, || job.path().field("runtimeEnvYAML"), findings);
    }
    for (key, value) in job.json.field("metadata").entries() {
        let value = value.as_str().unwrap_or_default();
        if is_active(key) || is_active(value) {
            let text = format!("{key} {value}");
            check_text(&submitter, &text, || job.path().field("metadata").key(key.to_string()), findings);
        }
    }
    let resources = job.text("entrypointResources");
    if is_active(resources) {
        check_text(&submitter, resources, || job.path().field("entrypointResources"), findings);
    }
}

/// Reports whether bash may replace something in double quotes.
fn is_active(text: &str) -> bool {
    text.contains(['$', '`'])
}

/// Checks a text that KubeRay puts into double quotes, with a backslash before each quote and backslash of the text.
fn check_text(submitter: &Submitter<'_>, text: &str, path: impl Fn() -> FieldPath, findings: &mut Findings) {
    let quoted = format!("\"{}\"", text.replace('\\', r"\\").replace('"', "\\\""));
    let Some(passed) = submitter.expand(&quoted) else { return };
    let help = "use submissionMode: HTTPMode, which runs no bash, or set the value in the env of the Ray containers";
    match read(&passed, submitter.around) {
        Reading::Unreadable(error) => {
            let message = format!("bash in the submitter cannot read this, so no job is submitted: {}", error.why);
            findings.invalid(path(), message, help);
        }
        Reading::Split(_) => {
            let message =
                "bash in the submitter runs the commands in this text, and passes their output to the cluster";
            findings.invalid(path(), message, help).at_most_warn();
        }
        _ if has_unusual_variable(&passed) => {
            let message = "bash replaces the $ and the word after it with a variable of the submitter, or with nothing";
            findings.invalid(path(), message, help).at_most_warn();
        }
        _ => {}
    }
}

/// Reports whether a text has a variable whose name is not in capitals, as names of environment variables are.
fn has_unusual_variable(text: &str) -> bool {
    text.match_indices('$').any(|(at, _)| {
        let name = text[at + 1..].strip_prefix('{').unwrap_or(&text[at + 1..]);
        let name = &name[..name.bytes().take_while(|byte| byte.is_ascii_alphanumeric() || *byte == b'_').count()];
        name.bytes().any(|byte| byte.is_ascii_lowercase()) || name.starts_with(|first: char| first.is_ascii_digit())
    })
}
