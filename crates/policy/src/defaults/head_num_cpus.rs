//! The default `num-cpus: "0"` for the head of a fault-tolerant cluster.

use rayguard_manifest::json::Json;
use rayguard_manifest::patch::PatchBuilder;
use rayguard_manifest::path::FieldPath;

use super::reread;
use crate::ray::RayObject;

const PARAM: &str = "num-cpus";

/// Adds `num-cpus: "0"` to the head, so that no tasks and actors run on it, if the cluster can have workers.
pub(super) fn write(builder: &mut PatchBuilder<'_>) {
    if let Some(path) = reread(builder).and_then(|object| missing(&object)) {
        builder.add(&path, Json::from("0"));
    }
}

fn missing(object: &RayObject<'_>) -> Option<FieldPath> {
    let head = &object.cluster.head;
    // KubeRay rejects num-cpus next to the group's resources (ray-operator/controllers/ray/utils/validation.go:60).
    let has_resources = !head.json.field("resources").is_null();
    let workers = || object.cluster.workers.iter().any(|group| group.json.field("maxReplicas").as_i64() != Some(0));
    let wanted = object.fault_tolerance.is_on() && head.ray_container().is_some() && !has_resources && workers();
    wanted.then(|| head.ray_start_param_path(PARAM))
}
