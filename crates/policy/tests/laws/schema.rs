//! Laws of the schema: how it changes an object, and which violations it reports.

use proptest::prelude::*;
use rayguard_manifest::json::Json;
use rayguard_policy::kuberay::Version;
use rayguard_policy::schema::{Schema, Violation};
use rayguard_test_support::law::{cluster_spec, is_kept};
use rayguard_test_support::objects::{SECRET, any_json, damaged, kind, object};
use serde_json::{Value, json};

use super::cases;

fn conform(schema: &Schema, object: &Value) -> Value {
    let text = object.to_string();
    let mut json: Json<'_> = serde_json::from_str(&text).expect("JSON");
    schema.conform(&mut json);
    Value::from(&json)
}

fn violations(schema: &Schema, object: &Value) -> Vec<Violation> {
    let text = object.to_string();
    schema.violations(&serde_json::from_str(&text).expect("JSON"))
}

fn schemas() -> [&'static Schema; 3] {
    [Schema::of(Version::OLDEST), Schema::of(Version::v1(6)), Schema::of(Version::NEWEST)]
}

/// Returns the object without `null` fields, which are equal to absent fields.
fn without_nulls(value: &Value) -> Value {
    match value {
        Value::Object(fields) => {
            let kept = fields.iter().filter(|(_, value)| !value.is_null());
            kept.map(|(name, value)| (name.clone(), without_nulls(value))).collect()
        }
        Value::Array(items) => items.iter().map(without_nulls).collect(),
        other => other.clone(),
    }
}

/// Returns the object with its passwords as numbers, as YAML reads them without quotes.
fn unquoted(value: &Value) -> Value {
    match value {
        // A Ray setting is no secret, whatever its value.
        Value::Object(fields)
            if fields.get("name").and_then(Value::as_str).is_some_and(|name| name.starts_with("RAY_")) =>
        {
            value.clone()
        }
        Value::Object(fields) => fields.iter().map(|(name, value)| (name.clone(), unquoted(value))).collect(),
        Value::Array(items) => items.iter().map(unquoted).collect(),
        Value::String(text) if text == SECRET => json!(SECRET.parse::<u64>().expect("digits")),
        other => other.clone(),
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: cases(), failure_persistence: None, ..ProptestConfig::default() })]

    /// Conforming again changes nothing. The conformed object has no unknown fields, and the malformed ones stay.
    #[test]
    fn conforming_twice_equals_conforming_once(object in damaged()) {
        for schema in schemas() {
            let once = conform(schema, &object);
            prop_assert_eq!(&conform(schema, &once), &once);
            let (before, after) = (violations(schema, &object), violations(schema, &once));
            let malformed: Vec<_> = before.into_iter().filter(|violation| matches!(violation, Violation::Malformed { .. })).collect();
            prop_assert_eq!(after, malformed);
        }
    }

    /// A valid object has no violations, and its fields are kept.
    #[test]
    fn a_valid_object_only_gets_defaults(mut object in object()) {
        if let Some(Value::Object(spec)) = object.pointer_mut(cluster_spec(&object)) {
            spec.remove("unknownToAll");
        }
        if object["metadata"]["annotations"] == json!({}) {
            object["metadata"].as_object_mut().expect("metadata").remove("annotations");
        }
        object["apiVersion"] = json!("ray.io/v1");
        prop_assert_eq!(violations(Schema::of(Version::NEWEST), &object), []);
        let conformed = conform(Schema::of(Version::NEWEST), &object);
        prop_assert!(is_kept(&without_nulls(&object), &conformed), "{conformed}");
    }

    /// Each violation is one short line and names a field path; the field or its parent exists.
    #[test]
    fn faults_name_a_field_path_in_the_object(object in damaged()) {
        for schema in schemas() {
            for violation in violations(schema, &object) {
                let (path, lines) = match violation {
                    // A suggestion is part of the help, which may contain whole paths.
                    Violation::Unknown { path, suggestion } => (path, [String::new(), format!("{suggestion:?}")]),
                    Violation::Malformed { path, message, help, .. } => (path, [message, help]),
                };
                prop_assert!(lines[0].chars().count() <= 120, "{}", lines[0]);
                prop_assert!(lines.iter().all(|line| !line.contains('\n') && !line.ends_with('.')), "{lines:?}");
                let pointer = path.to_pointer();
                let parent = pointer.rsplit_once('/').map_or("", |(parent, _)| parent);
                let is_root = parent == "/metadata";
                prop_assert!(is_root || object.pointer(parent).is_some(), "{path}");
            }
        }
    }

    /// Law 8: any JSON can be conformed and validated.
    #[test]
    fn any_json_can_be_validated(json in any_json(), kind in kind()) {
        for schema in schemas() {
            for version in ["ray.io/v1", "ray.io/v1alpha1", "v1"] {
                let object = json!({"apiVersion": version, "kind": kind, "metadata": json, "spec": json, "status": json});
                let conformed = conform(schema, &object);
                prop_assert_eq!(conform(schema, &conformed), conformed);
                violations(schema, &object);
            }
            violations(schema, &json);
        }
    }

    /// Law 10: no violation contains a password, even if it is a number where a string is required.
    #[test]
    fn no_fault_contains_a_secret(object in object()) {
        let object = unquoted(&object);
        for violation in violations(Schema::of(Version::NEWEST), &object) {
            prop_assert!(!format!("{violation:?}").contains(SECRET), "{violation:?}");
        }
    }
}
