//! What the schema makes of any object, and says of it.

use proptest::prelude::*;
use rayguard_manifest::json::Json;
use rayguard_policy::kuberay::Version;
use rayguard_policy::schema::{Fault, Schema};
use serde_json::{Value, json};

use super::cases;
use rayguard_test_support::law::{cluster_spec, is_kept};
use rayguard_test_support::objects::{SECRET, any_json, damaged, kind, object};

fn conform(schema: &Schema, object: &Value) -> Value {
    let text = object.to_string();
    let mut json: Json<'_> = serde_json::from_str(&text).expect("JSON");
    schema.conform(&mut json);
    Value::from(&json)
}

fn faults(schema: &Schema, object: &Value) -> Vec<Fault> {
    let text = object.to_string();
    schema.faults(&serde_json::from_str(&text).expect("JSON"))
}

fn schemas() -> [&'static Schema; 3] {
    [Schema::of(Version::OLDEST), Schema::of(Version::v1(6)), Schema::of(Version::NEWEST)]
}

/// The object without fields that are `null`, which is to say nothing.
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

/// The object with its passwords unquoted, as YAML has them then: numbers.
fn unquoted(value: &Value) -> Value {
    match value {
        // A setting of Ray's is no secret, whatever its value.
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

    /// What conforms stays as it is, has nothing unknown, and is malformed where it was before.
    #[test]
    fn conforming_once_is_enough(object in damaged()) {
        for schema in schemas() {
            let once = conform(schema, &object);
            prop_assert_eq!(&conform(schema, &once), &once);
            let (before, after) = (faults(schema, &object), faults(schema, &once));
            let malformed: Vec<_> = before.into_iter().filter(|fault| matches!(fault, Fault::Malformed { .. })).collect();
            prop_assert_eq!(after, malformed);
        }
    }

    /// What a user wrote as the schema wants it has no fault, and is not touched.
    #[test]
    fn what_has_no_fault_only_gets_defaults(mut object in object()) {
        if let Some(Value::Object(spec)) = object.pointer_mut(cluster_spec(&object)) {
            spec.remove("unknownToAll");
        }
        if object["metadata"]["annotations"] == json!({}) {
            object["metadata"].as_object_mut().expect("metadata").remove("annotations");
        }
        object["apiVersion"] = json!("ray.io/v1");
        prop_assert_eq!(faults(Schema::of(Version::NEWEST), &object), []);
        let conformed = conform(Schema::of(Version::NEWEST), &object);
        prop_assert!(is_kept(&without_nulls(&object), &conformed), "{conformed}");
    }

    /// Each fault is one line, short, and names its place: it is there, or its parent is.
    #[test]
    fn faults_name_their_place(object in damaged()) {
        for schema in schemas() {
            for fault in faults(schema, &object) {
                let (path, lines) = match fault {
                    Fault::Unknown { path, suggestion } => (path, [format!("{suggestion:?}"), String::new()]),
                    Fault::Malformed { path, message, help, .. } => (path, [message, help]),
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

    /// Law 8: any JSON whatever is read to its end.
    #[test]
    fn any_json_has_its_faults(json in any_json(), kind in kind()) {
        for schema in schemas() {
            for version in ["ray.io/v1", "ray.io/v1alpha1", "v1"] {
                let object = json!({"apiVersion": version, "kind": kind, "metadata": json, "spec": json, "status": json});
                let conformed = conform(schema, &object);
                prop_assert_eq!(conform(schema, &conformed), conformed);
                faults(schema, &object);
            }
            faults(schema, &json);
        }
    }

    /// Law 10: a password is not said, though it be a number, where one must be a string.
    #[test]
    fn no_fault_says_a_secret(object in object()) {
        let object = unquoted(&object);
        for fault in faults(Schema::of(Version::NEWEST), &object) {
            prop_assert!(!format!("{fault:?}").contains(SECRET), "{fault:?}");
        }
    }
}
