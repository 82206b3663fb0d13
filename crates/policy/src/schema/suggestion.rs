//! What may have been meant by a field that the schema does not have.

use strsim::osa_distance;

use super::faults::Place;
use super::node::{Node, NodeId};
use super::{Schema, Suggestion};
use rayguard_manifest::json::Json;

/// A name longer than any that the schema has; what is longer still is not compared.
const LONGEST_NAME: usize = 64;

impl Schema {
    /// What may have been meant by a field of this name at this place of an object.
    pub(super) fn suggest(&self, object: &Json<'_>, place: &Place<'_>, name: &str) -> Option<Suggestion> {
        if name.is_empty() || name.len() > LONGEST_NAME {
            return None;
        }
        let has_it =
            |schema: &Schema, root| place.node_in(schema, root).is_some_and(|node| node.property(name).is_some());
        let kind = object.field("kind").as_str()?;
        let newer = self.first_newer(|newer| newer.root(object).is_some_and(|root| has_it(newer, root)));
        if let Some(release) = newer {
            return Some(Suggestion::Release(release));
        }
        if self.root_of(kind, "v1").is_some_and(|root| has_it(self, root)) {
            return Some(Suggestion::ApiVersion("ray.io/v1".to_owned()));
        }
        let node = place.node;
        if let Some((known, _)) = node.properties().find(|(known, _)| known.eq_ignore_ascii_case(name)) {
            return Some(Suggestion::Spelling { name: known, is_certain: place.value.entry(known).is_none() });
        }
        let elsewhere = self.below(node, name).or_else(|| place.above(name));
        if let Some(places) = elsewhere {
            return Some(Suggestion::Elsewhere(places));
        }
        let (known, is_certain) = near(node, name)?;
        Some(Suggestion::Spelling { name: known, is_certain: is_certain && place.value.entry(known).is_none() })
    }

    /// The fields of this name one level down: what is indented too little.
    fn below(&self, node: &Node, name: &str) -> Option<Vec<String>> {
        // An ephemeral container is added to a running Pod, never written into a template.
        let parents = node.properties().filter(|(parent, _)| *parent != "ephemeralContainers");
        let places = parents.filter_map(|(parent, id)| {
            let child = self.node(id);
            match child.items.map(|item| self.node(item)) {
                Some(item) => item.property(name).map(|_| format!("{parent}[].{name}")),
                None => child.property(name).map(|_| format!("{parent}.{name}")),
            }
        });
        // More than three say nothing: half of a Pod's volume types have a `readOnly`.
        Some(places.collect::<Vec<_>>()).filter(|places| (1..=3).contains(&places.len()))
    }
}

impl Place<'_> {
    /// The field of this name some levels up: what is indented too much.
    fn above(&self, name: &str) -> Option<Vec<String>> {
        let mut above = self.parent;
        while let Some(place) = above {
            if place.node.property(name).is_some() {
                return Some(vec![place.path().field(name.to_owned()).to_string()]);
            }
            above = place.parent;
        }
        None
    }

    /// The node of the same place in another schema, or in another version of the API.
    fn node_in<'s>(&self, schema: &'s Schema, root: NodeId) -> Option<&'s Node> {
        let Some(parent) = self.parent else { return Some(schema.node(root)) };
        let above = parent.node_in(schema, root)?;
        let id = self.name().map_or(above.items, |name| above.child(name))?;
        Some(schema.node(id))
    }
}

/// The field whose name differs by a slip or two, and whether no other one does, and the slip is a small one.
fn near(node: &Node, name: &str) -> Option<(&'static str, bool)> {
    let slips = match name.chars().count() {
        0..=3 => 1,
        4..=7 => 2,
        _ => 3,
    };
    let distances = node.properties().map(|(known, _)| (osa_distance(known, name), known));
    let mut near: Vec<_> =
        distances.filter(|(distance, known)| *distance <= slips && *distance < known.len()).collect();
    near.sort_unstable();
    let (distance, known) = *near.first()?;
    Some((known, near.len() == 1 && distance <= known.len() / 5 + 1))
}
