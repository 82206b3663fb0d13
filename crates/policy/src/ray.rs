//! Total views of KubeRay's objects: what they say, and the path at which they say it.
//!
//! A view never fails. What is absent or ill-typed reads as absent, as it would for the operator once the API server
//! has pruned it. Paths are made only when something is reported.

pub mod address;
pub mod autoscaler;
pub mod storage_key;
pub mod cluster;
pub mod deletion;
pub mod gcs;
pub mod job;
pub mod pod;
pub mod redis;
pub mod serve;
pub mod shell;
pub mod timeout;
pub mod version;

use std::cell::OnceCell;
use std::sync::Arc;

use crate::kuberay::{Kind, Version};
use crate::schema::{Fault, Schema};
use rayguard_manifest::json::Json;
use rayguard_manifest::path::FieldPath;

pub use cluster::{ClusterSpec, Group};
pub use gcs::GcsFaultTolerance;
use gcs::RedisAddress;
pub use job::Job;
pub use pod::{Container, EnvVar};
use redis::RedisPassword;
use serve::ServeConfig;

/// One of KubeRay's objects, of whatever kind.
#[derive(Clone, Debug)]
pub struct RayObject<'a> {
    /// The kind.
    pub kind: Kind,
    /// The version in which the user wrote it, `ray.io/v1` or `ray.io/v1alpha1`.
    pub api_version: &'a str,
    /// The whole object.
    pub json: &'a Json<'a>,
    /// The namespace, where it is known: the object's own, or the one that it is about to be put in.
    pub namespace: Option<&'a str>,
    /// The cluster that it describes; empty where it describes none, as a RayJob with a `clusterSelector`.
    pub cluster: ClusterSpec<'a>,
    /// How, and whether, the cluster outlives its head.
    pub fault_tolerance: GcsFaultTolerance<'a>,
    redis_address: OnceCell<Option<RedisAddress<'a>>>,
    redis_password: OnceCell<Option<RedisPassword<'a>>>,
    serve_config: OnceCell<Arc<ServeConfig>>,
    faults: OnceCell<Vec<Fault>>,
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
            faults: OnceCell::new(),
        };
        object.fault_tolerance = GcsFaultTolerance::read(&object);
        Some(object)
    }

    /// What the schema of a release of KubeRay has against it, looked up once: it is the same for all rules.
    pub fn faults(&self, kuberay: Version) -> &[Fault] {
        self.faults.get_or_init(|| Schema::of(kuberay).faults(self.json))
    }

    /// The name, or the prefix of one that is yet to be generated.
    pub fn name(&self) -> Option<&'a str> {
        let metadata = self.json.field("metadata");
        metadata.field("name").as_nonempty_str().or_else(|| metadata.field("generateName").as_nonempty_str())
    }

    /// Whether the object is on its way out, and must not be held up.
    pub fn is_being_deleted(&self) -> bool {
        !self.json.descend(["metadata", "deletionTimestamp"]).is_null()
    }

    /// Whether this is a RayJob that has ended, for good: no cluster is made of it any more
    /// (`JobDeploymentStatus`, ray-operator/apis/ray/v1/rayjob_types.go).
    pub fn is_over(&self) -> bool {
        let status = self.json.descend(["status", "jobDeploymentStatus"]).as_str();
        self.kind == Kind::RayJob && matches!(status, Some("Complete" | "Failed"))
    }

    /// The value of an annotation that reaches the RayCluster. What a RayService or RayJob is annotated with is copied
    /// to the cluster it creates; a RayCronJob's annotations are not.
    pub fn annotation(&self, key: &str) -> Option<&'a str> {
        match self.kind {
            Kind::RayCronJob => None,
            _ => self.json.descend(["metadata", "annotations"]).field(key).as_str(),
        }
    }

    /// The path of an annotation.
    pub fn annotation_path(key: &str) -> FieldPath {
        FieldPath::of(["metadata", "annotations"]).key(key)
    }
}
