//! The values of the key `kuberay`: the version of the operator, and its feature gates.

use rayguard_manifest::json::Json;
use rayguard_manifest::path::FieldPath;
use serde_json::{Map, Value, json};

use super::Reader;
use super::form::Form;
use super::json_schema::{Definitions, nullable};
use crate::kuberay::{FeatureGate, KubeRay, Version};

/// The version of KubeRay.
pub(super) struct KubeRayVersion;

impl KubeRayVersion {
    fn help() -> String {
        format!(
            "write a version of KubeRay from \"{}\" to \"{}\", or \"{}\" for what is merged after it",
            Version::OLDEST,
            Version::NEWEST,
            Version::NEXT
        )
    }
}

impl Form<KubeRay> for KubeRayVersion {
    fn read(&self, reader: &mut Reader, json: &Json<'_>, path: &FieldPath, target: &mut KubeRay) {
        reader.version = match json {
            Json::String(text) => Version::parse(text),
            // Without quotes, 1.6 is a number.
            Json::Number(number) => Version::parse(&number.to_string()),
            _ => None,
        };
        match reader.version {
            Some(version) => target.version = version,
            None => reader.error(path.clone(), Self::help()),
        }
    }

    fn schema(&self, definitions: &mut Definitions) -> Value {
        let numbers = Version::RELEASED.iter().filter_map(|version| version.to_string().parse::<f64>().ok());
        let examples = Version::ALL.map(|version| version.to_string());
        let text = json!({
            "type": "string",
            "pattern": Version::pattern(),
            "patternErrorMessage": Self::help(),
            "examples": examples,
        });
        let schema = definitions.or(text, "kuberayNumber", &numbers.collect());
        let mut schema = definitions.or(schema, "absent", &json!([null]));
        schema["default"] = Version::NEWEST.to_string().into();
        schema
    }
}

/// The feature gates that are set for the operator.
pub(super) struct FeatureGates;

impl Form<KubeRay> for FeatureGates {
    fn read(&self, reader: &mut Reader, json: &Json<'_>, path: &FieldPath, target: &mut KubeRay) {
        reader.map(json, path, &FeatureGate::ALL.map(FeatureGate::as_str));
        for (name, enabled) in json.entries() {
            let Some(gate) = FeatureGate::ALL.into_iter().find(|gate| gate.as_str() == name) else { continue };
            let path = || path.clone().field(gate.as_str());
            match enabled.as_bool() {
                Some(enabled) => target.feature_gates.push((gate, enabled)),
                None => reader.error(path(), "write true or false"),
            }
            if let Some(version) = reader.version.filter(|version| !gate.is_in(*version)) {
                let message = "does not have this feature gate, and does not start with it; remove it, or set \
                               kuberay.version to a version that has it";
                reader.error(path(), format!("KubeRay {version} {message}"));
            }
        }
    }

    fn schema(&self, _: &mut Definitions) -> Value {
        let gates = FeatureGate::ALL
            .map(|gate| (gate.as_str().to_owned(), json!({"type": "boolean", "description": about(gate)})));
        let gates: Map<_, _> = gates.into_iter().collect();
        nullable(json!({"type": "object", "properties": gates, "additionalProperties": false}))
    }
}

/// Returns the versions that have a gate, and those in which it is on by default.
fn about(gate: FeatureGate) -> String {
    let has_it = |version: &&Version| gate.is_in(**version);
    let (first, last) = (Version::ALL.iter().find(has_it), Version::ALL.iter().rev().find(has_it));
    let range = match (first, last) {
        (Some(first), Some(last)) if first == last => first.to_string(),
        (Some(first), Some(last)) if *last < Version::NEWEST => format!("{first} to {last}"),
        (Some(first), _) => format!("{first} and later"),
        (None, _) => "no version".to_owned(),
    };
    match (gate, Version::ALL.iter().find(|version| gate.is_beta_in(**version))) {
        (FeatureGate::AllAlpha, _) => format!("Every gate that is alpha. In KubeRay {range}."),
        (FeatureGate::AllBeta, _) => format!("Every gate that is beta. In KubeRay {range}."),
        (_, Some(beta)) => format!("In KubeRay {range}. On by default since {beta}."),
        (_, None) => format!("In KubeRay {range}. Off by default."),
    }
}
