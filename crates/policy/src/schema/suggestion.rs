//! Suggestions for a field that the schema does not have.

use rayguard_manifest::json::Json;
use strsim::osa_distance;

use super::node::{Node, NodeId};
use super::violations::Cursor;
use super::{Schema, Suggestion};

/// The length in bytes above which a name is not compared. All names of the schema are shorter.
const MAX_NAME: usize = 64;

impl Schema {
    /// Returns what the user may have meant by a field of this name at this position of an object.
    pub(super) fn suggest(&self, object: &Json<'_>, cursor: &Cursor<'_>, name: &str) -> Option<Suggestion> {
        if name.is_empty() || name.len() > MAX_NAME {
            return None;
        }
        let has_it =
            |schema: &Schema, root| cursor.node_in(schema, root).is_some_and(|node| node.property(name).is_some());
        let kind = object.field("kind").as_str()?;
        let newer = self.first_newer(|newer| newer.root(object).is_some_and(|root| has_it(newer, root)));
        if let Some(release) = newer {
            return Some(Suggestion::Release(release));
        }
        if self.root_of(kind, "v1").is_some_and(|root| has_it(self, root)) {
            return Some(Suggestion::ApiVersion("ray.io/v1".to_owned()));
        }
        let node = cursor.node;
        if let Some((known, _)) = node.properties().find(|(known, _)| known.eq_ignore_ascii_case(name)) {
            return Some(Suggestion::Spelling { name: known, is_certain: cursor.value.entry(known).is_none() });
        }
        let elsewhere = self.below(node, name).or_else(|| cursor.above(name));
        if let Some(paths) = elsewhere {
            return Some(Suggestion::Elsewhere(paths));
        }
        let (known, is_certain) = near(node, name)?;
        Some(Suggestion::Spelling { name: known, is_certain: is_certain && cursor.value.entry(known).is_none() })
    }

    /// Returns the paths of the fields of this name one level down, for a field that is indented too little.
    fn below(&self, node: &Node, name: &str) -> Option<Vec<String>> {
        // Ephemeral containers are only added to running Pods, and a Pod template cannot have any.
        let parents = node.properties().filter(|(parent, _)| *parent != "ephemeralContainers");
        let paths = parents.filter_map(|(parent, id)| {
            let child = self.node(id);
            match child.items.map(|item| self.node(item)) {
                Some(item) => item.property(name).map(|_| format!("{parent}[].{name}")),
                None => child.property(name).map(|_| format!("{parent}.{name}")),
            }
        });
        // More than three paths do not help. For example, half of a Pod's volume types have a `readOnly`.
        Some(paths.collect::<Vec<_>>()).filter(|paths| (1..=3).contains(&paths.len()))
    }
}

impl Cursor<'_> {
    /// Returns the path of the field of this name some levels up, for a field that is indented too much.
    fn above(&self, name: &str) -> Option<Vec<String>> {
        let mut above = self.parent;
        while let Some(cursor) = above {
            if cursor.node.property(name).is_some() {
                return Some(vec![cursor.path().field(name.to_owned()).to_string()]);
            }
            above = cursor.parent;
        }
        None
    }

    /// Returns the node at the same path in another schema, or in another version of the API.
    fn node_in<'s>(&self, schema: &'s Schema, root: NodeId) -> Option<&'s Node> {
        let Some(parent) = self.parent else { return Some(schema.node(root)) };
        let above = parent.node_in(schema, root)?;
        let id = self.name().map_or(above.items, |name| above.child(name))?;
        Some(schema.node(id))
    }
}

/// Returns the field with the most similar name, and whether this is certain: no other field is similar, and the
/// difference is small.
fn near(node: &Node, name: &str) -> Option<(&'static str, bool)> {
    let max_distance = match name.chars().count() {
        0..=3 => 1,
        4..=7 => 2,
        _ => 3,
    };
    let distances = node.properties().map(|(known, _)| (osa_distance(known, name), known));
    let mut near: Vec<_> =
        distances.filter(|(distance, known)| *distance <= max_distance && *distance < known.len()).collect();
    near.sort_unstable();
    let (distance, known) = *near.first()?;
    Some((known, near.len() == 1 && distance <= known.len() / 5 + 1))
}
