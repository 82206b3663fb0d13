//! KubeRay's CRDs in a few kilobytes: each repeated sub-schema is written once.
//!
//! Four CRDs repeat the Pod template up to three times for each of two versions, 4 MB in total with every description.
//! Equal sub-schemas become one node with a name; a node refers to others by name.

use std::collections::{BTreeMap, HashMap};
use std::fmt::Write;
use std::path::Path;

use serde_json::{Value, json};

/// The nodes of one release, each as JSON text.
#[derive(Default)]
pub(crate) struct Nodes {
    named: BTreeMap<String, String>,
    names: HashMap<String, String>,
}

impl Nodes {
    /// Reads the nodes of the CRDs in a folder.
    pub(crate) fn of(crds: &Path) -> Self {
        let mut nodes = Self::default();
        // v1 first, because short names go to the nodes that are added first.
        for wanted in ["v1", "v1alpha1"] {
            for file in ["rayclusters", "rayservices", "rayjobs", "raycronjobs"] {
                // Older releases have no RayCronJob.
                let Ok(text) = std::fs::read_to_string(crds.join(format!("ray.io_{file}.yaml"))) else { continue };
                let crd = super::objects(&text).remove(0);
                let kind = crd["spec"]["names"]["kind"].as_str().expect("a kind");
                for served in crd["spec"]["versions"].as_array().expect("versions") {
                    if served["name"] == wanted {
                        nodes.add_kind(&format!("{kind}/{wanted}"), &served["schema"]["openAPIV3Schema"]);
                    }
                }
            }
        }
        assert!(nodes.named.contains_key("RayCluster/v1"), "{} has KubeRay's CRDs", crds.display());
        nodes
    }

    /// Returns the nodes that differ from those below, and `null` for a kind that is missing here.
    pub(crate) fn over(mut self, below: &Self) -> Self {
        let is_kind = |name: &str| name.starts_with("Ray") && !name.contains('.');
        let lost = below.named.keys().filter(|name| is_kind(name) && !self.named.contains_key(*name));
        let lost: Vec<_> = lost.cloned().collect();
        self.named.retain(|name, node| below.named.get(name) != Some(node));
        self.named.extend(lost.into_iter().map(|name| (name, "null".to_owned())));
        self
    }

    /// Returns the file's text: one node per line, sorted by name.
    pub(crate) fn text(&self, version: &str) -> String {
        let source = format!("github.com/ray-project/kuberay/ray-operator {version}, config/crd/bases");
        let mut text = format!("{{\n\"source\": \"{source}\",\n\"nodes\": {{\n");
        for (position, (name, node)) in self.named.iter().enumerate() {
            let comma = if position + 1 < self.named.len() { "," } else { "" };
            writeln!(text, "{}: {node}{comma}", Value::from(name.as_str())).expect("a string can be written");
        }
        text.push_str("}}\n");
        text
    }

    /// Adds the schema of a whole object under the name of its kind and version. The status is left out, because the
    /// API server drops a status that a user writes. The metadata is an `ObjectMeta`, which no CRD may restrict.
    fn add_kind(&mut self, name: &str, schema: &Value) {
        let mut schema = schema.clone();
        let properties = schema["properties"].as_object_mut().expect("properties");
        properties.remove("status");
        assert_eq!(properties.remove("metadata"), Some(json!({"type": "object"})), "{name} restricts its metadata");
        let mut node = self.compact(&schema, &[name]);
        let mut properties = node["properties"].as_object().cloned().expect("properties");
        properties.insert("metadata".to_owned(), "ObjectMeta".into());
        properties.sort_keys();
        node.insert("properties", properties.into());
        assert_eq!(self.named.insert(name.to_owned(), text(&node)), None, "{name} occurs once");
    }

    fn add(&mut self, schema: &Value, trail: &[&str]) -> String {
        let node = self.compact(schema, trail);
        if let Some(name) = self.names.get(&text(&node)) {
            return name.clone();
        }
        let name = self.free_name(&node, trail);
        assert_eq!(self.named.insert(name.clone(), text(&node)), None, "{name} names two nodes");
        self.names.insert(text(&node), name.clone());
        name
    }

