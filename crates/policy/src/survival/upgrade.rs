//! What KubeRay does to a cluster when its object changes.

use rayguard_manifest::json::Json;

use super::cluster::Cluster;
use crate::kuberay::{Kind, Version};
use crate::rule::{Findings, Level};
use crate::rules;

/// Reports whether KubeRay refuses the upgrade strategy of the object.
pub(super) fn is_refused(cluster: &Cluster<'_, '_>) -> bool {
    !Findings::collect(cluster.context, [(&rules::INVALID_UPGRADE_STRATEGY, Level::Deny)]).is_empty()
}

/// Reports whether KubeRay replaces all Pods of the cluster when its spec changes.
pub(super) fn replaces_cluster(cluster: &Cluster<'_, '_>) -> bool {
    let object = cluster.object();
    let strategy = |json: &Json<'_>, name: &str| json.descend(["upgradeStrategy", "type"]).as_str() == Some(name);
    match object.kind {
        Kind::RayService => !strategy(object.json.field("spec"), "None"),
        Kind::RayCluster => {
            cluster.context.settings.kuberay.version >= Version::v1(6) && strategy(object.cluster.json, "Recreate")
        }
        Kind::RayJob | Kind::RayCronJob => false,
    }
}
