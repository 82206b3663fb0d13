//! What the API server makes of an object as it reads it.

use std::collections::HashSet;
use std::iter;

use super::Schema;
use super::node::{Node, NodeId, Type};
use rayguard_manifest::json::{Json, Object};

impl Schema {
    /// Makes of an object what the API server would hand to a webhook: without the fields that the schema does not
    /// have, without `null` where that means nothing, with the defaults of KubeRay's CRDs, and without a status.
    ///
    /// What has the wrong type stays, as far as a wrong type has fields to keep; the API server refuses it later. An
    /// object that is not KubeRay's stays as it is.
    pub fn conform(&self, object: &mut Json<'_>) {
        let Some(root) = self.root(object) else { return };
        if let Json::Object(Object(fields)) = object {
            fields.retain(|(name, _)| name != "status");
        }
        if let Some(metadata) = object.as_object_mut().and_then(|object| object.get_mut("metadata")) {
            fill_null_texts(metadata);
        }
        self.settle(object, Some(self.node(root)));
        if let Some(metadata) = object.as_object_mut().and_then(|object| object.get_mut("metadata")) {
            self.drop_zero_values(metadata, self.node(root).property("metadata"));
        }
    }

    /// Drops, empties and fills a value and all below it. Without a node nothing is known of it, so nothing that has a
    /// name stays.
    fn settle(&self, value: &mut Json<'_>, node: Option<&Node>) {
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
                                self.settle_or_fill(value, Some(node));
                                true
                            }
                            None => keeps_unknown,
                        }
                });
                for name in node.into_iter().flat_map(|node| &node.defaulted) {
                    if fields.iter().all(|(known, _)| known != name) {
                        let mut value = Json::Null;
                        self.settle_or_fill(&mut value, child(name));
                        fields.push(((*name).into(), value));
                    }
                }
            }
            Json::Array(items) => {
                let node = node.and_then(|node| node.items).map(|id| self.node(id));
                for item in items {
                    self.settle_or_fill(item, node);
                }
            }
            _ => {}
        }
    }

    /// What is empty in metadata is not there once the API server has read it.
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

    fn settle_or_fill(&self, value: &mut Json<'_>, node: Option<&Node>) {
        if let Some(node) = node
            && let Some(default) = &node.default
            && value.is_null()
            && node.drops_null()
        {
            *value = default.clone();
        }
        self.settle(value, node);
    }
}

/// Up to how many fields comparing each with all others takes less than hashing them.
const FEW: usize = 16;

/// Which fields of a map count: of those with one name the last.
pub(super) fn last_of_each<T: AsRef<str>>(fields: &[(T, Json<'_>)]) -> impl Iterator<Item = bool> + use<T> {
    let is_repeated = |(index, (name, _)): (usize, &(T, _))| {
        fields[index + 1..].iter().any(|(later, _)| later.as_ref() == name.as_ref())
    };
    let mut counts = Vec::new();
    if fields.len() > FEW || fields.iter().enumerate().any(is_repeated) {
        let mut seen = HashSet::with_capacity(fields.len());
        counts.extend(fields.iter().rev().map(|(name, _)| seen.insert(name.as_ref())));
        counts.reverse();
    }
    counts.into_iter().chain(iter::repeat(true)) // all of them, where no name is there twice
}

/// A text that is `null` is an empty one where the API server reads a Go map or list, as it does metadata.
fn fill_null_texts(metadata: &mut Json<'_>) {
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
