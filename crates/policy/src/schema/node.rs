//! The nodes of a schema, and how they are read from the embedded files.

use std::collections::{BTreeMap, HashMap};
use std::sync::OnceLock;

use rayguard_manifest::json::Json;
use regex_lite::Regex;
use serde::Deserialize;

use super::{Schema, quantity};
use crate::kuberay::Kind;
use crate::kuberay::Version;

/// The index of a node in [`Schema::nodes`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct NodeId(pub(super) usize);

/// The constraints on a value.
#[derive(Debug)]
pub(super) struct Node {
    /// The name in the embedded files.
    pub(super) name: &'static str,
    pub(super) kind: Type,
    /// The fields of a map, sorted by name.
    properties: Vec<(&'static str, NodeId)>,
    /// The node of the values of all other keys of a map; `None` where other keys are not allowed.
    pub(super) additional: Option<NodeId>,
    /// The node of the items of a list.
    pub(super) items: Option<NodeId>,
    /// The fields of a map that have a default.
    pub(super) defaulted: Vec<&'static str>,
    pub(super) required: Vec<&'static str>,
    pub(super) default: Option<Json<'static>>,
    pub(super) nullable: bool,
    pub(super) preserves_unknown_fields: bool,
    /// The fields whose values together identify an item of a list; empty where items may be equal.
    pub(super) keys: Vec<&'static str>,
    /// Whether all items of a list must differ.
    pub(super) is_set: bool,
    pub(super) choices: Vec<&'static str>,
    pub(super) minimum: Option<i64>,
    pub(super) maximum: Option<i64>,
    pub(super) min_length: usize,
    pub(super) max_length: usize,
    pub(super) min_items: usize,
    pub(super) pattern: Option<Pattern>,
}

impl Node {
    /// Returns the node of a field that the schema names, or of a key that the user chooses.
    pub(super) fn child(&self, name: &str) -> Option<NodeId> {
        self.property(name).or(self.additional)
    }

    /// Returns the node of a field that the schema names.
    pub(super) fn property(&self, name: &str) -> Option<NodeId> {
        let found = self.properties.binary_search_by(|(known, _)| (*known).cmp(name));
        found.ok().map(|index| self.properties[index].1)
    }

    /// Returns the fields that the schema names, sorted by name.
    pub(super) fn properties(&self) -> impl Iterator<Item = (&'static str, NodeId)> {
        self.properties.iter().copied()
    }

    /// Reports whether a `null` counts as absent.
    pub(super) fn drops_null(&self) -> bool {
        !self.nullable
    }
}

/// The type of a value.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(super) enum Type {
    Object,
    Array,
    String,
    /// A whole number of 64 bits
    Integer,
    /// A whole number of 32 bits
    Int32,
    Number,
    Boolean,
    /// A whole number or a string: a port, or a quantity such as `500m`
    IntOrString,
}

/// A regular expression. It is compiled at its first use, because most objects need at most one.
#[derive(Debug)]
pub(super) struct Pattern {
    pub(super) text: String,
    is_quantity: bool,
    regex: OnceLock<Option<Regex>>,
}

impl Pattern {
    fn new(text: String) -> Self {
        let is_quantity = text == quantity::PATTERN;
        Self { text, is_quantity, regex: OnceLock::new() }
    }

    /// Reports whether a text matches. The text may have any length, because the engine takes linear time.
    pub(super) fn matches(&self, text: &str) -> bool {
        if self.is_quantity {
            return quantity::is_quantity(text);
        }
        // A test compiles every pattern, so none is invalid here.
        self.regex.get_or_init(|| Regex::new(&self.text).ok()).as_ref().is_none_or(|regex| regex.is_match(text))
    }
}

/// A file of nodes, which refer to each other by name. In a file that is applied on top of another one, `null` removes
/// a node.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    #[serde(rename = "source")]
    _source: &'static str,
    #[serde(borrow)]
    nodes: BTreeMap<&'static str, Option<Text>>,
}

