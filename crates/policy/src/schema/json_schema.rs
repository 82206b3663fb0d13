//! The schema of a Pod template as JSON Schema, for editors.

use std::collections::{BTreeMap, BTreeSet};

use rayguard_manifest::list_map::merge_key;
use serde_json::{Map, Value, json};

use super::Schema;
use super::node::{Node, NodeId, Type};
use crate::kuberay::Version;

/// A node of the schema of one version of KubeRay, by the index of the version.
type Id = (usize, NodeId);

/// The way from a node to one below it.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Edge {
    Property(&'static str),
    Additional,
    Items,
}

/// The schema of a Pod template, as it is in some version of KubeRay: the union of all versions, in which a value is valid
/// if it is valid in one of them.
///
/// As in a default, required fields may be missing. An item of a list still needs the list's merge key.
pub(crate) struct PodTemplateSchema {
    prefix: &'static str,
    root: Id,
    /// The nodes at equal paths in all versions, by the one of the newest version.
    unions: BTreeMap<Id, BTreeSet<Id>>,
    definitions: BTreeMap<String, Value>,
}

impl PodTemplateSchema {
    /// Returns the schema, whose parts have names with this prefix.
    pub(crate) fn new(prefix: &'static str) -> Self {
        let roots: BTreeSet<_> = (0..Version::ALL.len()).filter_map(root).collect();
        let root = *roots.last().expect("the newest version has Pod templates");
        let mut unions = BTreeMap::from([(root, roots)]);
        // Each round may find more nodes of a union, and so more edges.
        loop {
            let mut next = unions.clone();
            for members in unions.values() {
                for (edge, newest) in edges(members) {
                    let below = members.iter().filter_map(|id| child(*id, edge));
                    next.entry(newest).or_default().extend(below);
                }
            }
            if next == unions {
                return Self { prefix, root, unions, definitions: BTreeMap::new() };
            }
            unions = next;
        }
    }

    /// Returns the schema of a field of the template.
    pub(crate) fn field<const N: usize>(&mut self, path: [&'static str; N]) -> Option<Value> {
        let field = path
            .into_iter()
            .try_fold(self.root, |id, name| edges(&self.unions[&id]).get(&Edge::Property(name)).copied());
        field.map(|id| self.refer(id))
    }

    /// Returns the parts to which the returned schemas refer, by name.
    pub(crate) fn into_definitions(self) -> BTreeMap<String, Value> {
        self.definitions
    }

    /// Returns a reference to a map with known fields, or the schema of any other node.
    fn refer(&mut self, id: Id) -> Value {
        let node = node(id);
        if node.kind != Type::Object || node.properties().next().is_none() {
            return self.describe(id);
        }
        let name = format!("{}{}", self.prefix, node.name.replace("[]", ".item"));
        if !self.definitions.contains_key(&name) {
            self.definitions.insert(name.clone(), Value::Null);
            let described = self.describe(id);
            self.definitions.insert(name.clone(), described);
        }
        json!({"$ref": format!("#/$defs/{name}")})
    }

    fn describe(&mut self, id: Id) -> Value {
        let members = self.unions[&id].clone();
        let nodes: Vec<_> = members.iter().copied().map(node).collect();
        let kind = node(id).kind;
        if nodes.iter().any(|node| node.kind != kind) {
            return json!({});
        }
        let mut schema = match kind {
            Type::Object => json!({"type": ["object", "null"]}),
            Type::Array => json!({"type": ["array", "null"]}),
            Type::String => json!({"type": ["string", "null"]}),
            Type::Integer => json!({"type": ["integer", "null"]}),
            Type::Int32 => json!({"type": ["integer", "null"], "minimum": i32::MIN, "maximum": i32::MAX}),
            Type::Number => json!({"type": ["number", "null"]}),
            Type::Boolean => json!({"type": ["boolean", "null"]}),
            Type::IntOrString => json!({"type": ["integer", "string", "null"]}),
        };
        let pattern = |node: &Node| node.pattern.as_ref().map(|pattern| pattern.text.clone());
        if let Some(pattern) =
            pattern(node(id)).filter(|text| nodes.iter().all(|node| pattern(node).as_ref() == Some(text)))
        {
            schema["pattern"] = pattern.into();
        }
        let mut properties = Map::new();
        for (edge, below) in edges(&members) {
            match edge {
                Edge::Property(name) => {
                    let mut property = self.refer(below);
                    if let (Some(key), true) = (merge_key(name), property["items"].is_object()) {
                        property["items"]["required"] = json!([key]);
                    }
                    properties.insert(name.to_owned(), property);
                }
                Edge::Additional => schema["additionalProperties"] = self.refer(below),
                Edge::Items => schema["items"] = self.refer(below),
            }
        }
        let is_closed = kind == Type::Object && nodes.iter().all(|node| !node.preserves_unknown_fields);
        if is_closed && schema.get("additionalProperties").is_none() {
            schema["additionalProperties"] = false.into();
        }
        if !properties.is_empty() {
            schema["properties"] = properties.into();
        }
        schema
    }
}

fn node((version, id): Id) -> &'static Node {
    Schema::of(Version::ALL[version]).node(id)
}

/// Returns the node of a Pod template in a version.
fn root(version: usize) -> Option<Id> {
    let cluster = (version, Schema::of(Version::ALL[version]).root_of("RayCluster", "v1")?);
    ["spec", "headGroupSpec", "template"].into_iter().try_fold(cluster, |id, name| child(id, Edge::Property(name)))
}

fn child((version, id): Id, edge: Edge) -> Option<Id> {
    let node = node((version, id));
    let child = match edge {
        Edge::Property(name) => node.property(name),
        Edge::Additional => node.additional,
        Edge::Items => node.items,
    };
    child.map(|child| (version, child))
}

/// Returns the edges of all these nodes, each with the node below it in the newest version that has it.
fn edges(members: &BTreeSet<Id>) -> BTreeMap<Edge, Id> {
    let mut edges = BTreeMap::new();
    for id in members {
        let properties = node(*id).properties().map(|(name, _)| Edge::Property(name));
        for edge in properties.chain([Edge::Additional, Edge::Items]) {
            // Later members are of newer versions.
            edges.extend(child(*id, edge).map(|below| (edge, below)));
        }
    }
    edges
}
