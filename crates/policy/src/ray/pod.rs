//! Containers and their environment.

use std::borrow::Cow;
use std::collections::HashMap;

use super::Group;
use rayguard_manifest::json::Json;
use rayguard_manifest::path::FieldPath;

/// A container of a group's Pod template.
#[derive(Clone, Copy, Debug)]
pub struct Container<'a> {
    /// The group that it belongs to.
    pub group: Group<'a>,
    /// Its place among the Pod's containers.
    pub index: usize,
    /// The container's own spec.
    pub json: &'a Json<'a>,
}

impl<'a> Container<'a> {
    /// The container's path.
    pub fn path(&self) -> FieldPath {
        self.group.path().fields(["template", "spec", "containers"]).index(self.index)
    }

    /// The container's name, if it has one.
    pub fn name(&self) -> Option<&'a str> {
        self.json.field("name").as_nonempty_str()
    }

    /// The environment variables, in the order in which they are written.
    pub fn env(&self) -> impl DoubleEndedIterator<Item = EnvVar<'a>> {
        let container = *self;
        let items = self.json.field("env").items().iter().enumerate();
        items.map(move |(index, json)| EnvVar { container, index, json })
    }

    /// The path of the list of environment variables: where to add one.
    pub fn env_path(&self) -> FieldPath {
        self.path().field("env")
    }

    /// The environment variable of this name. Of several, kubelet lets the last one win.
    pub fn env_var(&self, name: &str) -> Option<EnvVar<'a>> {
        self.env().rev().find(|var| var.name() == Some(name))
    }

    /// Whether more variables come from ConfigMaps or Secrets as a whole, unseen by us.
    pub fn has_env_from(&self) -> bool {
        !self.json.field("envFrom").items().is_empty()
    }

    /// The path of what brings those variables.
    pub fn env_from_path(&self) -> FieldPath {
        self.path().field("envFrom")
    }

    /// The words of its command and arguments.
    pub fn command_line(&self) -> impl Iterator<Item = &'a str> {
        let words = |field: &str| self.json.field(field).items().iter().filter_map(Json::as_str);
        words("command").chain(words("args"))
    }
}

/// The places, in a list such as `env` or `volumes`, of the items that have one of these names.
pub fn places_named<'a>(list: &'a Json<'_>, names: &'a [&str]) -> impl Iterator<Item = usize> + 'a {
    let is_one = |item: &Json<'_>| item.field("name").as_str().is_some_and(|name| names.contains(&name));
    list.items().iter().enumerate().filter(move |(_, item)| is_one(item)).map(|(index, _)| index)
}

/// The places, in a list of `volumeMounts`, of those of this volume or at this path.
pub fn places_of_mount<'a>(list: &'a Json<'_>, volume: &'a str, path: &'a str) -> impl Iterator<Item = usize> + 'a {
    let is_it = move |mount: &Json<'_>| {
        mount.field("name").as_str() == Some(volume) || mount.field("mountPath").as_str() == Some(path)
    };
    list.items().iter().enumerate().filter(move |(_, mount)| is_it(mount)).map(|(index, _)| index)
}

/// An environment variable of a container.
#[derive(Clone, Copy, Debug)]
pub struct EnvVar<'a> {
    /// The container that it belongs to.
    pub container: Container<'a>,
    /// Its place in the list.
    pub index: usize,
    /// The entry.
    pub json: &'a Json<'a>,
}

/// What an environment variable will hold, as far as the object alone says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum EnvValue<'a> {
    /// This text.
    Literal(Cow<'a, str>),
    /// Something that only the cluster knows: `valueFrom`, or a `$(REFERENCE)` that is not in the object.
    Unknown,
}

impl<'a> EnvVar<'a> {
    /// The variable's name, if it has one.
    pub fn name(&self) -> Option<&'a str> {
        self.json.field("name").as_str()
    }

    /// The entry's path.
    pub fn path(&self) -> FieldPath {
        self.container.env_path().index(self.index)
    }

    /// The path of what gives the variable its value, `value` or `valueFrom`.
    pub fn value_path(&self) -> FieldPath {
        let field = if self.is_value_from() { "valueFrom" } else { "value" };
        if self.json.field(field).is_null() { self.path() } else { self.path().field(field) }
    }

    /// Whether the value comes from a Secret, a ConfigMap or the Pod.
    pub fn is_value_from(&self) -> bool {
        !self.json.field("valueFrom").is_null()
    }

    /// The value as it is written; empty where none is, as Kubernetes has it. `None` with `valueFrom`.
    pub fn literal(&self) -> Option<&'a str> {
        if self.is_value_from() { None } else { Some(self.json.field("value").as_str().unwrap_or_default()) }
    }

    /// The value that the process will see, once kubelet has put earlier variables in for `$(NAME)`.
    pub fn value(&self) -> EnvValue<'a> {
        match self.literal() {
            None => EnvValue::Unknown,
            Some(text) => expand(text, self.container, self.index),
        }
    }
}

/// The longest value worth following: Linux gives a process no longer one (`MAX_ARG_STRLEN`, 128 KiB), and references
/// to references could otherwise grow without end.
const LONGEST_VALUE: usize = 128 * 1024;

/// Puts in what `$(NAME)` stands for, as kubelet does: from the first `before` variables of the container, `$$` for a
/// plain `$`. A name that is not among them may still come from `envFrom` or the Service variables, so the whole is
/// then unknown.
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
                Some(EnvValue::Literal(value)) if expanded.len() + value.len() <= LONGEST_VALUE => {
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
    use super::*;
    use crate::ray::RayObject;
    use rayguard_manifest::json::Json;

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
    fn references_are_followed_as_kubelet_follows_them() {
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
    fn what_only_the_cluster_knows_is_unknown() {
        for env in [
            r#"[{"name":"B","value":"$(A)"},{"name":"B","value":"$(LATER)"}]"#,
            r#"[{"name":"A","valueFrom":{"secretKeyRef":{"name":"s","key":"k"}}},{"name":"B","value":"$(A)"}]"#,
            r#"[{"name":"A","valueFrom":{}}]"#,
        ] {
            assert_eq!(last_value(env), EnvValue::Unknown, "{env}");
        }
    }

    #[test]
    fn references_that_double_at_each_step_end_soon() {
        let mut env = vec![r#"{"name":"V0","value":"x"}"#.to_owned()];
        env.extend((1..200).map(|n| format!(r#"{{"name":"V{n}","value":"$(V{0})$(V{0})"}}"#, n - 1)));
        assert_eq!(last_value(&format!("[{}]", env.join(","))), EnvValue::Unknown);
    }
}
