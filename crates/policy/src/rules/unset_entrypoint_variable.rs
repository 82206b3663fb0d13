#![doc = include_str!("unset_entrypoint_variable.md")]

use rayguard_manifest::yaml;

use crate::bash::variables;
use crate::context::Context;
use crate::rule::{Category, Cel, Findings, Input, Level, Rule, Scope};

pub(super) static RULE: Rule = Rule {
    name: "unset-entrypoint-variable",
    summary: "an entrypoint with a variable that is set on the cluster, but not in the submitter",
    category: Category::Ray,
    level: Level::Warn,
    scope: Scope::Admission,
    input: Input::Object,
    since: "0.1.0",
    docs: include_str!("unset_entrypoint_variable.md"),
    cel: Cel::No("regular expressions cannot parse nested quotes as bash does"),
    check,
};

fn check(context: &Context<'_, '_>, findings: &mut Findings) {
    let Context { object, settings, .. } = *context;
    let Some(submitter) = object.submitter(&settings.kuberay) else { return };
    let entrypoint = submitter.job.text("entrypoint");
    // Kubelet reads `$$` and `$(` first.
    if !entrypoint.contains('$') || entrypoint.contains("$$") {
        return;
    }
    let runtime_env = yaml::unmarshal(submitter.job.text("runtimeEnvYAML")).unwrap_or_default();
    let runtime_env = runtime_env.field("env_vars");
    let head = object.head_container();
    let mut seen = std::collections::HashSet::new();
    for (at, name) in variables(entrypoint) {
        if !seen.insert(name) || seen.len() > MAX_VARIABLES || !submitter.lacks(name) {
            continue;
        }
        let place = if head.is_some_and(|head| head.env_var(name).is_some()) {
            "in the head's container"
        } else if !runtime_env.field(name).is_null() {
            "in the runtimeEnvYAML"
        } else {
            continue;
        };
        let message = format!("bash replaces ${name:.40} in the submitter, where it is not set: it is set {place}");
        let help = "put the whole entrypoint into bash -c '…', so that a shell on the cluster replaces it";
        let path = submitter.job.path().field("entrypoint");
        findings.invalid(path, message, help).within(&(at..at + 1 + name.len()));
    }
}

/// The maximum number of variables that are looked up.
const MAX_VARIABLES: usize = 20;
