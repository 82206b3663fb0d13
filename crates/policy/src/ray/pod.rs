//! Containers and their environment.

use std::borrow::Cow;
use std::collections::HashMap;

use rayguard_manifest::json::Json;
use rayguard_manifest::path::FieldPath;

use super::Group;

/// A container of a group's Pod template.
#[derive(Clone, Copy, Debug)]
pub struct Container<'a> {
    /// The group of the container.
    pub group: Group<'a>,
    /// The index among the Pod's containers.
    pub index: usize,
    /// The container's spec.
    pub json: &'a Json<'a>,
}

impl<'a> Container<'a> {
    /// Returns the path of the container.
    pub fn path(&self) -> FieldPath {
        self.group.path().fields(["template", "spec", "containers"]).index(self.index)
    }

    /// Returns the container's name; `None` if it is missing or empty.
    pub fn name(&self) -> Option<&'a str> {
        self.json.field("name").as_nonempty_str()
    }

    /// Returns the environment variables, in the order of the object.
    pub fn env(&self) -> impl DoubleEndedIterator<Item = EnvVar<'a>> {
        let container = *self;
        let items = self.json.field("env").items().iter().enumerate();
        items.map(move |(index, json)| EnvVar { container, index, json })
    }

    /// Returns the path of the list of environment variables, to which a new one is added.
    pub fn env_path(&self) -> FieldPath {
        self.path().field("env")
    }

    /// Returns the environment variable of this name. Of several, the last one counts, as for kubelet.
    pub fn env_var(&self, name: &str) -> Option<EnvVar<'a>> {
        self.env().rev().find(|var| var.name() == Some(name))
    }

    /// Reports whether the container has `envFrom`, which adds variables that are not in the object.
    pub fn has_env_from(&self) -> bool {
        !self.json.field("envFrom").items().is_empty()
    }

    /// Returns the path of `envFrom`.
    pub fn env_from_path(&self) -> FieldPath {
        self.path().field("envFrom")
    }

    /// Returns the items of the command and then of the arguments.
    pub fn command_line(&self) -> impl Iterator<Item = &'a str> {
        let words = |field: &str| self.json.field(field).items().iter().filter_map(Json::as_str);
        words("command").chain(words("args"))
    }
}

/// Returns the indexes of the items with one of these names in a list such as `env` or `volumes`.
pub fn indexes_named<'a>(list: &'a Json<'_>, names: &'a [&str]) -> impl Iterator<Item = usize> + 'a {
    let is_one = |item: &Json<'_>| item.field("name").as_str().is_some_and(|name| names.contains(&name));
    list.items().iter().enumerate().filter(move |(_, item)| is_one(item)).map(|(index, _)| index)
}

/// Returns the indexes of the mounts of a volume, or at a path, in a list of `volumeMounts`.
pub fn indexes_of_mount<'a>(list: &'a Json<'_>, volume: &'a str, path: &'a str) -> impl Iterator<Item = usize> + 'a {
    let is_it = move |mount: &Json<'_>| {
        mount.field("name").as_str() == Some(volume) || mount.field("mountPath").as_str() == Some(path)
    };
    list.items().iter().enumerate().filter(move |(_, mount)| is_it(mount)).map(|(index, _)| index)
}

/// An environment variable of a container.
#[derive(Clone, Copy, Debug)]
pub struct EnvVar<'a> {
    /// The container of the variable.
    pub container: Container<'a>,
    /// The index in the list of variables.
    pub index: usize,
    /// The entry in the list.
    pub json: &'a Json<'a>,
}

/// The value of an environment variable, as far as the object contains it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum EnvValue<'a> {
    /// The value is this text.
    Literal(Cow<'a, str>),
    /// The value is known only in the cluster: from `valueFrom`, or a `$(REFERENCE)` that the object does not resolve.
    Unknown,
}

impl<'a> EnvVar<'a> {
    /// Returns the variable's name; `None` if it is missing.
    pub fn name(&self) -> Option<&'a str> {
        self.json.field("name").as_str()
    }

    /// Returns the path of the entry.
    pub fn path(&self) -> FieldPath {
        self.container.env_path().index(self.index)
    }

    /// Returns the path of the variable's `value` or `valueFrom`, or that of the entry if it has neither.
    pub fn value_path(&self) -> FieldPath {
        let field = if self.is_value_from() { "valueFrom" } else { "value" };
        if self.json.field(field).is_null() { self.path() } else { self.path().field(field) }
    }

    /// Reports whether the variable has a `valueFrom`: a Secret, a ConfigMap or a field of the Pod.
    pub fn is_value_from(&self) -> bool {
        !self.json.field("valueFrom").is_null()
    }

    /// Returns the value as it is written; empty if it is missing, as in Kubernetes. `None` with `valueFrom`.
    pub fn literal(&self) -> Option<&'a str> {
        if self.is_value_from() { None } else { Some(self.json.field("value").as_str().unwrap_or_default()) }
    }

    /// Returns the value in the process, after kubelet has replaced each `$(NAME)` by an earlier variable.
    pub fn value(&self) -> EnvValue<'a> {
        match self.literal() {
            None => EnvValue::Unknown,
            Some(text) => expand(text, self.container, self.index),
        }
    }
}

