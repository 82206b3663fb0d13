//! How the API server changes an object when it reads it.

use std::collections::HashSet;
use std::iter;

use rayguard_manifest::json::{Json, Object};

use super::Schema;
use super::node::{Node, NodeId, Type};

impl Schema {
    /// Changes an object as the API server does before it calls a webhook:
    ///
    /// - fields that the schema does not have are dropped;
    /// - a `null` is dropped where the schema does not allow it;
    /// - the defaults of KubeRay's CRDs are added;
    /// - the status is dropped.
    ///
    /// A value of the wrong type stays; the API server rejects it later. An object that is not one of KubeRay's is not
    /// changed.
    pub fn conform(&self, object: &mut Json<'_>) {
        let Some(root) = self.root(object) else { return };
        if let Json::Object(Object(fields)) = object {
            fields.retain(|(name, _)| name != "status");
        }
        if let Some(metadata) = object.as_object_mut().and_then(|object| object.get_mut("metadata")) {
            replace_null_strings(metadata);
        }
        self.prune(object, Some(self.node(root)));
        if let Some(metadata) = object.as_object_mut().and_then(|object| object.get_mut("metadata")) {
            self.drop_zero_values(metadata, self.node(root).property("metadata"));
        }
    }

    /// Drops unknown fields and adds defaults in a value and in all values below it. Without a node, all fields are
    /// unknown.
    fn prune(&self, value: &mut Json<'_>, node: Option<&Node>) {
        let child = |name: &str| node.and_then(|node| node.child(name)).map(|id| self.node(id));
        match value {
            Json::Object(Object(fields)) => {
                let mut counts = last_of_each(fields);
                let keeps_unknown = node.is_some_and(|node| node.preserves_unknown_fields);
                fields.retain_mut(|(name, value)| {
                    counts.next() == Some(true)
                        && match child(name) {
                            Some(node) if value.is_null() && node.drops_null() && node.default.is_none() => false,
                            Some(node) => {
                                self.prune_or_default(value, Some(node));
                                true
                            }
                            None => keeps_unknown,
                        }
                });
                for name in node.into_iter().flat_map(|node| &node.defaulted) {
                    if fields.iter().all(|(known, _)| known != name) {
                        let mut value = Json::Null;
                        self.prune_or_default(&mut value, child(name));
                        fields.push(((*name).into(), value));
                    }
                }
            }
            Json::Array(items) => {
                let node = node.and_then(|node| node.items).map(|id| self.node(id));
                for item in items {
                    self.prune_or_default(item, node);
                }
            }
            _ => {}
        }
    }

    /// Drops the empty values of metadata, because the API server reads metadata into a Go struct with `omitempty`.
    fn drop_zero_values(&self, metadata: &mut Json<'_>, node: Option<NodeId>) {
        let (Json::Object(Object(fields)), Some(node)) = (metadata, node) else { return };
        fields.retain(|(name, value)| {
            let kind = self.node(node).property(name).map(|id| self.node(id).kind);
            match (kind, value) {
                (Some(Type::String), Json::String(text)) => !text.is_empty(),
                (Some(Type::Array), Json::Array(items)) => !items.is_empty(),
                (Some(Type::Object), Json::Object(Object(fields))) => !fields.is_empty(),
                (Some(Type::Integer), Json::Number(number)) => name != "generation" || number.as_i64() != Some(0),
                _ => true,
            }
        });
    }

    fn prune_or_default(&self, value: &mut Json<'_>, node: Option<&Node>) {
        if let Some(node) = node
            && let Some(default) = &node.default
            && value.is_null()
            && node.drops_null()
        {
            *value = default.clone();
        }
        self.prune(value, node);
    }
}

/// Up to this number of fields, comparing all pairs is faster than hashing the names.
const MAX_COMPARED_PAIRWISE: usize = 16;

/// Reports for each field of a map whether it counts. Of several fields with one name, the last one counts.
pub(super) fn last_of_each<T: AsRef<str>>(fields: &[(T, Json<'_>)]) -> impl Iterator<Item = bool> + use<T> {
    let is_repeated = |(index, (name, _)): (usize, &(T, _))| {
        fields[index + 1..].iter().any(|(later, _)| later.as_ref() == name.as_ref())
    };
    let mut counts = Vec::new();
    if fields.len() > MAX_COMPARED_PAIRWISE || fields.iter().enumerate().any(is_repeated) {
        let mut seen = HashSet::with_capacity(fields.len());
        counts.extend(fields.iter().rev().map(|(name, _)| seen.insert(name.as_ref())));
        counts.reverse();
    }
    counts.into_iter().chain(iter::repeat(true)) // without a repeated name, all fields count
}

/// Replaces a `null` by an empty string in labels, annotations and finalizers. The API server reads these into Go maps
/// and lists of strings, in which a `null` is an empty string.
fn replace_null_strings(metadata: &mut Json<'_>) {
    let Json::Object(Object(fields)) = metadata else { return };
    for (name, value) in fields {
        match (&**name, value) {
            ("labels" | "annotations", Json::Object(Object(texts))) => {
                texts.iter_mut().map(|(_, text)| text).filter(|text| text.is_null()).for_each(|text| *text = "".into());
            }
            ("finalizers", Json::Array(texts)) => {
                texts.iter_mut().filter(|text| text.is_null()).for_each(|text| *text = "".into());
            }
            _ => {}
        }
    }
}
