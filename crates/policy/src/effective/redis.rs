//! Where a fault-tolerant cluster stores its tables.

use rayguard_manifest::path::FieldPath;

use super::{Anchor, EffectiveValue, Reader, last};
use crate::kuberay::Kind;
use crate::ray::address::{RedisEndpoint, first_of};
use crate::ray::gcs::{FT_ENABLED_ANNOTATION, OPTIONS, RedisAddress};
use crate::ray::pod::EnvValue;
use crate::ray::redis::RedisPassword;
use crate::ray::{GcsFaultTolerance, RayObject};

impl Reader<'_, '_> {
    /// Returns whether fault tolerance is on, and the address, the password and the storage namespace.
    pub(super) fn redis(&self) -> Vec<EffectiveValue> {
        let value = |name: &str, value: String, origin: String, own: Option<Anchor>| EffectiveValue {
            name: name.to_owned(),
            value,
            origin,
            anchors: self.switches().into_iter().chain(own).collect(),
        };
        let (state, origin) = match self.object.fault_tolerance {
            GcsFaultTolerance::Off => return Vec::new(),
            GcsFaultTolerance::Annotation => ("on, with Redis", FT_ENABLED_ANNOTATION),
            GcsFaultTolerance::Options(_) => ("on, with Redis", OPTIONS),
            GcsFaultTolerance::RocksDb => ("on, with RocksDB", OPTIONS),
        };
        let mut values = vec![value("GCS fault tolerance", state.to_owned(), format!("{origin} turns it on"), None)];
        if let Some(address) = self.object.redis_address() {
            let (text, origin, path) = Self::address(address);
            values.push(value("Redis", text, origin, Some(self.below(path))));
        }
        if let Some(password) = self.object.redis_password() {
            let (text, origin, own) = self.password(password);
            let own = match self.object.fault_tolerance {
                GcsFaultTolerance::Options(_) => Some(self.below(&self.object.options_path("redisPassword"))),
                _ => own,
            };
            values.push(value("Redis password", text, origin, own));
        }
        if self.object.fault_tolerance.uses_redis() {
            let (text, origin, own) = self.storage_namespace();
            values.push(value("storage namespace", text, origin, own));
        }
        values
    }

    /// Returns the anchors of the fields that turn fault tolerance on.
    fn switches(&self) -> Vec<Anchor> {
        let options = self.object.cluster.path().field(OPTIONS);
        vec![self.at(&options), self.at(&RayObject::annotation_path(FT_ENABLED_ANNOTATION))]
    }

    /// An address may contain a password, so only the host and the port are shown.
    fn address<'a>(address: &'a RedisAddress<'_>) -> (String, String, &'a FieldPath) {
        match address {
            RedisAddress::Missing(path) => ("none".to_owned(), "the manifest sets no address".to_owned(), path),
            RedisAddress::Unknown(path) => {
                ("unknown".to_owned(), format!("{} is known only in the cluster", last(path)), path)
            }
            RedisAddress::Literal(path, text) => match RedisEndpoint::parse(first_of(text).0) {
                Ok(RedisEndpoint { host, port, .. }) => {
                    (format!("{host}:{port}"), format!("{} sets it", last(path)), path)
                }
                Err(_) => ("none".to_owned(), "Ray cannot use the address of the manifest".to_owned(), path),
            },
        }
    }

    fn password(&self, password: &RedisPassword<'_>) -> (String, String, Option<Anchor>) {
        let text = |text: &str| text.to_owned();
        match password {
            RedisPassword::Missing(path) => (text("none"), text("the manifest sets none"), Some(self.below(path))),
            RedisPassword::Plaintext(path) => {
                (text("a text in the manifest"), text("the manifest sets it"), Some(self.below(path)))
            }
            RedisPassword::Referenced(path, _) => {
                let value = match self.object.redis_password_secret() {
                    Some(secret) => format!("key {} of the Secret {}", secret.key, secret.name),
                    None => text("a reference"),
                };
                (value, text("kubelet reads it when the Pod starts"), Some(self.below(path)))
            }
            RedisPassword::Dangling(path, name) => {
                (text("none"), format!("the head has no variable {name}"), Some(self.below(path)))
            }
            RedisPassword::FromEnvFrom(path) => {
                (text("unknown"), text("envFrom is known only in the cluster"), Some(self.below(path)))
            }
            RedisPassword::InCommand => (text("a text in the command"), text("the command of the head sets it"), None),
        }
    }

    fn storage_namespace(&self) -> (String, String, Option<Anchor>) {
        match self.object.storage_namespace() {
            Some(namespace) => {
                let value = match namespace.value {
                    EnvValue::Literal(text) => text.into_owned(),
                    EnvValue::Unknown => "unknown".to_owned(),
                };
                (value, format!("{} sets it", last(&namespace.path)), Some(self.below(&namespace.path)))
            }
            None => {
                let uid =
                    if self.object.kind == Kind::RayService { "the UID of each cluster" } else { "the cluster's UID" };
                (uid.to_owned(), "KubeRay's default, because the manifest sets none".to_owned(), None)
            }
        }
    }
}
