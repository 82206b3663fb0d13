//! The settings of a head that `gcsFaultToleranceOptions` replaces: variables, a start parameter and annotations.

use rayguard_manifest::fix::{Edit, Fix};
use rayguard_manifest::json::Json;
use rayguard_manifest::path::FieldPath;

use super::RayObject;
use super::address::{RedisEndpoint, first_of};
use super::gcs::{
    FT_ENABLED_ANNOTATION, OPTIONS, REDIS_ADDRESS, REDIS_PASSWORD, REDIS_PASSWORD_PARAM, STORAGE_NAMESPACE_ANNOTATION,
};
use super::pod::EnvVar;
use crate::settings::DEFAULTED;
use crate::spelling::list;

/// A key of a Secret.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SecretKey<'a> {
    /// The name of the Secret.
    pub name: &'a str,
    /// The key in it.
    pub key: &'a str,
}

impl<'a> RayObject<'a> {
    /// Returns the Redis address of the head's `RAY_REDIS_ADDRESS`, if it is written there and can move to the options.
    pub fn old_redis_address(&self) -> Option<&'a str> {
        let address = self.head_env_var(REDIS_ADDRESS)?.literal()?;
        let is_valid = RedisEndpoint::parse(first_of(address).0).is_ok();
        (is_valid && !address.contains('$')).then_some(address)
    }

    /// Returns the Secret of the Redis password, if the older settings name exactly one: in the variable of the start
    /// parameter `redis-password`, or in the head's `REDIS_PASSWORD`.
    pub fn old_redis_secret(&self) -> Option<SecretKey<'a>> {
        let of_name = self.head_env_var(REDIS_PASSWORD).map(|var| secret_of(&var));
        let param = self.cluster.head.ray_start_param(REDIS_PASSWORD_PARAM).filter(|param| !param.is_empty());
        let of_param = param.map(|param| secret_of(&self.head_env_var(variable(param)?)?));
        match (of_param, of_name) {
            (Some(one), Some(other)) => one.filter(|_| one == other),
            (Some(one), None) | (None, Some(one)) => one,
            (None, None) => None,
        }
    }

    /// Returns the instruction to write the options and to remove these settings, and `apiVersion: ray.io/v1` where the
    /// version of the object does not have the options.
    pub fn advice_to_move(&self, removed: &[&str]) -> String {
        let version = if self.api_version == "ray.io/v1" { "" } else { "apiVersion: ray.io/v1 and " };
        format!("write {version}{}; remove {}", self.options_for_old_settings(), list(removed, "and"))
    }

    /// Returns the options that are equivalent to the older settings, with the values that are in the object, as YAML on
    /// one line. No secret is repeated.
    fn options_for_old_settings(&self) -> String {
        let quoted = |text: &str| serde_json::to_string(&Json::from(text.to_owned())).unwrap_or_default();
        let address = quoted(self.old_redis_address().unwrap_or("host:port"));
        let SecretKey { name, key } = self.old_redis_secret().unwrap_or(SecretKey { name: "…", key: "…" });
        let namespace = self.annotation(STORAGE_NAMESPACE_ANNOTATION).filter(|namespace| !namespace.is_empty());
        let namespace = namespace.map(|text| format!(", externalStorageNamespace: {}", quoted(text)));
        format!(
            "{}: {{redisAddress: {address}, redisPassword: {{valueFrom: {{secretKeyRef: {{name: {name}, key: {key}}}}}}}{}}}",
            self.cluster.path().field(OPTIONS),
            namespace.unwrap_or_default(),
        )
    }

    /// Returns the names of the older settings other than the annotation `ray.io/ft-enabled`. KubeRay refuses them next
    /// to the options.
    pub fn old_settings(&self) -> Vec<&'static str> {
        let mut names = Vec::new();
        names.extend(self.annotation(STORAGE_NAMESPACE_ANNOTATION).map(|_| STORAGE_NAMESPACE_ANNOTATION));
        names.extend([REDIS_ADDRESS, REDIS_PASSWORD].into_iter().filter(|name| self.head_env_var(name).is_some()));
        names.extend(self.cluster.head.ray_start_param(REDIS_PASSWORD_PARAM).map(|_| REDIS_PASSWORD_PARAM));
        names
    }

    /// Returns the change that moves all older settings to the options. `None` if there is more than one answer, as where
    /// two addresses differ or a password is not in a Secret, and in `v1alpha1`, which does not have the options.
    pub fn move_old_settings(&self) -> Option<Fix> {
        let options = self.cluster.json.field(OPTIONS);
        if self.api_version != "ray.io/v1" || !matches!(options, Json::Null | Json::Object(_)) {
            return None;
        }
        // A user name moves as well, and a variable that refers to a removed one would lose its value.
        if self.has_redis_username() || self.refers_to_old_variables() {
            return None;
        }
        let (mut fields, mut removed) = (Vec::new(), Vec::new());
        let mut add = |field: &'static str, value: Json<'static>| match options.entry(field) {
            Some(there) if *there != value => None,
            Some(_) => Some(()),
            None => {
                fields.push((field, value));
                Some(())
            }
        };
        if let Some(var) = self.head_env_var(REDIS_ADDRESS) {
            add("redisAddress", Json::from(self.old_redis_address()?.to_owned()))?;
            removed.push(var.path());
        }
        let head = &self.cluster.head;
        let param = head.ray_start_param(REDIS_PASSWORD_PARAM).filter(|param| !param.is_empty());
        let password = self.head_env_var(REDIS_PASSWORD);
        if param.is_some() || password.is_some() {
            let SecretKey { name, key } = self.old_redis_secret()?;
            let map = |field: &'static str, value| Json::from_iter([(field.into(), value)]);
            let key = [("name".into(), Json::from(name.to_owned())), ("key".into(), Json::from(key.to_owned()))];
            add("redisPassword", map("valueFrom", map("secretKeyRef", key.into_iter().collect())))?;
            removed.extend(param.map(|_| head.ray_start_param_path(REDIS_PASSWORD_PARAM)));
            removed.extend(password.map(|var| var.path()));
        }
        if let Some(namespace) = self.annotation(STORAGE_NAMESPACE_ANNOTATION).filter(|it| !it.is_empty()) {
            add("externalStorageNamespace", Json::from(namespace.to_owned()))?;
            removed.push(Self::annotation_path(STORAGE_NAMESPACE_ANNOTATION));
        }
        match self.annotation(FT_ENABLED_ANNOTATION) {
            Some(value) if value.eq_ignore_ascii_case("true") => {
                removed.push(Self::annotation_path(FT_ENABLED_ANNOTATION));
            }
            None | Some("") => {}
            Some(_) => return None,
        }
        let path = self.cluster.path().field(OPTIONS);
        let mut edits: Vec<_> = match options {
            Json::Null => {
                let value = fields.into_iter().map(|(field, value)| (field.into(), value)).collect();
                vec![Edit::Set { path, value }]
            }
            _ => {
                fields.into_iter().map(|(field, value)| Edit::Set { path: path.clone().field(field), value }).collect()
            }
        };
        edits.extend(self.without_empty(removed)?.into_iter().map(|path| Edit::Remove { path }));
        Some(Fix { edits })
    }

    /// Reports whether the head has a user name for Redis.
    fn has_redis_username(&self) -> bool {
        let param = self.cluster.head.ray_start_param("redis-username").is_some();
        param || self.head_env_var("REDIS_USERNAME").is_some()
    }

    /// Reports whether another variable of the head refers to a variable that the options replace. KubeRay adds these at the
    /// end of the list, and kubelet replaces only references to earlier variables.
    fn refers_to_old_variables(&self) -> bool {
        let references = [REDIS_ADDRESS, REDIS_PASSWORD].map(|name| format!("$({name})"));
        let refers = |text: &str| references.iter().any(|reference| text.contains(&**reference));
        self.head_container().is_some_and(|head| head.env().any(|var| var.literal().is_some_and(refers)))
    }

    /// Replaces the paths of all items of a list or a map by the path of the list or the map. Returns `None` if there is
    /// no path.
    fn without_empty(&self, mut paths: Vec<FieldPath>) -> Option<Vec<FieldPath>> {
        for parent in [self.head_env_path(), FieldPath::of(["metadata", "annotations"])] {
            let count = paths.iter().filter(|path| path.starts_with(&parent)).count();
            let value = parent.value(self.json);
            let own = |(key, _): &&(_, _)| key != DEFAULTED;
            let size = value.map_or(0, |value| value.items().len().max(value.entries().iter().filter(own).count()));
            if count > 0 && count == size {
                paths.retain(|path| !path.starts_with(&parent));
                paths.push(parent);
            }
        }
        (!paths.is_empty()).then_some(paths)
    }
}

/// Returns the name in `$NAME` or `${NAME}`; `None` for any other text.
fn variable(text: &str) -> Option<&str> {
    let name = text.strip_prefix('$')?;
    let name = name.strip_prefix('{').and_then(|name| name.strip_suffix('}')).unwrap_or(name);
    name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_').then_some(name)
}

fn secret_of<'a>(var: &EnvVar<'a>) -> Option<SecretKey<'a>> {
    let selector = var.json.descend(["valueFrom", "secretKeyRef"]);
    let text = |field: &str| selector.field(field).as_nonempty_str();
    let is_optional = selector.field("optional").as_bool() == Some(true);
    Some(SecretKey { name: text("name")?, key: text("key")? }).filter(|_| !is_optional)
}
