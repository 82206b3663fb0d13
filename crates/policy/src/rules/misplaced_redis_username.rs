#![doc = include_str!("misplaced_redis_username.md")]

use crate::kuberay::Version;
use crate::policy::Settings;
use crate::ray::gcs::GcsFaultTolerance;
use crate::ray::{Container, RayObject};
use crate::rule::{Category, Check, Findings, Level, Rule, Scope};

pub(super) static RULE: Rule = Rule {
    name: "misplaced-redis-username",
    summary: "a user name of Redis anywhere but in gcsFaultToleranceOptions",
    category: Category::Kuberay,
    level: Level::Deny,
    scope: Scope::Admission,
    since: "0.1.0",
    reference: &["cannot set redis username in rayStartParams or environment variables"],
    docs: include_str!("misplaced_redis_username.md"),
    check: Check::Object(check),
};

const PARAM: &str = "redis-username";
const VARIABLE: &str = "REDIS_USERNAME";

fn check(object: &RayObject<'_>, settings: &Settings, findings: &mut Findings) {
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
            GcsFaultTolerance::Options(_) => "remove it, and write redisUsername into gcsFaultToleranceOptions",
            GcsFaultTolerance::Annotation => {
                "remove it, and use gcsFaultToleranceOptions with redisUsername instead of the annotation"
            }
            GcsFaultTolerance::RocksDb | GcsFaultTolerance::Off => {
                "remove it: the cluster does not use Redis; an application's own variable needs another name"
            }
        };
        findings.forbidden(
            path,
            "KubeRay takes the user name of Redis from gcsFaultToleranceOptions.redisUsername only",
            help,
        );
    }
}
