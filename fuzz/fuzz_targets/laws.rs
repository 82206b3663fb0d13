//! The laws of `crates/policy/tests/laws/main.rs`, held over objects that coverage finds and not chance.

#![no_main]

use rayguard_test_support::law;
use std::collections::BTreeSet;

use libfuzzer_sys::fuzz_target;
use rayguard_fuzz::case::Case;
use rayguard_manifest::json::Json;
use rayguard_policy::kuberay::Version;
use rayguard_policy::policy::Policy;
use rayguard_policy::ray::RayObject;
use rayguard_policy::schema::Schema;
use rayguard_test_support::policies::policies;
use serde_json::Value;

rayguard_fuzz::mutate_json!();

fuzz_target!(|data: &[u8]| {
    let Some(Case { object, old, policy }) = Case::read(data) else { return };
    // Each object is held against one of the policies that differ, and against its own.
    let one = &policies()[data.len() % policies().len()];
    for policy in [one, &policy] {
        law::patches_only_add(policy, &object);
        law::a_second_call_adds_nothing(policy, &object);
        law::an_object_from_before_the_webhook_stays(policy, &object);
        law::old_violations_only_warn(policy, &object, true);
        law::nothing_is_said_of_an_object_that_is_being_deleted(policy, &object);
        law::any_json_gets_a_verdict(policy, &object);
        if let Some(old) = &old {
            // What an update makes is as good as what a creation does.
            let updated = law::review(policy, &object, Some(old));
            assert!(law::is_kept(&object, &updated.stored));
            let again = law::review(policy, &updated.stored, Some(&updated.stored));
            assert!(again.patch.is_empty(), "{:?}", again.patch);
        }
    }
    law::findings_name_their_place(&Policy::default(), &object);
    if is_well_formed(&object) {
        law::a_manifest_applied_again_changes_nothing(&object, one, [&policy, one]);
    }
});

/// Whether the API server would take the object as it is, with groups that can be told apart.
fn is_well_formed(object: &Value) -> bool {
    let text = object.to_string();
    let json: Json<'_> = serde_json::from_str(&text).expect("what serde_json wrote");
    let groups = object.pointer(&format!("{}/workerGroupSpecs", law::cluster_spec(object)));
    let groups = groups.and_then(Value::as_array).map_or(&[][..], Vec::as_slice);
    let mut names = BTreeSet::new();
    RayObject::read(&json).is_some()
        && object["metadata"]["name"].is_string()
        && Schema::of(Version::NEWEST).faults(&json).is_empty()
        && groups.iter().all(|group| names.insert(group["groupName"].as_str()))
}
