//! The fields that an object can have at a path, from the schema that rayguard embeds.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use serde_json::Value;

/// The schemas of the newest releases, with the metadata that objects of every kind have.
static FILES: [&str; 3] = [
    include_str!("../../crates/policy/src/schema/object-meta.json"),
    include_str!("../../crates/policy/src/schema/kuberay-1.6.json"),
    include_str!("../../crates/policy/src/schema/kuberay-1.7.json"),
];

static NODES: LazyLock<BTreeMap<String, Value>> = LazyLock::new(|| {
    let mut nodes = BTreeMap::<String, Value>::new();
    for file in FILES {
        let file: Value = serde_json::from_str(file).expect("the embedded schema");
        for (name, node) in file["nodes"].as_object().expect("nodes") {
            let Some(below) = nodes.get_mut(name).filter(|_| node.get("type").is_none()) else {
                nodes.insert(name.clone(), node.clone());
                continue;
            };
            let properties = below["properties"].as_object_mut().expect("properties");
            for (field, of) in node["properties"].as_object().into_iter().flatten() {
                properties.insert(field.clone(), of.clone());
            }
        }
    }
    nodes
});

/// The schema of a value.
#[derive(Clone, Copy)]
pub struct Node(&'static Value);

impl Node {
    fn named(name: &Value) -> Option<Self> {
        NODES.get(name.as_str()?).map(Node)
    }

    /// Returns the schema of a whole object, if it is one of KubeRay's.
    pub fn of(object: &Value) -> Option<Self> {
        let version = object["apiVersion"].as_str()?.strip_prefix("ray.io/")?;
        NODES.get(&format!("{}/{version}", object["kind"].as_str()?)).map(Node)
    }

    /// Returns the type of the value.
    pub fn kind(self) -> &'static str {
        self.0["type"].as_str().unwrap_or_default()
    }

    /// Returns the possible values of an enum; empty for other types.
    pub fn choices(self) -> &'static [Value] {
        self.0["enum"].as_array().map_or(&[], Vec::as_slice)
    }

    /// Returns the fields that a map can have.
    pub fn fields(self) -> Vec<(&'static str, Node)> {
        let fields = self.0["properties"].as_object().into_iter().flatten();
        fields.filter_map(|(name, node)| Some((name.as_str(), Self::named(node)?))).collect()
    }

    /// Returns the schema of the value of a field.
    pub fn field(self, name: &str) -> Option<Self> {
        Self::named(&self.0["properties"][name]).or_else(|| Self::named(&self.0["additionalProperties"]))
    }

    /// Returns the schema of the items of a list.
    pub fn item(self) -> Option<Self> {
        Self::named(&self.0["items"])
    }
}
