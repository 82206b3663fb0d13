//! Values that name rules: their levels, and the lists of exemptions.

use std::collections::BTreeMap;

use rayguard_manifest::json::Json;
use rayguard_manifest::path::FieldPath;
use serde_json::{Map, Value, json};

use super::Reader;
use super::form::{Choice, Form, read_choice, schema_of_choices};
use super::json_schema::{Definitions, names, nullable};
use crate::policy::{Exemptible, Exemption, Policy};
use crate::rule::Level;
use crate::rules::{self, RULES};
use crate::spelling::suggestion;

/// The levels of single rules.
pub(super) struct Levels(pub(super) &'static [Choice<Level>]);

impl Form<Policy> for Levels {
    fn read(&self, reader: &mut Reader, json: &Json<'_>, path: &FieldPath, target: &mut Policy) {
        reader.map(json, path, &rules::names());
        let mut levels = BTreeMap::new();
        for (name, level) in json.entries() {
            let Some(rule) = rules::find(name) else { continue };
            if let Some(level) = read_choice(reader, level, &path.clone().field(rule.name), self.0) {
                levels.insert(rule.name, level);
            }
        }
        target.levels = levels;
    }

    fn schema(&self, definitions: &mut Definitions) -> Value {
        let level = definitions.refer("level", |definitions| schema_of_choices(self.0, definitions));
        let rules = RULES.iter().map(|rule| {
            let mut schema = level.clone();
            schema["description"] = about(rule.name, rule.summary).into();
            schema["default"] = rule.level.as_str().into();
            (rule.name.to_owned(), schema)
        });
        let rules: Map<_, _> = rules.collect();
        nullable(json!({"type": "object", "properties": rules, "additionalProperties": false}))
    }
}

fn about(rule: &str, summary: &str) -> String {
    format!("The rule finds {summary}. `rayguard explain {rule}` prints its document.")
}

/// Returns the known rules of a list of names, and reports the unknown ones.
fn read_rules(reader: &mut Reader, list: &[Json<'_>], path: &FieldPath) -> Vec<&'static str> {
    let mut known = Vec::new();
    for (index, name) in list.iter().enumerate() {
        let Some(name) = name.as_nonempty_str() else { continue };
        match rules::find(name) {
            Some(rule) => known.push(rule.name),
            None => {
                let message = format!("there is no rule {name:?}{}", suggestion(name, &rules::names()));
                reader.error(path.clone().index(index), message);
            }
        }
    }
    known
}

/// Returns the JSON Schema of a rule's name.
fn name_of_a_rule(definitions: &mut Definitions) -> Value {
    definitions.refer("rule", |_| {
        let mut schema = names(RULES.iter().map(|rule| (rule.name, rule.summary)));
        // Otherwise an editor's message lists all rules.
        schema["errorMessage"] = "there is no such rule; `rayguard rules` lists the rules".into();
        schema
    })
}

/// The rules of an exemption.
pub(super) struct ExemptRules;

impl Form<Exemption> for ExemptRules {
    fn read(&self, reader: &mut Reader, json: &Json<'_>, path: &FieldPath, target: &mut Exemption) {
        reader.names(json, path);
        target.rules = read_rules(reader, json.items(), path);
    }

    fn schema(&self, definitions: &mut Definitions) -> Value {
        json!({"type": "array", "items": name_of_a_rule(definitions), "minItems": 1})
    }
}

/// The rules from which objects may exempt themselves.
pub(super) struct ObjectExemptions;

/// The word for all rules.
const ALL: &str = "all";

impl Form<Policy> for ObjectExemptions {
    fn read(&self, reader: &mut Reader, json: &Json<'_>, path: &FieldPath, target: &mut Policy) {
        target.object_exemptions = match json {
            Json::String(text) if text == ALL => Exemptible::All,
            Json::Array(items) if items.iter().all(|item| item.as_nonempty_str().is_some()) => {
                Exemptible::Rules(read_rules(reader, items, path))
            }
            _ => {
                reader.error(path.clone(), format!("write a list of rules, or {ALL}"));
                Exemptible::None
            }
        };
    }

    fn schema(&self, definitions: &mut Definitions) -> Value {
        let rules = json!({"type": "array", "items": name_of_a_rule(definitions), "default": []});
        definitions.or(json!({"anyOf": [rules, {"const": ALL}]}), "absent", &json!([null]))
    }
}
