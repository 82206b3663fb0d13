//! A label selector in a map of strings, where users expect one: `clusterSelector: {matchLabels: {…}}`.

use rayguard_manifest::json::Json;

use super::Schema;
use super::node::Type;
use super::violation::Texts;
use super::violations::Cursor;

/// The label by which KubeRay finds the cluster of a job (`RayJobClusterSelectorKey`,
/// ray-operator/controllers/ray/utils/constant.go at v1.6.2).
const CLUSTER: &str = "ray.io/cluster";

/// The length of the largest map that a help repeats, in bytes.
const LONGEST: usize = 80;

/// Reports whether a map has the form of a label selector: `matchLabels`, a map, or `matchExpressions`, a list.
pub fn is_label_selector(map: &Json<'_>) -> bool {
    map.field("matchLabels").as_object().is_some() || matches!(map.field("matchExpressions"), Json::Array(_))
}

impl Schema {
    /// Returns the texts for a label selector that is written where the schema has a map of strings.
    pub(super) fn label_selector(&self, cursor: &Cursor<'_>) -> Option<Texts> {
        let value = self.node(cursor.node.additional?);
        if value.kind != Type::String
            || cursor.node.property("matchLabels").is_some()
            || !is_label_selector(cursor.value)
        {
            return None;
        }
        let name = cursor.name()?;
        let labels = labels(cursor.value);
        let message = format!("{name} is a map of labels, and not a label selector");
        let is_of_job = name == "clusterSelector";
        let labels = labels.filter(|labels| !is_of_job || labels.iter().any(|(key, _)| *key == CLUSTER));
        let help = match &labels {
            Some(labels) if is_short(labels) => format!("write {name}: {{{}}}", flow(labels)),
            Some(_) => format!("write the labels directly below {name}, without matchLabels"),
            None if is_of_job => format!("write {name}: {{{CLUSTER}: NAME}}, with the name of the RayCluster"),
            None if name == "nodeSelector" => {
                "write each label and its value below nodeSelector, or use affinity.nodeAffinity".to_owned()
            }
            None => format!("write each label and its value directly below {name}"),
        };
        Some((message, help))
    }
}

/// Returns the labels that a selector requires, in the order of the text; `None` if it cannot be a map of labels.
fn labels<'j>(selector: &'j Json<'_>) -> Option<Vec<(&'j str, &'j str)>> {
    let mut labels = Vec::new();
    for (key, value) in selector.entries() {
        match (&**key, value) {
            ("matchLabels", Json::Object(_)) => {
                for (key, value) in value.entries() {
                    labels.push((&**key, value.as_str()?));
                }
            }
            ("matchExpressions", Json::Array(items)) => {
                for item in items {
                    let [value] = item.field("values").items() else { return None };
                    item.field("operator").as_str().filter(|operator| *operator == "In")?;
                    labels.push((item.field("key").as_str()?, value.as_str()?));
                }
            }
            (key, value) => labels.push((key, value.as_str()?)),
        }
    }
    let mut keys: Vec<_> = labels.iter().map(|(key, _)| *key).collect();
    keys.sort_unstable();
    (!labels.is_empty() && keys.windows(2).all(|pair| pair[0] != pair[1])).then_some(labels)
}

fn is_short(labels: &[(&str, &str)]) -> bool {
    labels.iter().map(|(key, value)| key.len() + value.len() + 4).sum::<usize>() <= LONGEST
}

/// Returns labels as YAML in one line. A value that is not a plain word is in quotes.
fn flow(labels: &[(&str, &str)]) -> String {
    let is_word = |text: &str| {
        text.starts_with(|first: char| first.is_ascii_alphabetic())
            && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_./".contains(&byte))
            && !["true", "false", "yes", "no", "on", "off", "null", "y", "n"]
                .contains(&text.to_ascii_lowercase().as_str())
    };
    let text = |text: &str| if is_word(text) { text.to_owned() } else { format!("{text:?}") };
    let pairs: Vec<_> = labels.iter().map(|(key, value)| format!("{}: {}", text(key), text(value))).collect();
    pairs.join(", ")
}
