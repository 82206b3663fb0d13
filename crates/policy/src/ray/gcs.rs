//! GCS fault tolerance: whether a cluster has it, and where its Redis is.

use std::borrow::Cow;

use super::pod::{EnvValue, EnvVar, expand};
use super::{Container, RayObject};
use rayguard_manifest::json::Json;
use rayguard_manifest::path::FieldPath;

/// The annotation that switches fault tolerance on, the older of two ways.
pub const FT_ENABLED_ANNOTATION: &str = "ray.io/ft-enabled";
/// The annotation that gives the storage namespace, in the older way.
pub const STORAGE_NAMESPACE_ANNOTATION: &str = "ray.io/external-storage-namespace";
/// The variable of the head that holds the address of Redis.
pub const REDIS_ADDRESS: &str = "RAY_REDIS_ADDRESS";
/// The variable of the head that holds the password of Redis, by custom; Ray itself does not read it.
pub const REDIS_PASSWORD: &str = "REDIS_PASSWORD";
/// The variable of the head that holds the storage namespace.
pub const STORAGE_NAMESPACE: &str = "RAY_external_storage_namespace";
/// The parameter of `ray start` that gives the password of Redis.
pub const REDIS_PASSWORD_PARAM: &str = "redis-password";
/// The cluster spec's field that configures fault tolerance.
pub const OPTIONS: &str = "gcsFaultToleranceOptions";

/// Whether, and by which of KubeRay's ways, a cluster has GCS fault tolerance.
///
/// The two ways exclude each other, and what one requires the other forbids: with the options, `RAY_REDIS_ADDRESS` and
/// a password on the head are refused (ray-operator/controllers/ray/utils/validation.go:167-185).
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum GcsFaultTolerance<'a> {
    /// None: when the head goes, the cluster goes.
    Off,
    /// By annotation; Redis is configured in the head's environment and start parameters.
    Annotation,
    /// By `gcsFaultToleranceOptions`, with Redis.
    Options(&'a Json<'a>),
    /// By `gcsFaultToleranceOptions`, with an embedded RocksDB: no Redis at all.
    RocksDb,
}

impl<'a> GcsFaultTolerance<'a> {
    /// Reads it as KubeRay does (`IsGCSFaultToleranceEnabled`, ray-operator/controllers/ray/utils/util.go:765).
    pub(super) fn read(object: &RayObject<'a>) -> Self {
        if object.cluster.json.as_object().is_none() {
            return Self::Off; // a RayJob for a cluster that is already there
        }
        let options = object.cluster.json.field(OPTIONS);
        if options.as_object().is_some() {
            return match options.field("backend").as_str() {
                Some("rocksdb") => Self::RocksDb,
                _ => Self::Options(options),
            };
        }
        match object.annotation(FT_ENABLED_ANNOTATION) {
            // Lower-cased but not trimmed: " true" is off.
            Some(value) if value.eq_ignore_ascii_case("true") => Self::Annotation,
            _ => Self::Off,
        }
    }

    /// Whether there is any.
    pub fn is_on(self) -> bool {
        self != Self::Off
    }

    /// Whether there is any, with Redis behind it.
    pub fn uses_redis(self) -> bool {
        matches!(self, Self::Annotation | Self::Options(_))
    }
}

/// Where a cluster's Redis is, as far as the object says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum RedisAddress<'a> {
    /// Nowhere: there is no address; the path is where to write it.
    Missing(FieldPath),
    /// This text, perhaps empty, at this path.
    Literal(FieldPath, Cow<'a, str>),
    /// Known only to the cluster: a Secret, a ConfigMap, or a reference that the object does not resolve.
    Unknown(FieldPath),
}

impl<'a> RayObject<'a> {
    /// The path of a field of `gcsFaultToleranceOptions`.
    pub fn options_path(&self, field: &'static str) -> FieldPath {
        self.cluster.path().field(OPTIONS).field(field)
    }

    /// The head's Ray container.
    pub fn head_container(&self) -> Option<Container<'a>> {
        self.cluster.head.ray_container()
    }

    /// A variable of the head's Ray container.
    pub fn head_env_var(&self, name: &str) -> Option<EnvVar<'a>> {
        self.head_container()?.env_var(name)
    }

    /// The path at which to add a variable to the head's Ray container.
    pub fn head_env_path(&self) -> FieldPath {
        match self.head_container() {
            Some(container) => container.env_path(),
            None => self.cluster.head.path(),
        }
    }

    /// The address of the cluster's Redis: the one of the options, else the variable of the head. `None` where fault
    /// tolerance is off or needs no Redis.
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
                    // KubeRay appends it to the head's variables as it is, and kubelet expands it there.
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
