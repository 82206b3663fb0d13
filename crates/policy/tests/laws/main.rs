//! The laws that hold for every object: generated objects, KubeRay's samples, and both after random damage.

#![allow(clippy::disallowed_methods, reason = "unlike the core, tests may read files")]

mod schema;

use proptest::prelude::*;
use rayguard_policy::policy::Policy;
use rayguard_test_support::law::review;
use rayguard_test_support::objects::{SECRET, damaged, object, policy_index};
use rayguard_test_support::policies::policies;
use rayguard_test_support::{law, objects};
use serde_json::json;

/// The number of objects for each law. `PROPTEST_CASES` can raise it.
fn cases() -> u32 {
    ProptestConfig::default().cases.max(1500)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: cases(), failure_persistence: None, ..ProptestConfig::default() })]

    /// Law 1: each finding is one line and names a field path; the field or its parent exists.
    #[test]
    fn findings_name_a_field_path_in_the_object(object in damaged()) {
        law::findings_name_a_field_path_in_the_object(&Policy::default(), &object);
    }

    /// Law 3: a patch only adds, keeps unknown fields, and applies to the object as received.
    #[test]
    fn patches_only_add(object in damaged(), policy in policy_index()) {
        law::patches_only_add(&policies()[policy], &object);
    }

    /// Law 4: a second call adds nothing, neither at creation nor on update.
    #[test]
    fn a_second_mutation_adds_nothing(object in damaged(), policy in policy_index()) {
        law::a_second_mutation_adds_nothing(&policies()[policy], &object);
    }

    /// Law 5: applying a manifest again gives the same object, even if the policy has changed.
    #[test]
    fn reapplying_a_manifest_changes_nothing(
        object in object(),
        created in policy_index(),
        later in prop::collection::vec(policy_index(), 1..4),
    ) {
        let later = later.into_iter().map(|policy| &policies()[policy]);
        law::reapplying_a_manifest_changes_nothing(&object, &policies()[created], later);
    }

    /// Law 5: an object created before the webhook gets no defaults as long as its groups do not change.
    #[test]
    fn an_object_from_before_the_webhook_gets_no_defaults(object in damaged(), policy in policy_index()) {
        law::an_object_from_before_the_webhook_gets_no_defaults(&policies()[policy], &object);
    }

    /// Law 6: violations of the old object do not block an update, even if groups are reordered.
    #[test]
    fn old_violations_only_warn(object in damaged(), policy in policy_index(), finalizer in any::<bool>()) {
        law::old_violations_only_warn(&policies()[policy], &object, finalizer);
    }

    /// Law 6, the converse: violations that the old object does not have are refused as at creation.
    #[test]
    fn new_violations_are_refused(object in object()) {
        law::new_violations_are_refused(&Policy::default(), &object);
    }

    /// Law 7: an object that is being deleted is neither refused nor changed.
    #[test]
    fn an_object_that_is_being_deleted_has_no_findings_and_no_patch(object in damaged(), policy in policy_index()) {
        law::an_object_that_is_being_deleted_has_no_findings_and_no_patch(&policies()[policy], &object);
    }

    /// Law 8: any JSON gets a verdict.
    #[test]
    fn any_json_gets_a_verdict(spec in objects::any_json(), kind in objects::kind(), policy in policy_index()) {
        let object = json!({"apiVersion": "ray.io/v1", "kind": kind, "metadata": spec.clone(), "spec": spec});
        law::any_json_gets_a_verdict(&policies()[policy], &object);
    }

    /// Law 10: no finding contains a password, wherever in the object the password is.
    #[test]
    fn no_finding_contains_a_secret(object in damaged()) {
        for finding in review(&Policy::default(), &object, None).findings {
            prop_assert!(!finding.to_string().contains(SECRET), "{finding}");
        }
    }
}
