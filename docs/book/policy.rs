//! The page of the policy file: its keys, from the JSON Schema that comes from the code that reads them.

use rayguard_policy::kuberay::{FeatureGate, Version};
use rayguard_policy::policy::file::json_schema;
use serde_json::Value;

const INTRODUCTION: &str = "\
# The policy file

One file for the command (`--config`, `RAYGUARD_CONFIG`) and the webhook (the chart's `policy`, without `apiVersion` and \
`kind`). It is read strictly: an unknown key or an invalid value is an error, with its line. \
[An editor](policy-file.md) shows this while you type.

```yaml
# yaml-language-server: $schema=policy.schema.json
apiVersion: rayguard.dev/v1alpha1
kind: Policy
kuberay: {version: \"1.6\"}
rules:
  single-replica: off
exemptions:
- namespaces: [playground]
  rules: [missing-redis-password]
  reason: nothing of value is there
```
";

/// Keys whose values are maps with too many known keys for a list, and what stands for these.
const MANY: [(&str, &str); 4] = [
    ("kuberay.featureGates", "`true` or `false` for [each gate](#feature-gates)"),
    ("rules", "a level for [each rule](rules/index.md): `deny`, `warn`, `audit` or `off`"),
    ("defaults.podTemplate.head", "a part of a Pod template"),
    ("defaults.podTemplate.worker", "a part of a Pod template"),
];

/// Returns the page.
pub(crate) fn page() -> String {
    let mut page = INTRODUCTION.to_owned();
    keys(&json_schema(), "", &mut page);
    page += "\n## Feature gates\n\n| gate | in KubeRay |\n| --- | --- |\n";
    for gate in FeatureGate::ALL {
        let versions: Vec<_> = Version::ALL.into_iter().filter(|version| gate.is_in(*version)).collect();
        let (Some(first), Some(last)) = (versions.first(), versions.last()) else { continue };
        let range = if *last >= Version::NEWEST { format!("{first} and later") } else { format!("{first} to {last}") };
        page += &format!("| `{}` | {range} |\n", gate.as_str());
    }
    page
}

/// Writes the keys of a map, and the keys below them.
fn keys(map: &Value, above: &str, page: &mut String) {
    let required: Vec<_> = map["required"].as_array().into_iter().flatten().filter_map(Value::as_str).collect();
    for (name, schema) in map["properties"].as_object().into_iter().flatten() {
        let path = format!("{above}{name}");
        let many = MANY.iter().find(|(key, _)| *key == path).map(|(_, values)| (*values).to_owned());
        let inner = if schema["properties"].is_object() { schema } else { &schema["items"] };
        let values = many.clone().unwrap_or_else(|| values(schema));
        let built_in = match &schema["default"] {
            _ if required.contains(&name.as_str()) => "; required".to_owned(),
            Value::Null => String::new(),
            Value::Array(_) => "; default: none".to_owned(),
            value => format!("; default: `{}`", text(value)),
        };
        let about = schema["description"].as_str().unwrap_or_default();
        *page += &format!("\n`{path}`\n: {values}{built_in}\n\n  {about}\n");
        for (choice, about) in choices(schema) {
            *page += &format!("  - `{choice}`: {about}\n");
        }
        if many.is_none() {
            let below = if inner == schema { format!("{path}.") } else { format!("{path}[].") };
            keys(inner, &below, page);
        }
    }
}

fn text(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}

/// Returns the names that a value may be, with their descriptions.
fn choices(schema: &Value) -> Vec<(String, String)> {
    let schema = if schema["anyOf"].is_array() { &schema["anyOf"][0] } else { schema };
    let [names, descriptions] = ["enum", "enumDescriptions"].map(|list| schema[list].as_array());
    names.into_iter().flatten().map(text).zip(descriptions.into_iter().flatten().map(text)).collect()
}

/// Returns what a value may be, in a few words.
fn values(schema: &Value) -> String {
    if let Some(constant) = schema.get("const") {
        return format!("`{}`", text(constant));
    }
    if schema["$ref"] == "#/$defs/rule" {
        return "the name of a rule".to_owned();
    }
    let choices: Vec<_> = choices(schema).into_iter().map(|(name, _)| format!("`{name}`")).collect();
    if !choices.is_empty() {
        return choices.join(", ");
    }
    if let Some(any) = schema["anyOf"].as_array() {
        let any = any.iter().filter(|schema| !schema["$ref"].is_string());
        return any.map(values).collect::<Vec<_>>().join(", or ");
    }
    if let Some(examples) = schema["examples"].as_array() {
        return examples.iter().map(|example| format!("`{example}`")).collect::<Vec<_>>().join(", ");
    }
    let first = schema["type"].as_array().and_then(|types| types.first()).unwrap_or(&schema["type"]);
    match first.as_str().unwrap_or_default() {
        "array" if schema["items"]["properties"].is_object() => "a list of maps".to_owned(),
        "array" => format!("a list: {}", values(&schema["items"])),
        "object" => "a map".to_owned(),
        "integer" => "a whole number".to_owned(),
        _ => "a text".to_owned(),
    }
}
