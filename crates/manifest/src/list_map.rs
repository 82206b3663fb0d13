//! Lists that Kubernetes merges as maps: a field of each item, the merge key, identifies the item.

use std::borrow::Cow;

use crate::json::Json;
use crate::path::{FieldPath, Step, push_token};

/// Returns the merge key of a list, by the name of the list (`patchMergeKey` in k8s.io/api/core/v1, and KubeRay's
/// worker groups). Returns `None` for a list that Kubernetes replaces as a whole, such as `tolerations`.
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

/// Returns the value of an item's merge key as text, if the item has one.
pub fn key_of<'j>(item: &'j Json<'_>, merge_key: &str) -> Option<Cow<'j, str>> {
    match item.field(merge_key) {
        Json::String(text) => Some(Cow::Borrowed(&**text)),
        Json::Number(number) => Some(Cow::Owned(number.to_string())),
        _ => None,
    }
}

/// Returns a JSON Pointer that stays the same when a list is reordered or grows. It has an item's key, if there is one,
/// in place of its index: `/spec/workerGroupSpecs/small/template/…/env/RAY_gcs_…`.
pub fn keyed_pointer(object: &Json<'_>, path: &FieldPath) -> String {
    let mut pointer = String::with_capacity(24 * path.steps().len());
    let mut list = "";
    let mut here = Some(object);
    for step in path.steps() {
        match step {
            Step::Field(name) => {
                push_token(&mut pointer, name);
                list = name;
                here = here.and_then(|json| json.entry(name));
            }
            Step::Key(name) => {
                push_token(&mut pointer, name);
                list = "";
                here = here.and_then(|json| json.entry(name));
            }
            Step::Index(index) => {
                here = here.and_then(|json| json.items().get(*index));
                match here.zip(merge_key(list)).and_then(|(item, key)| key_of(item, key)) {
                    Some(key) => push_token(&mut pointer, &key),
                    None => push_token(&mut pointer, &index.to_string()),
                }
                list = "";
            }
        }
    }
    pointer
}

/// Returns the value at a [keyed pointer](keyed_pointer), if there is one.
pub fn value_at<'j, 'a>(object: &'j Json<'a>, keyed_pointer: &str) -> Option<&'j Json<'a>> {
    let mut here = object;
    let mut list = Cow::Borrowed("");
    for step in keyed_pointer.split('/').skip(1) {
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
    fn a_keyed_pointer_names_items_by_their_keys() {
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
            assert_eq!(keyed_pointer(&object, &path), expected);
            assert_eq!(value_at(&object, expected), path.value(&object));
        }
    }
}