    /// Returns a name for a node. A short node is named after its content, such as `string[]` and `int32 = 0`. Another
    /// node is named after the field where it was first seen, with as many parent fields as a unique name needs.
    fn free_name(&self, node: &BTreeMap<&str, Value>, trail: &[&str]) -> String {
        let scalar =
            |keyword: &str| node.get(keyword).and_then(Value::as_str).filter(|name| !name.contains(['.', '/']));
        let kind = node["type"].as_str().expect("a type");
        let short = match node.keys().copied().collect::<Vec<_>>()[..] {
            ["type"] => Some(kind.to_owned()),
            ["default", "type"] => Some(format!("{kind} = {}", node["default"]).replace('"', "'")),
            ["pattern", "type"] if kind == "int-or-string" => Some("quantity".to_owned()),
            ["items", "type"] => scalar("items").filter(|item| self.is_leaf(item)).map(|item| format!("{item}[]")),
            ["additionalProperties", "type"] => scalar("additionalProperties").map(|value| format!("{value}{{}}")),
            _ => None,
        };
        short.unwrap_or_else(|| {
            let candidates = (1..=trail.len()).map(|last| {
                trail[trail.len() - last..].iter().fold(String::new(), |name, step| match *step {
                    "[]" | "{}" => name + step,
                    _ if name.is_empty() => (*step).to_owned(),
                    _ => name + "." + step,
                })
            });
            let mut free = candidates.filter(|name| !name.starts_with(['[', '{']) && !self.named.contains_key(name));
            free.next().expect("no two nodes have the same path")
        })
    }

    /// Returns whether a node refers to no other node.
    fn is_leaf(&self, name: &str) -> bool {
        !["\"properties\"", "\"items\"", "\"additionalProperties\""].iter().any(|word| self.named[name].contains(word))
    }

    /// Returns the node of a schema. Every keyword is either kept or known not to restrict an object. A new keyword
    /// fails, so that a developer reviews it first.
    fn compact(&mut self, schema: &Value, trail: &[&str]) -> BTreeMap<&'static str, Value> {
        let schema = schema.as_object().expect("a schema");
        let kept = schema.iter().filter_map(|(keyword, value)| match keyword.as_str() {
            "properties" => {
                let sorted: BTreeMap<_, _> = value.as_object().expect("properties").iter().collect();
                let named = sorted
                    .into_iter()
                    .map(|(name, property)| (name.clone(), self.add(property, &[trail, &[name]].concat()).into()));
                Some(("properties", Value::Object(named.collect())))
            }
            "items" => Some(("items", self.add(value, &[trail, &["[]"]].concat()).into())),
            "additionalProperties" => {
                Some(("additionalProperties", self.add(value, &[trail, &["{}"]].concat()).into()))
            }
            "type" if schema.get("format").is_some_and(|format| format == "int32") => Some(("type", "int32".into())),
            "type" => Some(("type", value.clone())),
            "x-kubernetes-int-or-string" => Some(("type", "int-or-string".into())),
            "x-kubernetes-list-map-keys" => Some(("keys", value.clone())),
            "x-kubernetes-list-type" if value == "set" => Some(("set", true.into())),
            "x-kubernetes-preserve-unknown-fields" => Some(("preserveUnknownFields", true.into())),
            "required" => Some(("required", value.clone())),
            "enum" => Some(("enum", value.clone())),
            "default" => Some(("default", value.clone())),
            "nullable" => Some(("nullable", value.clone())),
            "pattern" => Some(("pattern", value.clone())),
            "minimum" => Some(("minimum", value.clone())),
            "maximum" => Some(("maximum", value.clone())),
            "minLength" => Some(("minLength", value.clone())),
            "maxLength" => Some(("maxLength", value.clone())),
            "minItems" => Some(("minItems", value.clone())),
            "x-kubernetes-validations" => choices(value).map(|choices| ("enum", choices)),
            // These control merges of a list or a map, not its content.
            "description" | "x-kubernetes-map-type" => None,
            "x-kubernetes-list-type" if value == "map" || value == "atomic" => None,
            "format" if value == "int32" || value == "int64" => None,
            // Occurs only in the conditions of `headService.status`, which users do not write.
            "format" if value == "date-time" => None,
            "anyOf" if *value == json!([{"type": "integer"}, {"type": "string"}]) => None,
            _ => panic!("{}: {keyword}: {value} is unknown", trail.join(".")),
        });
        kept.collect()
    }
}

/// Returns the values of a field that a CEL rule lists. rayguard's own rules cover the other CEL rules, which compare
/// with the old object or restrict a deletion strategy.
fn choices(rules: &Value) -> Option<Value> {
    let rules = rules.as_array().expect("rules").iter().map(|rule| rule["rule"].as_str().expect("CEL"));
    let mut lists = rules.filter_map(|rule| rule.strip_prefix("self in "));
    Some(serde_json::from_str(&lists.next()?.replace('\'', "\"")).expect("a list of strings"))
}

fn text(node: &BTreeMap<&str, Value>) -> String {
    serde_json::to_string(node).expect("JSON")
}
