#![doc = include_str!("misplaced_redis_username.md")]

use crate::context::Context;
use crate::kuberay::Version;
use crate::ray::Container;
use crate::ray::gcs::{GcsFaultTolerance, REDIS_ADDRESS};
use crate::rule::{Category, Cel, Findings, Input, Level, Rule, Scope};

pub(super) static RULE: Rule = Rule {
    name: "misplaced-redis-username",
    summary: "a Redis user name outside gcsFaultToleranceOptions",
    category: Category::Kuberay,
    level: Level::Deny,
    scope: Scope::Admission,
    input: Input::Object,
    since: "0.1.0",
    docs: include_str!("misplaced_redis_username.md"),
    cel: Cel::Yes(include_str!("misplaced_redis_username.cel.yaml")),
    check,
};

const PARAM: &str = "redis-username";
const VARIABLE: &str = "REDIS_USERNAME";

fn check(context: &Context<'_, '_>, findings: &mut Findings) {
    let Context { object, settings, .. } = *context;
    if settings.kuberay.version < Version::v1(3) {
        return;
    }
    let head = &object.cluster.head;
    let param = head.ray_start_param(PARAM).filter(|name| !name.is_empty());
    let param = param.map(|_| head.ray_start_param_path(PARAM));
    let container = object.head_container();
    let variables = container.iter().flat_map(Container::env);
    let variables = variables.filter(|var| var.name() == Some(VARIABLE)).map(|var| var.path());
    for path in param.into_iter().chain(variables) {
        let help = match object.fault_tolerance {
            GcsFaultTolerance::Options(_) => "remove it, and set redisUsername in gcsFaultToleranceOptions",
            GcsFaultTolerance::Annotation => {
                "remove it, and use gcsFaultToleranceOptions with redisUsername instead of the annotation"
            }
            GcsFaultTolerance::Off if object.head_env_var(REDIS_ADDRESS).is_some() => {
                "remove it, and set redisUsername in gcsFaultToleranceOptions"
            }
            GcsFaultTolerance::RocksDb | GcsFaultTolerance::Off => {
                "remove it: the cluster does not use Redis; give an application's own variable another name"
            }
        };
        findings.forbidden(
            path,
            "KubeRay accepts a Redis user name only in gcsFaultToleranceOptions.redisUsername",
            help,
        );
    }
}
