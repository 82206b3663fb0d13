//! Compares the schema with the API server on valid and damaged objects.

use std::collections::BTreeSet;

use rayguard_manifest::json::Json;
use rayguard_manifest::path::{FieldPath, Step};
use rayguard_policy::kuberay::Version;
use rayguard_policy::schema::{Schema, Violation};
use rayguard_test_support::kuberay;
use serde_json::{Map, Value, json};

use super::damage;
use crate::server::apiserver::{Answer, ApiServer};

/// For valid and damaged objects, the schema's violations and the conformed object equal the API server's response.
#[tokio::test]
async fn schema_faults_and_defaults_match_the_api_server() {
    let namespace = ApiServer::shared().namespace("schema");
    let client = namespace.client().await;
    let mut compared = samples();
    compared.extend(damage::damaged(&damage::sound()));
    compared.extend(damage::damaged(&old(damage::sound())));
    let mut disagreements = Vec::new();
    let count = compared.len();
    for (what, object) in compared {
        let kind = ["apiVersion", "kind"].map(|field| object[field].as_str().expect("a string"));
        let answer = Answer::to(&client, &namespace.name, kind, object.to_string()).await;
        if let Err(difference) = compare(&object, &answer) {
            disagreements.push(format!("{} {what}: {difference}", object["apiVersion"]));
        }
    }
    assert!(count > 3000, "only {count} objects were compared");
    assert!(disagreements.is_empty(), "{} of {count} differ:\n{}", disagreements.len(), disagreements.join("\n"));
}

/// Returns every KubeRay object in the samples of its module, with the file's name.
fn samples() -> Vec<(String, Value)> {
    let mut samples = Vec::new();
    for (file, text) in kuberay::samples(kuberay::newest()) {
        let objects = objects(&text).into_iter().filter(|object| object["apiVersion"] == "ray.io/v1");
        samples.extend(objects.map(|object| (file.clone(), object)));
    }
    samples
}

/// Returns the object in `ray.io/v1alpha1`.
fn old(mut object: Value) -> Value {
    object["apiVersion"] = "ray.io/v1alpha1".into();
    object["spec"].as_object_mut().expect("a spec").retain(|name, _| name != "gcsFaultToleranceOptions");
    object["spec"]["workerGroupSpecs"][0]["rayStartParams"] = json!({});
    object
}

fn compare(object: &Value, answer: &Answer) -> Result<(), String> {
    let text = object.to_string();
    let mut json: Json<'_> = serde_json::from_str(&text).expect("JSON");
    let schema = Schema::of(Version::v1(6));
    let (mut unknown, mut malformed, mut too_large) = (BTreeSet::new(), BTreeSet::new(), BTreeSet::new());
    for violation in schema.violations(&json) {
        match violation {
            Violation::Unknown { path, .. } => drop(unknown.insert(dotted(&path))),
            Violation::Malformed { path, message, .. } if message.contains("32 bits") => drop(too_large.insert(path)),
            Violation::Malformed { path, .. } => drop(malformed.insert(dotted(&path))),
        }
    }
    if answer.status == 400 {
        // The API server could not decode the metadata, and reports only the first error.
        let is_metadata = |path: &String| path.starts_with("metadata");
        return malformed.iter().any(is_metadata).then_some(()).ok_or_else(|| format!("{:?}", answer.body["message"]));
    }
    let dropped = answer.warnings.iter().filter_map(|warning| warning.split("unknown field \"").nth(1));
    let dropped = dropped.map(|rest| rest.trim_end_matches('"').to_owned());
    // Within a value of the wrong type every field is unknown, and the schema need not report them.
    let within_malformed = |path: &String| malformed.iter().any(|fault| is_below(path, fault));
    let dropped: BTreeSet<_> = dropped.filter(|path| !within_malformed(path)).collect();
    same("unknown", &unknown, &dropped)?;
    if answer.status >= 300 {
        let causes = answer.body["details"]["causes"].as_array().cloned().unwrap_or_default();
        let refused = causes.iter().filter_map(|cause| cause["field"].as_str()).filter(|path| *path != "<nil>");
        // For an item without its key, the API server also reports a duplicate.
        let is_part = |path: &str| path.ends_with(']') && malformed.iter().any(|fault| is_below(fault, path));
        let refused: BTreeSet<_> = refused.filter(|path| !is_part(path)).map(str::to_owned).collect();
        // For a label or an annotation, the API server does not name the key.
        let malformed = malformed.iter().map(|path| match path.split('.').collect::<Vec<_>>()[..] {
            ["metadata", field @ ("labels" | "annotations"), ..] => format!("metadata.{field}"),
            _ => path.clone(),
        });
        return same("malformed", &malformed.collect(), &refused);
    }
    same("malformed", &malformed, &BTreeSet::new())?;
    schema.conform(&mut json);
    let (ours, mut theirs) = (own(Value::from(&json)), own(answer.body.clone()));
    if ours["metadata"]["name"].is_null() {
        // The API server generated the name from the prefix.
        theirs["metadata"].as_object_mut().expect("metadata").remove("name");
    }
    if ours == theirs { Ok(()) } else { Err(format!("rayguard has {ours}, not {theirs}")) }
}

fn is_below(path: &str, above: &str) -> bool {
    path.strip_prefix(above).is_some_and(|rest| rest.starts_with(['.', '[']))
}

fn same(what: &str, ours: &BTreeSet<String>, theirs: &BTreeSet<String>) -> Result<(), String> {
    if ours == theirs { Ok(()) } else { Err(format!("{what}: {ours:?}, not {theirs:?}")) }
}

/// Returns a path as the API server's schema validation writes it.
fn dotted(path: &FieldPath) -> String {
    let steps = path.steps().iter().map(|step| match step {
        Step::Field(name) => format!(".{name}"),
        Step::Key(name) => format!(".{name}"),
        Step::Index(index) => format!("[{index}]"),
    });
    steps.collect::<String>().trim_start_matches('.').to_owned()
}

/// Returns the object without the fields that the API server adds to every object, and with its numbers as Go writes
/// them.
fn own(mut object: Value) -> Value {
    if let Some(metadata) = object["metadata"].as_object_mut() {
        for name in ["uid", "creationTimestamp", "generation", "managedFields", "namespace"] {
            metadata.remove(name);
        }
    }
    plain(object)
}

fn plain(value: Value) -> Value {
    match value {
        Value::Array(items) => items.into_iter().map(plain).collect(),
        Value::Object(fields) => {
            Value::Object(fields.into_iter().map(|(name, value)| (name, plain(value))).collect::<Map<_, _>>())
        }
        Value::Number(number) => Value::from(number.as_f64()),
        other => other,
    }
}

/// Returns the YAML documents of a text.
fn objects(yaml: &str) -> Vec<Value> {
    let documents = rayguard_manifest::yaml::documents(yaml).into_iter();
    documents.map(|document| Value::from(&document.expect("KubeRay writes YAML").json)).collect()
}
