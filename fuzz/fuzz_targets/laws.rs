//! Checks the laws of `crates/policy/tests/laws/main.rs` with objects that coverage guides, instead of random objects.

#![no_main]

use std::collections::BTreeSet;

use libfuzzer_sys::fuzz_target;
use rayguard_fuzz::case::Case;
use rayguard_manifest::json::Json;
use rayguard_policy::kuberay::Version;
use rayguard_policy::policy::Policy;
use rayguard_policy::ray::RayObject;
use rayguard_policy::schema::Schema;
use rayguard_test_support::law;
use rayguard_test_support::policies::policies;
use serde_json::Value;

rayguard_fuzz::mutate_json!();

fuzz_target!(|data: &[u8]| {
    let Some(Case { object, old, policy }) = Case::read(data) else { return };
    // Each object is checked with one of the shared policies, and with its own policy.
    let one = &policies()[data.len() % policies().len()];
    for policy in [one, &policy] {
        law::patches_only_add(policy, &object);
        law::a_second_mutation_adds_nothing(policy, &object);
        law::an_object_from_before_the_webhook_gets_no_defaults(policy, &object);
        law::old_violations_only_warn(policy, &object, true);
        law::an_object_that_is_being_deleted_has_no_findings_and_no_patch(policy, &object);
        law::any_json_gets_a_verdict(policy, &object);
        if let Some(old) = &old {
            // The result of an update has the same properties as that of a creation.
            let updated = law::review(policy, &object, Some(old));
            assert!(law::is_kept(&object, &updated.stored));
            let again = law::review(policy, &updated.stored, Some(&updated.stored));
            assert!(again.patch.is_empty(), "{:?}", again.patch);
        }
    }
    law::findings_name_a_field_path_in_the_object(&Policy::default(), &object);
    if is_well_formed(&object) {
        law::reapplying_a_manifest_changes_nothing(&object, one, [&policy, one]);
    }
});

/// Returns whether the API server would accept the object unchanged, and its groups have different names.
fn is_well_formed(object: &Value) -> bool {
    let text = object.to_string();
    let json: Json<'_> = serde_json::from_str(&text).expect("what serde_json wrote");
    let groups = object.pointer(&format!("{}/workerGroupSpecs", law::cluster_spec(object)));
    let groups = groups.and_then(Value::as_array).map_or(&[][..], Vec::as_slice);
    let mut names = BTreeSet::new();
    RayObject::read(&json).is_some()
        && object["metadata"]["name"].is_string()
        && Schema::of(Version::NEWEST).violations(&json).is_empty()
        && groups.iter().all(|group| names.insert(group["groupName"].as_str()))
}
