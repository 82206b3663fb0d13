#![doc = include_str!("fault_tolerance_without_effect.md")]

use crate::context::Context;
use crate::kuberay::Kind;
use crate::ray::RayObject;
use crate::ray::gcs::{FT_ENABLED_ANNOTATION, GcsFaultTolerance, OPTIONS};
use crate::ray::redis::RedisPassword;
use crate::rule::{Category, Cel, Findings, Input, Level, Rule, Scope};

pub(crate) static RULE: Rule = Rule {
    name: "fault-tolerance-without-effect",
    summary: "fault tolerance where it has no effect",
    category: Category::FaultTolerance,
    level: Level::Warn,
    scope: Scope::Admission,
    input: Input::Object,
    since: "0.1.0",
    docs: include_str!("fault_tolerance_without_effect.md"),
    cel: Cel::Yes(include_str!("fault_tolerance_without_effect.cel.yaml")),
    check,
};

fn check(context: &Context<'_, '_>, findings: &mut Findings) {
    let object = context.object;
    if object.kind == Kind::RayCronJob {
        let annotation = object.json.descend(["metadata", "annotations"]).field(FT_ENABLED_ANNOTATION);
        if annotation.as_str().is_some_and(|value| value.eq_ignore_ascii_case("true")) {
            findings.invalid(
                RayObject::annotation_path(FT_ENABLED_ANNOTATION),
                "this has no effect: the annotations of a RayCronJob do not reach its clusters",
                "remove it",
            );
        }
    }
    if !object.fault_tolerance.is_on() {
        return;
    }
    let switch = match object.fault_tolerance {
        GcsFaultTolerance::Annotation => RayObject::annotation_path(FT_ENABLED_ANNOTATION),
        _ => object.cluster.path().field(OPTIONS),
    };
    if matches!(object.kind, Kind::RayJob | Kind::RayCronJob) {
        let message = format!(
            "a failed {} is retried on a new cluster, which has none of the old cluster's data",
            object.kind.as_str()
        );
        findings.invalid(switch, message, "remove it, and save checkpoints in the job");
    } else if let Some(path) = object.ray_start_override()
        && matches!(object.redis_password(), Some(RedisPassword::Plaintext(_) | RedisPassword::Referenced(..)))
        && !object.has_password_in_command()
    {
        let message = "the head runs its own ray start command, which does not get the Redis password";
        findings.invalid(path, message, "run $KUBERAY_GEN_RAY_START_CMD there, or add --redis-password to the command");
    }
}
