//! The options of a cluster that make KubeRay add something to its Pods.

use rayguard_manifest::json::Json;

use crate::ray::{Kind, RayObject};

/// The options of a cluster that make KubeRay add something to its Pods. They are read once for all groups.
#[derive(Clone, Copy, Debug)]
#[expect(clippy::struct_excessive_bools, reason = "the options do not depend on each other")]
pub(super) struct Additions<'a> {
    /// Whether an autoscaler runs next to the head.
    pub(super) has_autoscaler: bool,
    /// `autoscalerOptions`; `null` if they are missing.
    pub(super) autoscaler: &'a Json<'a>,
    /// Whether version 2 of the autoscaler is configured.
    pub(super) is_v2: bool,
    /// `historyServerOptions.collectorOptions`; `null` if they are missing.
    pub(super) collector: &'a Json<'a>,
    /// Whether containers get the token of a service account.
    pub(super) has_token: bool,
    /// Whether KubeRay sets up TLS.
    pub(super) has_tls: bool,
    /// Whether the head keeps its state in a RocksDB.
    pub(super) has_rocksdb: bool,
    /// Whether the submitter of a RayJob runs next to the head.
    pub(super) has_submitter: bool,
    /// Whether the cluster belongs to a RayService.
    pub(super) is_in_service: bool,
}

impl<'a> Additions<'a> {
    /// Reads the options of an object's cluster.
    pub(super) fn of(object: &RayObject<'a>) -> Self {
        const NULL: &Json<'static> = &Json::Null;
        let mut additions = Self {
            has_autoscaler: false,
            autoscaler: NULL,
            is_v2: false,
            collector: NULL,
            has_token: false,
            has_tls: false,
            has_rocksdb: false,
            has_submitter: object.job().is_some_and(|job| job.submission_mode() == "SidecarMode"),
            is_in_service: is_in_service(object),
        };
        for (name, value) in object.cluster.json.entries() {
            match &**name {
                "enableInTreeAutoscaling" => additions.has_autoscaler = value.as_bool() == Some(true),
                "autoscalerOptions" => {
                    additions.autoscaler = value;
                    additions.is_v2 = value.field("version").as_str() == Some("v2");
                }
                "historyServerOptions" => additions.collector = value.field("collectorOptions"),
                "authOptions" => additions.has_token = mounts_token(value),
                "tlsOptions" => additions.has_tls = value.field("enabled").as_bool() == Some(true),
                "gcsFaultToleranceOptions" => {
                    additions.has_rocksdb = value.field("backend").as_str() == Some("rocksdb");
                }
                _ => {}
            }
        }
        additions
    }
}

/// Reports whether KubeRay mounts the token of a service account into containers (`IsAuthEnabled`, `IsK8sAuthEnabled`).
pub(super) fn mounts_token(auth_options: &Json<'_>) -> bool {
    auth_options.field("mode").as_str() == Some("token")
        && auth_options.field("enableK8sTokenAuth").as_bool() == Some(true)
}

/// Reports whether the cluster of an object belongs to a RayService, which a label of KubeRay says of a RayCluster.
fn is_in_service(object: &RayObject<'_>) -> bool {
    match object.kind {
        Kind::RayService => true,
        Kind::RayCluster => {
            let origin = object.json.descend(["metadata", "labels"]).field("ray.io/originated-from-crd");
            origin.as_str() == Some("RayService")
        }
        Kind::RayJob | Kind::RayCronJob => false,
    }
}