/// A node as it is written in a file.
#[derive(Default, Deserialize)]
#[serde(default, deny_unknown_fields, rename_all = "camelCase")]
struct Text {
    /// Absent where the node extends the node of this name in an earlier file.
    r#type: Option<Type>,
    /// The node names of the fields. In a file that is applied on top of another one, `null` removes a field.
    #[serde(borrow)]
    properties: BTreeMap<&'static str, Option<&'static str>>,
    #[serde(borrow)]
    items: Option<&'static str>,
    #[serde(borrow)]
    additional_properties: Option<&'static str>,
    #[serde(borrow)]
    required: Option<Vec<&'static str>>,
    #[serde(borrow)]
    default: Option<Json<'static>>,
    nullable: bool,
    preserve_unknown_fields: bool,
    #[serde(borrow)]
    keys: Vec<&'static str>,
    set: bool,
    #[serde(borrow)]
    r#enum: Vec<&'static str>,
    minimum: Option<i64>,
    maximum: Option<i64>,
    min_length: Option<usize>,
    max_length: Option<usize>,
    min_items: usize,
    pattern: Option<String>,
}

impl Schema {
    /// Reads files of nodes, each applied on top of the earlier ones.
    ///
    /// # Panics
    ///
    /// Panics if a file is malformed. The files are embedded, and a test reads all of them.
    pub(super) fn read(kuberay: Version, files: impl IntoIterator<Item = &'static str>) -> Self {
        let mut texts: BTreeMap<&'static str, Text> = BTreeMap::new();
        for file in files {
            let file: File = serde_json::from_str(file).expect("the embedded schema is well-formed");
            for (name, text) in file.nodes {
                match (text, texts.get_mut(name)) {
                    (None, _) => drop(texts.remove(name)),
                    (Some(text), Some(below)) if text.r#type.is_none() => {
                        below.properties.extend(text.properties);
                        below.required = text.required.or(below.required.take());
                    }
                    (Some(text), _) => drop(texts.insert(name, text)),
                }
            }
        }
        let ids: HashMap<_, _> = texts.keys().enumerate().map(|(index, name)| (*name, NodeId(index))).collect();
        let defaulted: Vec<_> =
            texts.iter().filter(|(_, text)| text.default.is_some()).map(|(name, _)| *name).collect();
        let is_root = |name: &str| {
            let kind = name.strip_suffix("/v1").or_else(|| name.strip_suffix("/v1alpha1"));
            kind.is_some_and(|kind| Kind::ALL.iter().any(|known| known.as_str() == kind))
        };
        let roots = ids.iter().filter(|(name, _)| is_root(name)).map(|(name, id)| (*name, *id)).collect();
        Self {
            kuberay,
            nodes: texts.into_iter().map(|(name, text)| text.into_node(name, &ids, &defaulted)).collect(),
            roots,
        }
    }
}

impl Text {
    fn into_node(self, name: &'static str, ids: &HashMap<&'static str, NodeId>, defaulted: &[&'static str]) -> Node {
        let properties = || self.properties.iter().filter_map(|(field, name)| Some((*field, (*name)?)));
        Node {
            name,
            kind: self.r#type.expect("a node has a type"),
            properties: properties().map(|(field, name)| (field, ids[name])).collect(),
            additional: self.additional_properties.map(|name| ids[name]),
            items: self.items.map(|name| ids[name]),
            defaulted: properties()
                .filter(|(_, name)| defaulted.binary_search(name).is_ok())
                .map(|(field, _)| field)
                .collect(),
            required: self.required.unwrap_or_default(),
            default: self.default,
            nullable: self.nullable,
            preserves_unknown_fields: self.preserve_unknown_fields,
            keys: self.keys,
            is_set: self.set,
            choices: self.r#enum,
            minimum: self.minimum,
            maximum: self.maximum,
            min_length: self.min_length.unwrap_or(0),
            max_length: self.max_length.unwrap_or(usize::MAX),
            min_items: self.min_items,
            pattern: self.pattern.map(Pattern::new),
        }
    }
}
