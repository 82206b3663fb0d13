//! Tests of the schema of the chart's values, which Helm and editors read.

use std::fs;
use std::path::Path;

use rayguard_policy::policy::file::json_schema;
use rayguard_test_support::generated::assert_current;
use serde_json::{Value, json};

use super::CHART;

const SCHEMA: &str = "charts/rayguard/values.schema.json";

fn text(file: &str) -> String {
    fs::read_to_string(Path::new(CHART).join(file)).unwrap_or_else(|error| panic!("{file}: {error}"))
}

fn schema() -> Value {
    serde_json::from_str(&text("values.schema.json")).expect("JSON")
}

/// Returns the chart's own values.
fn values() -> Value {
    super::objects(&text("values.yaml")).remove(0)
}

#[test]
fn the_schema_closes_every_map_except_globals_and_kubernetes_objects() {
    fn look(schema: &Value, path: &str) {
        let is_map = |name: &Value| name == "object";
        if is_map(&schema["type"]) || schema["type"].as_array().is_some_and(|types| types.iter().any(is_map)) {
            let closed = schema["additionalProperties"] == false || schema["additionalProperties"].is_object();
            let open = ["/properties/global", "/$defs/kubernetes"].contains(&path);
            assert!(closed != open, "{path}");
        }
        match schema {
            Value::Object(fields) => {
                for (name, value) in fields {
                    look(value, &format!("{path}/{name}"));
                }
            }
            Value::Array(items) => {
                for (index, item) in items.iter().enumerate() {
                    look(item, &format!("{path}/{index}"));
                }
            }
            _ => {}
        }
    }
    look(&schema(), "");
}

#[test]
fn the_schema_has_exactly_the_keys_of_values_yaml() {
    fn compare(values: &Value, schema: &Value, path: &str) {
        let Some(known) = schema["properties"].as_object() else { return };
        let values = values.as_object().unwrap_or_else(|| panic!("{path}: a map"));
        for name in values.keys() {
            assert!(known.contains_key(name), "{path}/{name} is in values.yaml and not in the schema");
        }
        // The keys of an empty map in values.yaml are documented elsewhere.
        if !values.is_empty() {
            for (name, schema) in known.iter().filter(|(name, _)| *name != "global") {
                let path = format!("{path}/{name}");
                assert!(values.contains_key(name), "{path} is in the schema and not in values.yaml");
                if path != "/resources" {
                    compare(&values[name], schema, &path);
                }
            }
        }
    }
    compare(&values(), &schema(), "");
}

/// Returns the schema of a policy file without its `apiVersion` and `kind`. It is at this pointer of another schema.
fn policy(pointer: &str) -> Value {
    let schema = json_schema().to_string().replace("\"#/", &format!("\"#{pointer}/"));
    let mut schema: Value = serde_json::from_str(&schema).expect("JSON");
    let policy = schema.as_object_mut().expect("a map");
    for only_of_a_file in ["$schema", "required"] {
        policy.remove(only_of_a_file).expect("a schema has it");
    }
    let keys = policy["properties"].as_object_mut().expect("a map");
    for only_of_a_file in ["apiVersion", "kind"] {
        keys.remove(only_of_a_file).expect("a policy file has it");
    }
    schema
}

/// Returns the pointers in the schema to the values that have a comment for helm-docs, `# -- …`, with the comment.
fn comments(values: &str) -> Vec<(String, &str)> {
    let (mut comments, mut above, mut comment) = (Vec::new(), Vec::<(usize, &str)>::new(), None);
    for line in values.lines() {
        let trimmed = line.trim_start();
        let indent = line.len() - trimmed.len();
        if let Some(text) = trimmed.strip_prefix("# -- ") {
            comment = Some(text);
        } else if let Some((key, _)) = trimmed.split_once(':').filter(|_| !trimmed.starts_with('#')) {
            above.retain(|(other, _)| *other < indent);
            above.push((indent, key));
            if let Some(comment) = comment.take() {
                let pointer = above.iter().fold(String::new(), |path, (_, key)| path + "/properties/" + key);
                comments.push((pointer, comment));
            }
        }
    }
    comments
}

/// Completes the schema of a map of values: texts, numbers and booleans become defaults. Every key that no template needs
/// may be null, by which Helm removes the default.
fn complete(schema: &mut Value, values: &Value, needed: &Value) {
    for (name, value) in values.as_object().into_iter().flatten() {
        let Some(property) = schema.pointer_mut(&format!("/properties/{name}")) else { continue };
        let is_needed = needed["required"].as_array().is_some_and(|keys| keys.contains(&json!(name)));
        if !is_needed {
            accept_null(property);
        }
        if !matches!(value, Value::Null | Value::Array(_) | Value::Object(_)) {
            property["default"] = value.clone();
        }
        complete(property, value, &needed["properties"][name]);
    }
}

/// Adds null to the types or values of a schema that has some of its own.
fn accept_null(schema: &mut Value) {
    if let Some(names) = schema.get_mut("enum").and_then(Value::as_array_mut) {
        if !names.contains(&Value::Null) {
            names.push(Value::Null);
        }
    } else if schema["type"].is_string() {
        schema["type"] = json!([schema["type"], "null"]);
    }
}

/// The policy comes from the code that reads it, descriptions and defaults from values.yaml. The rest is written by hand.
#[test]
fn generated_schema_of_the_values_is_current() {
    let (mut schema, text, values) = (schema(), text("values.yaml"), values());
    schema["properties"]["policy"] = policy("/properties/policy");
    for (pointer, comment) in comments(&text) {
        let value = schema.pointer_mut(&pointer).unwrap_or_else(|| panic!("the schema has no {pointer}"));
        value["description"] = comment.into();
    }
    let needed = schema["then"].clone();
    complete(&mut schema, &values, &needed);
    // Helm adds the values of values.yaml to those of the user. All keys that a template needs are then there, unless the
    // user has set one to null. A file of values has only some keys.
    let most_nulls = 4;
    let keys = values.as_object().expect("a map").len();
    schema["if"] = json!({"minProperties": keys - most_nulls, "$comment": "The values as Helm has completed them."});
    assert_current(SCHEMA, &format!("{schema:#}\n"));
}
