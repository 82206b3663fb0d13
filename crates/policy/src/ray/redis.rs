//! The password and the storage namespace with which the head uses Redis.

use std::borrow::Cow;

use rayguard_manifest::json::Json;
use rayguard_manifest::path::FieldPath;

use super::gcs::{
    GcsFaultTolerance, REDIS_PASSWORD, REDIS_PASSWORD_PARAM, STORAGE_NAMESPACE, STORAGE_NAMESPACE_ANNOTATION,
};
use super::pod::EnvValue;
use super::shell::{Piece, pieces};
use super::{EnvVar, RayObject};

/// How the head gets the password of Redis.
#[derive(Clone, Debug)]
pub enum RedisPassword<'a> {
    /// The password is missing or empty. The path is where to write it.
    Missing(FieldPath),
    /// The password is plain text in the object, at this path.
    Plaintext(FieldPath),
    /// The password comes from a Secret or a ConfigMap, by the `valueFrom` at this path.
    Referenced(FieldPath, &'a Json<'a>),
    /// The password comes from a variable of this name, which the head's Ray container does not have. The path is that
    /// of the reference.
    Dangling(FieldPath, &'a str),
    /// The password comes from a variable that only the `envFrom` at this path can define.
    FromEnvFrom(FieldPath),
    /// The user's command contains the password.
    InCommand,
}

/// A reference to a key of a Secret in the object's namespace.
#[derive(Clone, Debug)]
pub struct SecretKeyRef<'a> {
    /// The path of the `secretKeyRef`.
    pub path: FieldPath,
    /// The Secret's name.
    pub name: &'a str,
    /// The key.
    pub key: &'a str,
    /// Whether the Pod starts without the key.
    pub is_optional: bool,
}

/// The storage namespace that an object chooses for its cluster's data in Redis.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StorageNamespace<'a> {
    /// The path of the value.
    pub path: FieldPath,
    /// The value.
    pub value: EnvValue<'a>,
}

impl<'a> RayObject<'a> {
    /// Returns how the head gets the password of Redis. `None` if fault tolerance is off or does not use Redis.
    ///
    /// Ray reads the password only from `ray start --redis-password`. With the options, KubeRay writes this parameter
    /// (ray-operator/controllers/ray/common/pod.go:149-159). With the annotation, the user must write it.
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

    /// Returns the Secret and the key with the password of Redis; `None` if the password does not come from a Secret.
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
            let in_command = self.ray_start_override().is_some() && self.has_password_in_command();
            return if in_command { RedisPassword::InCommand } else { RedisPassword::Missing(path) };
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
                    // If env has no REDIS_PASSWORD, KubeRay adds one with the text of the parameter, and a variable of
                    // env takes precedence over those of envFrom (ray-operator/controllers/ray/common/pod.go:160-171).
                    let container = self.head_container().filter(|head| name != REDIS_PASSWORD && head.has_env_from());
                    return match container {
                        Some(head) => RedisPassword::FromEnvFrom(head.env_from_path()),
                        None => RedisPassword::Dangling(path, name),
                    };
                }
            }
        }
        password.unwrap_or(RedisPassword::Plaintext(path))
    }

    /// Reports whether the head's command contains `--redis-password`.
    pub fn has_password_in_command(&self) -> bool {
        let has_it = |head: super::Container<'_>| head.command_line().any(|word| word.contains("--redis-password"));
        self.head_container().is_some_and(has_it)
    }

    /// Returns the path of the annotation or command that replaces KubeRay's `ray start` on the head, so that the start
    /// parameters have no effect (ray-operator/controllers/ray/common/pod.go:884-899). `None` if nothing replaces it,
    /// or if the command runs KubeRay's `ray start` by its environment variable.
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
        // KubeRay searches for the two words in the command and the arguments, joined with two blanks.
        let line = container.command_line().collect::<Vec<_>>().join("  ");
        let field = if container.json.field("command").items().is_empty() { "args" } else { "command" };
        line.contains("ray start").then(|| container.path().field(field))
    }

    /// Returns the storage namespace that the object sets. `None` if KubeRay uses the RayCluster's UID, which is
    /// unique, or if the cluster does not use Redis.
    ///
    /// A variable of the head takes precedence over the options, and these over the annotation. The annotation counts
    /// even if it is empty (ray-operator/controllers/ray/common/pod.go:119-127).
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

/// Reads a map with a `value` or a `valueFrom`: an environment variable, or the options' `redisPassword`.
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
