//! Parts of objects, such as patches for kustomize.

use rayguard_manifest::json::Json;

use crate::kuberay::Kind;
use crate::ray::RayObject;

/// Advice on how to check a patch.
pub(super) const HELP: &str = "if this is a kustomize patch, build it first: kustomize build DIR | rayguard check -";

/// Reports whether an object lacks what every object of its kind has: a Ray cluster, with a head, a Pod template in each
/// group, and an image. The API server or KubeRay refuses it, so it is a part of an object, or a fault.
pub(super) fn is_partial(object: &RayObject<'_>) -> bool {
    let is_absent = |json: &Json<'_>| json.is_null();
    let (cluster_field, above) = object.kind.cluster_spec_fields().split_last().unwrap_or((&"spec", &[]));
    let above = object.json.descend(above.iter().copied());
    let cluster = above.field(cluster_field);
    if is_absent(cluster) {
        let is_job = matches!(object.kind, Kind::RayJob | Kind::RayCronJob);
        return !(is_job && above.field("clusterSelector").as_object().is_some());
    }
    let head = cluster.field("headGroupSpec");
    let groups = || std::iter::once(head).chain(cluster.field("workerGroupSpecs").items());
    let containers = |group: &Json<'_>| group.descend(["template", "spec", "containers"]).items().len();
    let has_image = groups().any(|group| {
        let containers = group.descend(["template", "spec", "containers"]).items();
        containers.iter().any(|container| !is_absent(container.field("image")))
    });
    is_absent(head) || groups().any(|group| containers(group) == 0) || !has_image
}

#[cfg(test)]
mod tests {
    use super::*;

    fn is_partial(spec: &str, kind: &str) -> bool {
        let text = format!(r#"{{"apiVersion":"ray.io/v1","kind":"{kind}","metadata":{{"name":"a"}}{spec}}}"#);
        let json: Json<'_> = serde_json::from_str(&text).expect("JSON");
        super::is_partial(&RayObject::read(&json).expect("a KubeRay object"))
    }

    #[test]
    fn a_part_of_an_object_lacks_the_cluster_or_a_part_of_it() {
        let group = r#"{"template":{"spec":{"containers":[{"name":"a","image":"b"}]}}}"#;
        let without_image = r#"{"template":{"spec":{"containers":[{"name":"a"}]}}}"#;
        for (kind, spec) in [
            ("RayCluster", String::new()),
            ("RayCluster", r#","spec":{"workerGroupSpecs":[{"groupName":"a","replicas":3}]}"#.to_owned()),
            ("RayCluster", format!(r#","spec":{{"headGroupSpec":{group},"workerGroupSpecs":[{{"groupName":"a"}}]}}"#)),
            ("RayCluster", format!(r#","spec":{{"headGroupSpec":{without_image}}}"#)),
            ("RayService", r#","spec":{"serveConfigV2":"applications: []"}"#.to_owned()),
            ("RayJob", r#","spec":{"entrypoint":"python a.py"}"#.to_owned()),
            ("RayCronJob", r#","spec":{"schedule":"@daily"}"#.to_owned()),
        ] {
            assert!(is_partial(&spec, kind), "{kind}{spec}");
        }
        for (kind, spec) in [
            ("RayCluster", format!(r#","spec":{{"headGroupSpec":{group}}}"#)),
            ("RayService", format!(r#","spec":{{"rayClusterConfig":{{"headGroupSpec":{group}}}}}"#)),
            ("RayJob", r#","spec":{"clusterSelector":{"ray.io/cluster":"a"}}"#.to_owned()),
            ("RayCronJob", format!(r#","spec":{{"jobTemplate":{{"rayClusterSpec":{{"headGroupSpec":{group}}}}}}}"#)),
        ] {
            assert!(!is_partial(&spec, kind), "{kind}{spec}");
        }
    }
}
