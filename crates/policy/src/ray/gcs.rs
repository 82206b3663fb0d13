//! GCS fault tolerance: whether a cluster has it, and the address of its Redis.

use std::borrow::Cow;

use rayguard_manifest::json::Json;
use rayguard_manifest::path::FieldPath;

use super::pod::{EnvValue, EnvVar, expand};
use super::{Container, RayObject};

/// The annotation that enables fault tolerance. It is the older way; the newer one is [`OPTIONS`].
pub const FT_ENABLED_ANNOTATION: &str = "ray.io/ft-enabled";
/// The annotation that sets the storage namespace, in the older way.
pub const STORAGE_NAMESPACE_ANNOTATION: &str = "ray.io/external-storage-namespace";
/// The environment variable of the head that chooses the storage of the GCS: `memory`, `redis` or `rocksdb`.
pub const GCS_STORAGE: &str = "RAY_gcs_storage";
/// The environment variable of the head with the folder of RocksDB.
pub const GCS_STORAGE_PATH: &str = "RAY_gcs_storage_path";
/// The environment variable of the head with the address of Redis.
pub const REDIS_ADDRESS: &str = "RAY_REDIS_ADDRESS";
/// The environment variable of the head that conventionally has the password of Redis. Ray does not read it.
pub const REDIS_PASSWORD: &str = "REDIS_PASSWORD";
/// The environment variable of the head with the storage namespace.
pub const STORAGE_NAMESPACE: &str = "RAY_external_storage_namespace";
/// The parameter of `ray start` with the password of Redis.
pub const REDIS_PASSWORD_PARAM: &str = "redis-password";
/// The cluster spec's field that configures fault tolerance.
pub const OPTIONS: &str = "gcsFaultToleranceOptions";

/// Whether a cluster has GCS fault tolerance, and how it is configured.
///
/// The annotation and the options exclude each other. With the options, KubeRay rejects `RAY_REDIS_ADDRESS` and a
/// password on the head (ray-operator/controllers/ray/utils/validation.go:167-185).
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum GcsFaultTolerance<'a> {
    /// Fault tolerance is off: the cluster does not survive the loss of its head.
    Off,
    /// Enabled by the annotation. Redis is configured in the head's environment and start parameters.
    Annotation,
    /// Enabled by `gcsFaultToleranceOptions`, with Redis.
    Options(&'a Json<'a>),
    /// Enabled by `gcsFaultToleranceOptions`, with an embedded RocksDB instead of Redis.
    RocksDb,
}

impl<'a> GcsFaultTolerance<'a> {
    /// Reads the configuration as KubeRay does (`IsGCSFaultToleranceEnabled`,
    /// ray-operator/controllers/ray/utils/util.go:765).
    pub(super) fn read(object: &RayObject<'a>) -> Self {
        if object.cluster.json.as_object().is_none() {
            return Self::Off; // a RayJob that selects an existing cluster
        }
        let options = object.cluster.json.field(OPTIONS);
        if options.as_object().is_some() {
            return match options.field("backend").as_str() {
                Some("rocksdb") => Self::RocksDb,
                _ => Self::Options(options),
            };
        }
        match object.annotation(FT_ENABLED_ANNOTATION) {
            // KubeRay ignores case but does not trim blanks: " true" is off.
            Some(value) if value.eq_ignore_ascii_case("true") => Self::Annotation,
            _ => Self::Off,
        }
    }

    /// Reports whether fault tolerance is on.
    pub fn is_on(self) -> bool {
        self != Self::Off
    }

    /// Reports whether fault tolerance is on and uses Redis.
    pub fn uses_redis(self) -> bool {
        matches!(self, Self::Annotation | Self::Options(_))
    }
}

/// The address of a cluster's Redis, as far as the object contains it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum RedisAddress<'a> {
    /// The address is missing. The path is where to write it.
    Missing(FieldPath),
    /// The text of the address, which may be empty, and its path.
    Literal(FieldPath, Cow<'a, str>),
    /// The address is known only in the cluster: from a Secret, a ConfigMap, or a reference that the object does not
    /// resolve. The path is that of the reference.
    Unknown(FieldPath),
}

impl<'a> RayObject<'a> {
    /// Returns the path of a field of `gcsFaultToleranceOptions`.
    pub fn options_path(&self, field: &'static str) -> FieldPath {
        self.cluster.path().field(OPTIONS).field(field)
    }

    /// Returns the head's Ray container.
    pub fn head_container(&self) -> Option<Container<'a>> {
        self.cluster.head.ray_container()
    }

    /// Returns an environment variable of the head's Ray container.
    pub fn head_env_var(&self, name: &str) -> Option<EnvVar<'a>> {
        self.head_container()?.env_var(name)
    }

    /// Returns the path of the list to which an environment variable of the head's Ray container is added.
    pub fn head_env_path(&self) -> FieldPath {
        match self.head_container() {
            Some(container) => container.env_path(),
            None => self.cluster.head.path(),
        }
    }

    /// Returns the address of the cluster's Redis, from the options or from the head's environment. `None` if fault
    /// tolerance is off or does not use Redis.
    pub fn redis_address(&self) -> Option<&RedisAddress<'a>> {
        self.redis_address.get_or_init(|| self.read_redis_address()).as_ref()
    }

    fn read_redis_address(&self) -> Option<RedisAddress<'a>> {
        let literal = |path: FieldPath, value: EnvValue<'a>| match value {
            EnvValue::Literal(text) => RedisAddress::Literal(path, text),
            EnvValue::Unknown => RedisAddress::Unknown(path),
        };
        match self.fault_tolerance {
            GcsFaultTolerance::Options(options) => {
                let path = self.options_path("redisAddress");
                Some(match (options.field("redisAddress").as_str(), self.head_container()) {
                    (None, _) => RedisAddress::Missing(path),
                    // KubeRay appends the text to the head's variables, where kubelet expands it.
                    (Some(text), Some(head)) => literal(path, expand(text, head, usize::MAX)),
                    (Some(text), None) => RedisAddress::Literal(path, Cow::Borrowed(text)),
                })
            }
            GcsFaultTolerance::Annotation => Some(match self.head_env_var(REDIS_ADDRESS) {
                Some(var) => literal(var.value_path(), var.value()),
                None => match self.head_container().filter(Container::has_env_from) {
                    Some(head) => RedisAddress::Unknown(head.env_from_path()),
                    None => RedisAddress::Missing(self.head_env_path()),
                },
            }),
            GcsFaultTolerance::Off | GcsFaultTolerance::RocksDb => None,
        }
    }
}
