#![doc = include_str!("shell_in_ray_start_params.md")]

use std::collections::BTreeSet;

use crate::context::Context;
use crate::ray::redis::RedisPassword;
use crate::ray::shell::{Piece, pieces};
use crate::rule::{Category, Cel, Findings, Input, Level, Rule, Scope};

pub(super) static RULE: Rule = Rule {
    name: "shell-in-ray-start-params",
    summary: "a start parameter that bash would run",
    category: Category::Security,
    level: Level::Warn,
    scope: Scope::Admission,
    input: Input::Object,
    since: "0.1.0",
    docs: include_str!("shell_in_ray_start_params.md"),
    cel: Cel::No("regular expressions cannot parse nested quotes and braces as bash does"),
    check,
};

const HELP: &str =
    "keep it if bash is meant to run it in the container; otherwise put it in single quotes within the YAML string";

fn check(context: &Context<'_, '_>, findings: &mut Findings) {
    let Context { object, settings, .. } = *context;
    // A parameter that several groups share is reported once.
    let mut reported = BTreeSet::new();
    // dangling-redis-password reports a password parameter that refers to a missing variable.
    let dangling = match object.redis_password() {
        Some(RedisPassword::Dangling(path, name)) => Some((path, name)),
        _ => None,
    };
    for group in object.cluster.groups() {
        let has_var = |name: &str| group.ray_container().is_some_and(|container| container.env_var(name).is_some());
        for (name, value) in group.ray_start_params() {
            let texts = [name, value.as_str().unwrap_or_default()];
            let active = texts.into_iter().flat_map(pieces).find_map(|piece| match piece {
                Piece::Active(sign) => Some(sign),
                Piece::Reference(reference) if !has_var(reference) => {
                    let is_told = dangling.as_ref().is_some_and(|(path, missing)| {
                        **missing == reference && **path == group.ray_start_param_path(name)
                    });
                    (!is_told).then_some("$(")
                }
                Piece::Reference(_) | Piece::Variable(_) => None,
            });
            let Some(sign) = active else { continue };
            let path = group.ray_start_param_path(name);
            // invalid-ray-start-parameter reports a line that bash cannot read.
            let is_unreadable = || object.start_faults(settings.kuberay.version).iter().any(|fault| fault.path == path);
            if !is_unreadable() && reported.insert(texts) {
                let message =
                    format!("KubeRay passes this value to bash unquoted, and bash interprets the {sign} in it");
                findings.invalid(path, message, HELP);
            }
        }
    }
}
