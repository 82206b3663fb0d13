//! What else the head needs of Redis: a password, and a namespace of its own.

use std::borrow::Cow;

use super::gcs::{
    GcsFaultTolerance, REDIS_PASSWORD, REDIS_PASSWORD_PARAM, STORAGE_NAMESPACE, STORAGE_NAMESPACE_ANNOTATION,
};
use super::pod::EnvValue;
use super::shell::{Piece, pieces};
use super::{EnvVar, RayObject};
use rayguard_manifest::json::Json;
use rayguard_manifest::path::FieldPath;

/// How the head gets the password of Redis.
#[derive(Clone, Debug)]
pub enum RedisPassword<'a> {
    /// Not at all, or an empty one; the path is where to write it.
    Missing(FieldPath),
    /// As plain text in the object, at this path.
    Plaintext(FieldPath),
    /// From a Secret or a ConfigMap, by the `valueFrom` at this path.
    Referenced(FieldPath, &'a Json<'a>),
    /// From a variable of this name that the head's Ray container does not have; the path is what asks for it.
    Dangling(FieldPath, &'a str),
    /// From a variable that only `envFrom`, at this path, can bring.
    Unseen(FieldPath),
    /// By a command of the user's own.
    OwnCommand,
}

/// A reference to a key of a Secret in the object's own namespace.
#[derive(Clone, Debug)]
pub struct SecretKeyRef<'a> {
    /// Where it is written.
    pub path: FieldPath,
    /// The Secret's name.
    pub name: &'a str,
    /// The key.
    pub key: &'a str,
    /// Whether the Pod starts without it too.
    pub is_optional: bool,
}

/// The storage namespace that an object chooses for its cluster's data in Redis.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StorageNamespace<'a> {
    /// Where it is written.
    pub path: FieldPath,
    /// What is written.
    pub value: EnvValue<'a>,
}