/// The maximum length of an expanded value in bytes. Linux does not allow a longer environment variable
/// (`MAX_ARG_STRLEN`, 128 KiB). Without a limit, nested references could grow exponentially.
const MAX_VALUE: usize = 128 * 1024;

/// Replaces each `$(NAME)` in a text as kubelet does, by the first `before` variables of the container. `$$` becomes
/// `$`.
///
/// Another name may be that of a variable from `envFrom` or of a Service, so the result is then unknown.
pub fn expand<'a>(text: &'a str, container: Container<'_>, before: usize) -> EnvValue<'a> {
    if !text.contains('$') {
        return EnvValue::Literal(Cow::Borrowed(text));
    }
    let mut resolved = HashMap::new();
    for var in container.env().take(before) {
        let value = var.literal().map_or(EnvValue::Unknown, |literal| substitute(literal, &resolved));
        resolved.insert(var.name().unwrap_or_default(), value);
    }
    substitute(text, &resolved)
}

fn substitute(text: &str, variables: &HashMap<&str, EnvValue<'_>>) -> EnvValue<'static> {
    let mut expanded = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find('$') {
        expanded.push_str(&rest[..at]);
        rest = &rest[at + 1..];
        if let Some(escaped) = rest.strip_prefix('$') {
            expanded.push('$');
            rest = escaped;
        } else if let Some((name, after)) = rest.strip_prefix('(').and_then(|open| open.split_once(')')) {
            match variables.get(name) {
                Some(EnvValue::Literal(value)) if expanded.len() + value.len() <= MAX_VALUE => {
                    expanded.push_str(value);
                }
                _ => return EnvValue::Unknown,
            }
            rest = after;
        } else {
            expanded.push('$');
        }
    }
    expanded.push_str(rest);
    EnvValue::Literal(Cow::Owned(expanded))
}

#[cfg(test)]
mod tests {
    use rayguard_manifest::json::Json;

    use super::*;
    use crate::ray::RayObject;

    fn last_value(env: &str) -> EnvValue<'static> {
        let text = format!(
            r#"{{"apiVersion":"ray.io/v1","kind":"RayCluster","spec":{{"headGroupSpec":{{"template":{{"spec":
            {{"containers":[{{"env":{env}}}]}}}}}}}}}}"#
        );
        let json: Json<'_> = serde_json::from_str(&text).expect("JSON");
        let object = RayObject::read(&json).expect("a RayCluster");
        let last = object.cluster.head.ray_container().and_then(|container| container.env().last());
        match last.expect("a variable").value() {
            EnvValue::Literal(text) => EnvValue::Literal(text.into_owned().into()),
            EnvValue::Unknown => EnvValue::Unknown,
        }
    }

    #[test]
    fn references_are_expanded_as_by_kubelet() {
        for (env, value) in [
            (r#"[{"name":"A","value":"6"},{"name":"B","value":"$(A)00"}]"#, "600"),
            (r#"[{"name":"A","value":"6"},{"name":"A","value":"7"},{"name":"B","value":"$(A)00"}]"#, "700"),
            (r#"[{"name":"A","value":"6"},{"name":"B","value":"$$(A)"}]"#, "$(A)"),
            (r#"[{"name":"A","value":"6"},{"name":"B","value":"$A $(A"}]"#, "$A $(A"),
            (r#"[{"name":"A"}]"#, ""),
        ] {
            assert_eq!(last_value(env), EnvValue::Literal(value.into()), "{env}");
        }
    }

    #[test]
    fn values_that_are_not_in_the_object_are_unknown() {
        for env in [
            r#"[{"name":"B","value":"$(A)"},{"name":"B","value":"$(LATER)"}]"#,
            r#"[{"name":"A","valueFrom":{"secretKeyRef":{"name":"s","key":"k"}}},{"name":"B","value":"$(A)"}]"#,
            r#"[{"name":"A","valueFrom":{}}]"#,
        ] {
            assert_eq!(last_value(env), EnvValue::Unknown, "{env}");
        }
    }

    #[test]
    fn exponential_references_are_unknown() {
        let mut env = vec![r#"{"name":"V0","value":"x"}"#.to_owned()];
        env.extend((1..200).map(|n| format!(r#"{{"name":"V{n}","value":"$(V{0})$(V{0})"}}"#, n - 1)));
        assert_eq!(last_value(&format!("[{}]", env.join(","))), EnvValue::Unknown);
    }
}
