//! Why a forecast promises nothing, although no rule doubts the object.

use super::redis;
use crate::kuberay::Kind;
use crate::ray::RayObject;
use crate::ray::release::Release;

/// The oldest release of Ray that was measured.
const MEASURED: Release = Release::v2(52, 0);

/// Returns why the forecast promises nothing for an outage of the GCS, each as a note.
pub(super) fn of(object: &RayObject<'_>) -> Vec<String> {
    let mut limits = Vec::new();
    if matches!(object.kind, Kind::RayJob | Kind::RayCronJob) {
        limits.push("the job's driver ends with the head, and KubeRay may delete the cluster".to_owned());
    }
    match object.ray_release(&object.cluster.head) {
        Some(release) if release < MEASURED => {
            limits.push(format!("Ray {release} was not measured, only {MEASURED} and later"));
        }
        Some(_) => {}
        None => limits.push(format!("the release of Ray is not known, and only {MEASURED} and later were measured")),
    }
    if redis::is_hidden(object) {
        limits
            .push("the address of Redis is known only in the cluster, and may be missing or the head's own".to_owned());
    }
    limits
}

/// Returns why KubeRay runs no Pods for the object, as a note.
pub(super) fn absent(object: &RayObject<'_>) -> Option<&'static str> {
    let spec = object.json.field("spec");
    let manager = [spec.field("managedBy"), object.cluster.json.field("managedBy")];
    let is_foreign = |manager: &str| !manager.is_empty() && manager != "ray.io/kuberay-operator";
    let is_suspended = [spec, object.cluster.json].iter().any(|it| it.field("suspend").as_bool() == Some(true));
    if is_suspended {
        Some("the object is suspended, and KubeRay has deleted its Pods")
    } else if manager.iter().filter_map(|it| it.as_str()).any(is_foreign) {
        Some("managedBy names another controller, and KubeRay in this cluster runs no Pods for the object")
    } else {
        None
    }
}