impl<'a> RayObject<'a> {
    /// The password with which the head goes to Redis. `None` where fault tolerance is off or needs no Redis.
    ///
    /// Ray takes it from `ray start --redis-password` alone. With the options KubeRay writes that parameter
    /// (ray-operator/controllers/ray/common/pod.go:149-159), with the annotation the user has to.
    pub fn redis_password(&self) -> Option<&RedisPassword<'a>> {
        let read = || match self.fault_tolerance {
            GcsFaultTolerance::Options(options) => {
                let path = self.options_path("redisPassword");
                Some(credential(options.field("redisPassword"), path))
            }
            GcsFaultTolerance::Annotation => Some(self.redis_password_param()),
            GcsFaultTolerance::Off | GcsFaultTolerance::RocksDb => None,
        };
        self.redis_password.get_or_init(read).as_ref()
    }

    /// The Secret and its key that hold the password of Redis, where it comes from one.
    pub fn redis_password_secret(&self) -> Option<SecretKeyRef<'a>> {
        let Some(RedisPassword::Referenced(path, from)) = self.redis_password() else { return None };
        let selector = from.field("secretKeyRef");
        let text = |field: &str| selector.field(field).as_nonempty_str();
        let is_optional = selector.field("optional").as_bool() == Some(true);
        Some(SecretKeyRef {
            path: path.clone().field("secretKeyRef"),
            name: text("name")?,
            key: text("key")?,
            is_optional,
        })
    }

    fn redis_password_param(&self) -> RedisPassword<'a> {
        let head = &self.cluster.head;
        let path = head.ray_start_param_path(REDIS_PASSWORD_PARAM);
        let Some(param) = head.ray_start_param(REDIS_PASSWORD_PARAM).filter(|param| !param.is_empty()) else {
            let is_own = self.ray_start_override().is_some() && self.has_own_redis_password();
            return if is_own { RedisPassword::OwnCommand } else { RedisPassword::Missing(path) };
        };
        let names = pieces(param).into_iter().filter_map(|piece| match piece {
            Piece::Variable(name) | Piece::Reference(name) => Some(name),
            Piece::Active(_) => None,
        });
        let mut password = None;
        for name in names {
            match self.head_env_var(name) {
                Some(var) => password = password.or_else(|| Some(password_of_var(&var))),
                None => {
                    // Where env has no REDIS_PASSWORD, KubeRay adds one with the parameter's own text, and a variable
                    // of env beats those of envFrom (ray-operator/controllers/ray/common/pod.go:160-171).
                    let container = self.head_container().filter(|head| name != REDIS_PASSWORD && head.has_env_from());
                    return match container {
                        Some(head) => RedisPassword::Unseen(head.env_from_path()),
                        None => RedisPassword::Dangling(path, name),
                    };
                }
            }
        }
        password.unwrap_or(RedisPassword::Plaintext(path))
    }

    /// Whether the head's own command gives a password of Redis.
    pub fn has_own_redis_password(&self) -> bool {
        let given = |head: super::Container<'_>| head.command_line().any(|word| word.contains("--redis-password"));
        self.head_container().is_some_and(given)
    }

    /// What keeps KubeRay from running the `ray start` that it makes on the head, so that its parameters go nowhere: an
    /// annotation, or a command of the user's own (ray-operator/controllers/ray/common/pod.go:884-899). A command may
    /// still run KubeRay's by its variable.
    pub fn ray_start_override(&self) -> Option<FieldPath> {
        const OVERWRITE: &str = "ray.io/overwrite-container-cmd";
        const GENERATED: &str = "KUBERAY_GEN_RAY_START_CMD";
        let is_true = |value: &str| value.eq_ignore_ascii_case("true");
        let head = &self.cluster.head;
        if self.head_container().is_some_and(|head| head.command_line().any(|word| word.contains(GENERATED))) {
            return None;
        }
        if self.annotation(OVERWRITE).is_some_and(is_true) {
            return Some(Self::annotation_path(OVERWRITE));
        }
        if head.pod_annotation(OVERWRITE).is_some_and(is_true) {
            return Some(head.path().fields(["template", "metadata", "annotations"]).key(OVERWRITE));
        }
        let container = self.head_container()?;
        // KubeRay looks for the two words in the command and the arguments, with two blanks between these.
        let line = container.command_line().collect::<Vec<_>>().join("  ");
        let field = if container.json.field("command").items().is_empty() { "args" } else { "command" };
        line.contains("ray start").then(|| container.path().field(field))
    }

    /// The storage namespace that the object itself chooses. `None` where KubeRay takes the RayCluster's UID, which
    /// no other cluster has, and where there is no Redis.
    ///
    /// A variable of the head wins over the options, and those over the annotation, which counts even when it is empty
    /// (ray-operator/controllers/ray/common/pod.go:119-127).
    pub fn storage_namespace(&self) -> Option<StorageNamespace<'a>> {
        if !self.fault_tolerance.uses_redis() {
            return None;
        }
        if let Some(var) = self.head_env_var(STORAGE_NAMESPACE) {
            return Some(StorageNamespace { path: var.value_path(), value: var.value() });
        }
        if let GcsFaultTolerance::Options(options) = self.fault_tolerance
            && let Some(value) = options.field("externalStorageNamespace").as_nonempty_str()
        {
            let path = self.options_path("externalStorageNamespace");
            return Some(StorageNamespace { path, value: EnvValue::Literal(Cow::Borrowed(value)) });
        }
        let value = self.annotation(STORAGE_NAMESPACE_ANNOTATION)?;
        let path = Self::annotation_path(STORAGE_NAMESPACE_ANNOTATION);
        Some(StorageNamespace { path, value: EnvValue::Literal(Cow::Borrowed(value)) })
    }
}

fn password_of_var<'a>(var: &EnvVar<'a>) -> RedisPassword<'a> {
    credential(var.json, var.path())
}

/// Reads what has a `value` or a `valueFrom`: an environment variable, or the options' `redisPassword`.
fn credential<'a>(json: &'a Json<'a>, path: FieldPath) -> RedisPassword<'a> {
    let from = json.field("valueFrom");
    if json.field("value").as_nonempty_str().is_some() {
        return RedisPassword::Plaintext(path.field("value"));
    }
    let lacking = |selector: &Json<'_>| {
        ["key", "name"].into_iter().find(|field| selector.field(field).as_nonempty_str().is_none())
    };
    let mut incomplete = None;
    let complete = from.entries().iter().any(|(source, selector)| match &**source {
        "secretKeyRef" | "configMapKeyRef" => {
            let field = lacking(selector);
            incomplete = incomplete.take().or(field.map(|field| (source.to_string(), field)));
            field.is_none()
        }
        _ => selector.as_object().is_some(),
    });
    if complete {
        RedisPassword::Referenced(path.field("valueFrom"), from)
    } else if !from.is_null() {
        let path = path.field("valueFrom");
        RedisPassword::Missing(match incomplete {
            Some((source, field)) => path.field(source).field(field),
            None => path,
        })
    } else if json.field("value").as_str().is_some() {
        RedisPassword::Missing(path.field("value"))
    } else {
        RedisPassword::Missing(path)
    }
}
