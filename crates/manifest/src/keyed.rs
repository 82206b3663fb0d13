//! Lists that Kubernetes treats as maps: an item is known by a field of its own, not by its place.

use std::borrow::Cow;

use crate::json::Json;
use crate::path::{FieldPath, Step, push_token};

/// The field by which the items of a list are told apart when Kubernetes merges it (`patchMergeKey` in
/// k8s.io/api/core/v1, and KubeRay's worker groups). `None` for a list that is replaced as a whole, as `tolerations`.
pub fn merge_key(list: &str) -> Option<&'static str> {
    match list {
        "containers"
        | "initContainers"
        | "ephemeralContainers"
        | "env"
        | "volumes"
        | "imagePullSecrets"
        | "resourceClaims"
        | "schedulingGates" => Some("name"),
        "volumeMounts" => Some("mountPath"),
        "volumeDevices" => Some("devicePath"),
        "ports" => Some("containerPort"),
        "hostAliases" => Some("ip"),
        "topologySpreadConstraints" => Some("topologyKey"),
        "workerGroupSpecs" => Some("groupName"),
        _ => None,
    }
}

/// What tells an item apart, if it has it.
pub fn key_of<'j>(item: &'j Json<'_>, merge_key: &str) -> Option<Cow<'j, str>> {
    match item.field(merge_key) {
        Json::String(text) => Some(Cow::Borrowed(&**text)),
        Json::Number(number) => Some(Cow::Owned(number.to_string())),
        _ => None,
    }
}

/// A place in an object that stays the same when a list is reordered or grows: a JSON Pointer with an item's key where
/// there is one instead of its index, `/spec/workerGroupSpecs/small/template/…/env/RAY_gcs_…`.
pub fn place(object: &Json<'_>, path: &FieldPath) -> String {
    let mut place = String::with_capacity(24 * path.steps().len());
    let mut list = "";
    let mut here = Some(object);
    for step in path.steps() {
        match step {
            Step::Field(name) => {
                push_token(&mut place, name);
                list = name;
                here = here.and_then(|json| json.entry(name));
            }
            Step::Key(name) => {
                push_token(&mut place, name);
                list = "";
                here = here.and_then(|json| json.entry(name));
            }
            Step::Index(index) => {
                here = here.and_then(|json| json.items().get(*index));
                match here.zip(merge_key(list)).and_then(|(item, key)| key_of(item, key)) {
                    Some(key) => push_token(&mut place, &key),
                    None => push_token(&mut place, &index.to_string()),
                }
                list = "";
            }
        }
    }
    place
}

/// The value at a [`place`].
pub fn at_place<'j, 'a>(object: &'j Json<'a>, place: &str) -> Option<&'j Json<'a>> {
    let mut here = object;
    let mut list = Cow::Borrowed("");
    for step in place.split('/').skip(1) {
        let escaped = step.contains('~');
        let name = if escaped { Cow::Owned(step.replace("~1", "/").replace("~0", "~")) } else { Cow::Borrowed(step) };
        here = match here {
            Json::Array(items) => {
                let key = |item| merge_key(&list).and_then(|key| key_of(item, key));
                let keyed = items.iter().find(|item| key(item).is_some_and(|key| *key == *name));
                let indexed = || items.get(name.parse::<usize>().ok()?).filter(|item| key(item).is_none());
                keyed.or_else(indexed)?
            }
            _ => here.entry(&name)?,
        };
        list = name;
    }
    Some(here)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_place_names_items_by_their_keys() {
        let text = r#"{"spec":{"workerGroupSpecs":[{"groupName":"a/b","args":["x"],
            "ports":[{"containerPort":80}],"env":[{}]}]}}"#;
        let object: Json<'_> = serde_json::from_str(text).expect("JSON");
        let group = FieldPath::of(["spec", "workerGroupSpecs"]).index(0);
        for (path, expected) in [
            (group.clone().field("env").index(0), "/spec/workerGroupSpecs/a~1b/env/0"),
            (group.clone().field("ports").index(0), "/spec/workerGroupSpecs/a~1b/ports/80"),
            (group.clone().field("args").index(0), "/spec/workerGroupSpecs/a~1b/args/0"),
            (group.field("absent").index(7).key("k"), "/spec/workerGroupSpecs/a~1b/absent/7/k"),
        ] {
            assert_eq!(place(&object, &path), expected);
            assert_eq!(at_place(&object, expected), path.value(&object));
        }
    }
}
