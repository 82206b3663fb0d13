//! The model of KubeRay's objects: typed access to their fields and to the paths of these fields.
//!
//! Reading a field never fails. A field of the wrong type reads as absent. Paths are built only when a finding is
//! reported.

pub mod address;
pub mod autoscaler;
pub mod cluster;
pub mod deletion;
pub mod gcs;
pub mod job;
mod kubernetes;
pub mod kueue;
pub mod network_policy;
pub mod old_settings;
pub mod pod;
pub mod redis;
pub mod release;
pub mod serve;
pub mod shell;
pub mod start;
pub mod storage_key;
pub mod submitter;
pub mod timeout;
pub mod version;

use std::cell::OnceCell;
use std::sync::Arc;

use rayguard_manifest::json::Json;
use rayguard_manifest::path::FieldPath;

use crate::kuberay::{Kind, Version};
use crate::kubernetes::Violations;
use crate::schema::{Schema, Violation};
use autoscaler::node_type::NodeType;
pub use cluster::{ClusterSpec, Group};
pub use gcs::GcsFaultTolerance;
use gcs::RedisAddress;
pub use job::Job;
pub use pod::{Container, EnvVar};
use redis::RedisPassword;
use serve::ServeConfig;
use start::fault::Fault;

/// An object of one of KubeRay's kinds.
#[derive(Clone, Debug)]
pub struct RayObject<'a> {
    /// The kind.
    pub kind: Kind,
    /// The API version in which the user wrote the object: `ray.io/v1` or `ray.io/v1alpha1`.
    pub api_version: &'a str,
    /// The whole object.
    pub json: &'a Json<'a>,
    /// The namespace of the object, or the namespace in which it will be created; `None` if it is unknown.
    pub namespace: Option<&'a str>,
    /// The spec of the cluster; empty if the object has none, as a RayJob with a `clusterSelector`.
    pub cluster: ClusterSpec<'a>,
    /// Whether and how the cluster has GCS fault tolerance.
    pub fault_tolerance: GcsFaultTolerance<'a>,
    redis_address: OnceCell<Option<RedisAddress<'a>>>,
    redis_password: OnceCell<Option<RedisPassword<'a>>>,
    serve_config: OnceCell<Arc<ServeConfig>>,
    violations: OnceCell<Vec<Violation>>,
    kubernetes_violations: OnceCell<Violations>,
    node_types: OnceCell<Vec<NodeType<'a>>>,
    start_faults: OnceCell<Vec<Fault>>,
}

impl<'a> RayObject<'a> {
    /// Reads an object; `None` for one that is not KubeRay's.
    pub fn read(json: &'a Json<'a>) -> Option<Self> {
        let api_version = json.field("apiVersion").as_str()?;
        let kind = Kind::of(api_version, json.field("kind").as_str()?)?;
        let cluster = ClusterSpec::read(kind, json);
        let namespace = json.descend(["metadata", "namespace"]).as_nonempty_str();
        let fault_tolerance = GcsFaultTolerance::Off;
        let mut object = Self {
            kind,
            api_version,
            json,
            namespace,
            cluster,
            fault_tolerance,
            redis_address: OnceCell::new(),
            redis_password: OnceCell::new(),
            serve_config: OnceCell::new(),
            violations: OnceCell::new(),
            kubernetes_violations: OnceCell::new(),
            node_types: OnceCell::new(),
            start_faults: OnceCell::new(),
        };
        object.fault_tolerance = GcsFaultTolerance::read(&object);
        Some(object)
    }

    /// Returns the violations of the schema of a KubeRay release. They are computed once and then cached for all rules,
    /// so every call must be for the same release.
    pub fn schema_violations(&self, kuberay: Version) -> &[Violation] {
        self.violations.get_or_init(|| Schema::of(kuberay).violations(self.json))
    }

    /// Returns what Ray's autoscaler reads of each group that has a container; nothing without an autoscaler. It is read
    /// once and then cached for all rules.
    pub(crate) fn node_types(&self) -> &[NodeType<'a>] {
        self.node_types.get_or_init(|| {
            let groups = self.cluster.is_autoscaling().then(|| self.cluster.groups());
            groups.into_iter().flatten().filter_map(NodeType::read).collect()
        })
    }

    /// Returns the name, or the prefix of a name that will be generated.
    pub fn name(&self) -> Option<&'a str> {
        let metadata = self.json.field("metadata");
        metadata.field("name").as_nonempty_str().or_else(|| metadata.field("generateName").as_nonempty_str())
    }

    /// Reports whether the object is being deleted. Nothing may delay its deletion.
    pub fn is_being_deleted(&self) -> bool {
        !self.json.descend(["metadata", "deletionTimestamp"]).is_null()
    }

    /// Reports whether this is a RayJob that has ended, so that no cluster is created for it any more
    /// (`JobDeploymentStatus`, ray-operator/apis/ray/v1/rayjob_types.go).
    pub fn has_ended(&self) -> bool {
        let status = self.json.descend(["status", "jobDeploymentStatus"]).as_str();
        self.kind == Kind::RayJob && matches!(status, Some("Complete" | "Failed"))
    }

    /// Returns the value of an annotation that applies to the RayCluster. The operator copies the annotations of a
    /// RayService or RayJob to the cluster, but not those of a RayCronJob.
    pub fn annotation(&self, key: &str) -> Option<&'a str> {
        match self.kind {
            Kind::RayCronJob => None,
            _ => self.json.descend(["metadata", "annotations"]).field(key).as_str(),
        }
    }

    /// Returns the path of an annotation.
    pub fn annotation_path(key: &str) -> FieldPath {
        FieldPath::of(["metadata", "annotations"]).key(key)
    }
}
