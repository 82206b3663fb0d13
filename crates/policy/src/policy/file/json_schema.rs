//! The policy file as JSON Schema, for editors.

use serde_json::{Map, Value, json};

use super::form::schema_of_keys;
use super::keys::POLICY;

/// Returns the JSON Schema (draft 2020-12) of the policy file.
///
/// It comes from the description of the keys by which [`Policy::from_yaml`](super::Policy::from_yaml) reads a file. It
/// accepts each file that can be read. A few errors in a file are beyond it, such as a feature gate that the chosen
/// version of KubeRay does not have.
pub fn json_schema() -> Value {
    let mut definitions = Definitions::default();
    let mut schema = schema_of_keys(POLICY, &mut definitions);
    schema["$schema"] = "https://json-schema.org/draft/2020-12/schema".into();
    // A title would be above each description in an editor.
    schema["description"] = "The policy file of rayguard.".into();
    schema["$defs"] = definitions.0.into();
    schema
}

/// The named parts of the schema.
#[derive(Default)]
pub(super) struct Definitions(Map<String, Value>);

impl Definitions {
    /// Returns a reference to a part, which is described at the first call.
    pub(super) fn refer(&mut self, name: &str, describe: impl FnOnce(&mut Self) -> Value) -> Value {
        if !self.0.contains_key(name) {
            let schema = describe(self);
            self.0.insert(name.to_owned(), schema);
        }
        json!({"$ref": format!("#/$defs/{name}")})
    }

    /// Adds parts that refer to each other.
    pub(super) fn extend(&mut self, parts: impl IntoIterator<Item = (String, Value)>) {
        self.0.extend(parts);
    }

    /// Returns a schema that also accepts these values, which editors do not suggest.
    pub(super) fn or(&mut self, schema: Value, name: &str, values: &Value) -> Value {
        let also = self.refer(name, |_| json!({"$comment": NOT_SUGGESTED, "not": {"not": {"enum": values}}}));
        match schema {
            Value::Object(mut schema) if schema.contains_key("anyOf") => {
                if let Some(Value::Array(schemas)) = schema.get_mut("anyOf") {
                    schemas.push(also);
                }
                schema.into()
            }
            schema => json!({"anyOf": [schema, also]}),
        }
    }
}

const NOT_SUGGESTED: &str = "Editors do not suggest values behind a double negation.";

/// Returns the schema of one of these names, each with a description.
pub(super) fn names<'n>(names: impl IntoIterator<Item = (&'n str, &'n str)>) -> Value {
    let (names, descriptions): (Vec<_>, Vec<_>) = names.into_iter().unzip();
    json!({"enum": names, "enumDescriptions": descriptions})
}

/// Returns the schema of a value that may also be `null`, as if its key were absent.
pub(super) fn nullable(mut schema: Value) -> Value {
    let only = schema["type"].take();
    schema["type"] = json!([only, "null"]);
    schema
}
