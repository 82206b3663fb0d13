//! Suggestions for a field that the schema does not have.

use rayguard_manifest::json::Json;
use strsim::osa_distance;

use super::node::{Node, NodeId, Type};
use super::violation::{Form, noun};
use super::violations::Cursor;
use super::{Schema, Suggestion};

/// The field of KubeRay 0 for which `runtimeEnvYAML` contains YAML. It contained JSON in base64.
const OLD_RUNTIME_ENV: &str = "runtimeEnv";

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
        if name == "serveConfig" && node.property("serveConfigV2").is_some() {
            return Some(Suggestion::OldServeConfig);
        }
        let bare = bare(name);
        if let Some((known, id)) = node.properties().find(|(known, _)| self::bare(known) == bare) {
            return Some(self.spelling(cursor, name, (known, id), true));
        }
        // A slip of one letter is likelier than a wrong position, if the value has the right form.
        if let Some((known, id, true)) = near(node, name).and_then(|(known, is_certain)| {
            let id = node.property(known)?;
            let is_slip = is_certain && osa_distance(known, name) == 1;
            Some((known, id, is_slip && self.accepts(cursor, known, self.node(id), cursor.value.field(name))))
        }) {
            return Some(self.spelling(cursor, name, (known, id), true));
        }
        let elsewhere = self.below(cursor, name).or_else(|| cursor.above(name));
        if let Some(paths) = elsewhere {
            return Some(Suggestion::Elsewhere(paths));
        }
        if let Some((known, id)) = abbreviated(node, &bare) {
            return Some(self.spelling(cursor, name, (known, id), bare.len() * 2 >= known.len()));
        }
        let (known, is_certain) = near(node, name)?;
        Some(self.spelling(cursor, name, (known, node.property(known)?), is_certain))
    }

    /// Returns the suggestion of a field of this map for a value under another name.
    fn spelling(
        &self,
        cursor: &Cursor<'_>,
        written: &str,
        (name, id): (&'static str, NodeId),
        is_certain: bool,
    ) -> Suggestion {
        let (node, value) = (self.node(id), cursor.value.field(written));
        let accepts = self.accepts(cursor, name, node, value);
        let form = match (node.kind, value) {
            (Type::String, Json::Object(_)) => Form::Text,
            (Type::String, Json::String(_)) if written == OLD_RUNTIME_ENV => Form::Decoded,
            _ if has_type(node.kind, value) => Form::Fits,
            (kind, _) => Form::Other(noun(kind)),
        };
        let is_certain = is_certain && accepts && form == Form::Fits && cursor.value.entry(name).is_none();
        Suggestion::Spelling { name, is_certain, form }
    }

    /// Returns the paths of the fields of this name below the fields of a map, for a field that is indented too little.
    fn below(&self, cursor: &Cursor<'_>, name: &str) -> Option<Vec<String>> {
        let at = |parent: &str| cursor.path().field(parent.to_owned()).to_string();
        // Ephemeral containers are only added to running Pods, and a Pod template cannot have any.
        let parents = cursor.node.properties().filter(|(parent, _)| *parent != "ephemeralContainers");
        let paths = parents.filter_map(|(parent, id)| {
            let child = self.node(id);
            match child.items.map(|item| self.node(item)) {
                Some(item) => item.property(name).map(|_| match cursor.value.field(parent).items() {
                    [_] => format!("{}[0].{name}", at(parent)),
                    _ => format!("{}[].{name}", at(parent)),
                }),
                None if self.is_of_quantities(child) && is_resource(name) => Some(format!("{}[{name}]", at(parent))),
                None => child.property(name).map(|_| format!("{}.{name}", at(parent))),
            }
        });
        // More than three paths do not help. For example, half of a Pod's volume types have a `readOnly`.
        Some(paths.collect::<Vec<_>>()).filter(|paths| (1..=3).contains(&paths.len()))
    }

    /// Reports whether a map has quantities as values, as the limits of a container.
    fn is_of_quantities(&self, map: &Node) -> bool {
        map.additional.is_some_and(|id| self.node(id).kind == Type::IntOrString)
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

/// Returns a name in lower case and without separators.
fn bare(name: &str) -> String {
    name.chars().filter(|char| !matches!(char, '_' | '-' | ' ' | '.')).map(|char| char.to_ascii_lowercase()).collect()
}

/// The length of the shortest name that counts as an abbreviation.
const SHORTEST: usize = 3;

/// Returns the only field whose name begins with an abbreviation, which is without separators.
fn abbreviated(node: &Node, bare: &str) -> Option<(&'static str, NodeId)> {
    let mut longer = node.properties().filter(|(known, _)| self::bare(known).starts_with(bare));
    longer.next().filter(|_| bare.len() >= SHORTEST && longer.next().is_none())
}

/// Reports whether a value has a type.
fn has_type(kind: Type, value: &Json<'_>) -> bool {
    match value {
        Json::Null => true,
        Json::Bool(_) => kind == Type::Boolean,
        Json::Number(_) => matches!(kind, Type::Integer | Type::Int32 | Type::Number | Type::IntOrString),
        Json::String(_) => matches!(kind, Type::String | Type::IntOrString),
        Json::Array(_) => kind == Type::Array,
        Json::Object(_) => kind == Type::Object,
    }
}

/// Reports whether a name is that of a resource of containers.
fn is_resource(name: &str) -> bool {
    matches!(name, "cpu" | "memory" | "ephemeral-storage") || name.contains('/')
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
