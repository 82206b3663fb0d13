//! The JSON Schema of the policy file: it accepts each file that the program reads, and refuses what the program
//! refuses, apart from a few kinds of errors that JSON Schema cannot express.

#![allow(clippy::disallowed_methods, reason = "tests may read the files of the project")]

mod agreement;
mod mutations;
mod project;

use agreement::{Agreement, READER_ONLY, compare};
use jsonschema::Validator;
use rayguard_policy::policy::file::json_schema;
use rayguard_test_support::generated::assert_current;
use serde_json::{Value, json};

#[test]
fn generated_schema_of_the_policy_file_is_current() {
    assert_current("docs/policy.schema.json", &format!("{:#}\n", json_schema()));
}

#[test]
fn the_schema_is_a_json_schema() {
    assert!(jsonschema::meta::is_valid(&json_schema()));
}

#[test]
fn every_key_and_choice_is_described() {
    fn look(schema: &Value, path: &str) {
        let is_below_pod = path.starts_with("/$defs/podTemplate");
        for (name, schema) in schema["properties"].as_object().into_iter().flatten() {
            let about = schema["description"].as_str().unwrap_or_default();
            assert!(is_below_pod || about.ends_with('.'), "{path}: {name} has the description {about:?}");
        }
        if let (Some(names), false) = (schema["enum"].as_array(), path.ends_with("/not/not")) {
            let descriptions =
                schema["enumDescriptions"].as_array().unwrap_or_else(|| panic!("{path}: no descriptions"));
            assert_eq!(names.len(), descriptions.len(), "{path}");
        }
        match schema {
            Value::Object(fields) => fields.iter().for_each(|(name, field)| look(field, &format!("{path}/{name}"))),
            Value::Array(items) => items.iter().for_each(|item| look(item, path)),
            _ => {}
        }
    }
    look(&json_schema(), "");
}

fn validator() -> Validator {
    jsonschema::validator_for(&json_schema()).expect("a JSON Schema")
}

fn policy(fields: &Value) -> Value {
    let mut policy = json!({"apiVersion": "rayguard.dev/v1alpha1", "kind": "Policy"});
    let fields = fields.as_object().expect("a map").clone();
    policy.as_object_mut().expect("a map").extend(fields);
    policy
}

fn in_pod(spec: &Value) -> Value {
    json!({"defaults": {"podTemplate": {"head": {"spec": spec}}}})
}

/// These are all kinds of errors that only the reader finds: each has an example here.
#[test]
fn some_errors_are_found_by_the_reader_only() {
    let validator = validator();
    let old = json!({"kuberay": {"version": "1.5", "featureGates": {"RayClusterMTLS": true}}});
    let directive = json!({"defaults": {"podTemplate": {"head": {"metadata": {"labels": {"$patch": "merge"}}}}}});
    let examples = [
        ("gate-of-another-version", old),
        ("field-of-another-version", in_pod(&json!({"resourceClaims": [{"name": "a", "source": {}}]}))),
        ("long-domain", json!({"settings": {"clusterDomain": "a.".repeat(128)}})),
        ("directive", directive),
        ("null-in-list", in_pod(&json!({"tolerations": [null]}))),
        ("null-as-merge-key", in_pod(&json!({"containers": [{"name": null}]}))),
        ("duplicate-item", in_pod(&json!({"volumes": [{"name": "a"}, {"name": "a"}]}))),
        ("huge-number", in_pod(&json!({"activeDeadlineSeconds": 1e30}))),
    ];
    assert_eq!(examples.each_ref().map(|(kind, _)| *kind), READER_ONLY.map(|(kind, ..)| kind));
    for (kind, fields) in examples {
        assert_eq!(compare(&validator, &policy(&fields)), Agreement::ReaderOnly(kind), "{fields}");
    }
}

/// A field of a Pod template may be in one version of KubeRay alone.
#[test]
fn the_schema_has_the_pod_templates_of_all_versions() {
    let validator = validator();
    let of_version = |version: &str, claim: Value| {
        let mut fields = in_pod(&json!({"resourceClaims": [claim]}));
        fields["kuberay"] = json!({"version": version});
        compare(&validator, &policy(&fields))
    };
    let (old, new) = (json!({"name": "a", "source": {}}), json!({"name": "a", "resourceClaimName": "b"}));
    assert_eq!(of_version("1.2", old), Agreement::Valid);
    assert_eq!(of_version("1.7", new), Agreement::Valid);
    assert_eq!(of_version("1.7", json!({"name": "a", "resourceClaim": "b"})), Agreement::Invalid);
}
