#![doc = include_str!("fault_tolerance_without_effect.md")]

use crate::policy::Settings;
use crate::ray::Kind;
use crate::ray::RayObject;
use crate::ray::gcs::{FT_ENABLED_ANNOTATION, GcsFaultTolerance, OPTIONS};
use crate::ray::redis::RedisPassword;
use crate::rule::{Category, Check, Findings, Level, Rule, Scope};

pub(super) static RULE: Rule = Rule {
    name: "fault-tolerance-without-effect",
    summary: "fault tolerance where it can do nothing",
    category: Category::FaultTolerance,
    level: Level::Warn,
    scope: Scope::Admission,
    since: "0.1.0",
    reference: &[],
    docs: include_str!("fault_tolerance_without_effect.md"),
    check: Check::Object(check),
};

fn check(object: &RayObject<'_>, _: &Settings, findings: &mut Findings) {
    if object.kind == Kind::RayCronJob {
        let annotation = object.json.descend(["metadata", "annotations"]).field(FT_ENABLED_ANNOTATION);
        if annotation.as_str().is_some_and(|value| value.eq_ignore_ascii_case("true")) {
            findings.invalid(
                RayObject::annotation_path(FT_ENABLED_ANNOTATION),
                "a RayCronJob's annotations do not reach the clusters that it makes",
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
            "a {} that fails is tried again on a new cluster, which has nothing of the old one",
            object.kind.as_str()
        );
        findings.invalid(switch, message, "remove it, and keep checkpoints in the job");
    } else if let Some(path) = object.ray_start_override()
        && matches!(object.redis_password(), Some(RedisPassword::Plaintext(_) | RedisPassword::Referenced(..)))
        && !object.has_own_redis_password()
    {
        let message = "the head runs a ray start of its own, which does not get the password of Redis";
        findings.invalid(path, message, "run $KUBERAY_GEN_RAY_START_CMD there, or give it --redis-password");
    }
}
