//! The laws that hold for every object: generated ones, KubeRay's samples, and both after damage.

#![allow(clippy::disallowed_methods, reason = "what the core must not do, tests may: they read files")]

mod schema;

use proptest::prelude::*;
use rayguard_policy::policy::Policy;
use rayguard_test_support::law::review;
use rayguard_test_support::objects::{SECRET, damaged, object, policy_index};
use rayguard_test_support::policies::policies;
use rayguard_test_support::{law, objects};
use serde_json::json;

/// How many objects each law is held over; `PROPTEST_CASES` asks for more.
fn cases() -> u32 {
    ProptestConfig::default().cases.max(1500)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: cases(), failure_persistence: None, ..ProptestConfig::default() })]

    /// Law 1: each finding is one line, and says where: the place is there, or its parent is.
    #[test]
    fn findings_name_their_place(object in damaged()) {
        law::findings_name_their_place(&Policy::default(), &object);
    }

    /// Law 3: a patch only adds, keeps what it knows nothing of, and applies to the object that came.
    #[test]
    fn patches_only_add(object in damaged(), policy in policy_index()) {
        law::patches_only_add(&policies()[policy], &object);
    }

    /// Law 4: once written, nothing is left to write, at creation and as an update.
    #[test]
    fn a_second_call_adds_nothing(object in damaged(), policy in policy_index()) {
        law::a_second_call_adds_nothing(&policies()[policy], &object);
    }

    /// Law 5: a manifest that is applied again gives the same object, whatever became of the policy.
    #[test]
    fn a_manifest_applied_again_changes_nothing(
        object in object(),
        created in policy_index(),
        later in prop::collection::vec(policy_index(), 1..4),
    ) {
        let later = later.into_iter().map(|policy| &policies()[policy]);
        law::a_manifest_applied_again_changes_nothing(&object, &policies()[created], later);
    }

    /// Law 5: an object from before the webhook gets no defaults as long as its groups stay.
    #[test]
    fn an_object_from_before_the_webhook_stays(object in damaged(), policy in policy_index()) {
        law::an_object_from_before_the_webhook_stays(&policies()[policy], &object);
    }

    /// Law 6: what the old object already violated does not stop an update, though groups change places.
    #[test]
    fn old_violations_only_warn(object in damaged(), policy in policy_index(), finalizer in any::<bool>()) {
        law::old_violations_only_warn(&policies()[policy], &object, finalizer);
    }

    /// Law 6, the other side: what the old object did not violate is refused as it is at creation.
    #[test]
    fn new_violations_are_refused(object in object()) {
        law::new_violations_are_refused(&Policy::default(), &object);
    }

    /// Law 7: what is on its way out is never held up and never changed.
    #[test]
    fn nothing_is_said_of_an_object_that_is_being_deleted(object in damaged(), policy in policy_index()) {
        law::nothing_is_said_of_an_object_that_is_being_deleted(&policies()[policy], &object);
    }

    /// Law 8: any JSON whatever gets a verdict.
    #[test]
    fn any_json_gets_a_verdict(spec in objects::any_json(), kind in objects::kind(), policy in policy_index()) {
        let object = json!({"apiVersion": "ray.io/v1", "kind": kind, "metadata": spec.clone(), "spec": spec});
        law::any_json_gets_a_verdict(&policies()[policy], &object);
    }

    /// Law 10: a password never appears in what rayguard says, wherever in the object it is.
    #[test]
    fn no_secret_comes_out(object in damaged()) {
        for finding in review(&Policy::default(), &object, None).findings {
            prop_assert!(!finding.to_string().contains(SECRET), "{finding}");
        }
    }
}
