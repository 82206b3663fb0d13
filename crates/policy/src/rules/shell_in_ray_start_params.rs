#![doc = include_str!("shell_in_ray_start_params.md")]

use crate::policy::Settings;
use crate::ray::RayObject;
use crate::ray::redis::RedisPassword;
use crate::ray::shell::{Piece, pieces};
use crate::rule::{Category, Check, Findings, Level, Rule, Scope};

pub(super) static RULE: Rule = Rule {
    name: "shell-in-ray-start-params",
    summary: "a start parameter that bash would run",
    category: Category::Security,
    level: Level::Deny,
    scope: Scope::Admission,
    since: "0.1.0",
    reference: &[],
    docs: include_str!("shell_in_ray_start_params.md"),
    check: Check::Object(check),
};

fn check(object: &RayObject<'_>, _: &Settings, findings: &mut Findings) {
    // A reference to nothing is a wrong password before it is a command, and dangling-redis-password says so.
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
            if let Some(sign) = active {
                findings.invalid(
                    group.ray_start_param_path(name),
                    format!("KubeRay has bash run this value, and bash does not take its {sign} as plain text"),
                    "remove it, or put the value in single quotes within the YAML string",
                );
            }
        }
    }
}
