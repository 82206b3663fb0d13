//! The laws that hold for every object: generated ones, KubeRay's samples, and both after damage.

#![allow(clippy::disallowed_methods, reason = "what the core must not do, tests may: they read files")]

#[path = "it/kuberay.rs"]
mod kuberay;
#[path = "laws/objects.rs"]
mod objects;
#[path = "laws/samples.rs"]
mod samples;
#[path = "laws/schema.rs"]
mod schema;

use objects::{SECRET, damaged, object, policies, policy_index};
use proptest::prelude::*;
use rayguard::json::Json;
use rayguard::policy::Policy;
use rayguard::ray::RayObject;
use rayguard::rule::{Finding, Level};
use serde_json::{Value, json};

/// What both webhooks say: the object as it is then stored, the patch, the findings.
struct Review {
    stored: Value,
    patch: Vec<Value>,
    findings: Vec<Finding>,
}

fn review(policy: &Policy, object: &Value, old: Option<&Value>) -> Review {
    let (text, old_text) = (object.to_string(), old.map(ToString::to_string));
    let json: Json<'_> = serde_json::from_str(&text).expect("JSON");
    let old_json: Option<Json<'_>> = old_text.as_ref().map(|text| serde_json::from_str(text).expect("JSON"));
    let old = old_json.as_ref().and_then(RayObject::read);
    let Some(ray) = RayObject::read(&json) else {
        return Review { stored: object.clone(), patch: Vec::new(), findings: Vec::new() };
    };
    let patch = policy.mutate(&ray, old.as_ref());
    let mut stored = object.clone();
    json_patch::patch(&mut stored, &patch).expect("the patch applies to the object that came");
    let stored_text = stored.to_string();
    let stored_json: Json<'_> = serde_json::from_str(&stored_text).expect("JSON");
    let findings = policy.validate(&RayObject::read(&stored_json).expect("it was one before"), old.as_ref());
    let patch = serde_json::to_value(&patch).expect("JSON").as_array().expect("a list").clone();
    Review { stored, patch, findings }
}

fn denials(findings: &[Finding]) -> Vec<String> {
    findings.iter().filter(|finding| finding.level == Level::Deny).map(ToString::to_string).collect()
}

/// Whether everything in one value is in the other, where it was: nothing removed, nothing replaced.
fn is_kept(before: &Value, after: &Value) -> bool {
    match (before, after) {
        (Value::Object(before), Value::Object(after)) => {
            before.iter().all(|(name, value)| after.get(name).is_some_and(|after| is_kept(value, after)))
        }
        (Value::Array(before), Value::Array(after)) => {
            let mut rest = after.iter();
            before.iter().all(|value| rest.any(|after| is_kept(value, after)))
        }
        _ => before == after,
    }
}

/// How many objects each law is held over; `PROPTEST_CASES` asks for more.
fn cases() -> u32 {
    ProptestConfig::default().cases.max(1500)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: cases(), failure_persistence: None, ..ProptestConfig::default() })]

    /// Law 1: each finding is one line, and says where: the place is there, or its parent is.
    #[test]
    fn findings_name_their_place(object in damaged()) {
        let review = review(&Policy::default(), &object, None);
        for finding in &review.findings {
            let line = finding.to_string();
            prop_assert!(!line.contains('\n') && !finding.message.is_empty() && !finding.help.is_empty(), "{line}");
            // A field that is missing may have up to two parents that are missing too: `resources.limits[memory]`. One
            // of them may be the spec itself.
            let pointer = finding.path.to_pointer();
            let mut places = std::iter::successors(Some(&*pointer), |below| Some(below.rsplit_once('/')?.0)).take(4);
            let is_there = |place: &str| match place {
                "" => review.stored.get("spec").is_none(),
                _ => review.stored.pointer(place).is_some(),
            };
            prop_assert!(places.any(is_there), "{line}");
        }
    }

    /// Law 3: a patch only adds, keeps what it knows nothing of, and applies to the object that came.
    #[test]
    fn patches_only_add(object in damaged(), policy in policy_index()) {
        let policy = &policies()[policy];
        let review = review(policy, &object, None);
        prop_assert!(is_kept(&object, &review.stored), "{}", json!(review.patch));
        let mut step = object.clone();
        for operation in &review.patch {
            prop_assert_eq!(&operation["op"], "add");
            let path = operation["path"].as_str().expect("a path");
            let own = path == "/metadata/annotations/rayguard.dev~1defaulted";
            prop_assert!(own || path.ends_with("/-") || step.pointer(path).is_none(), "{} is there", path);
            let one: json_patch::Patch = serde_json::from_value(json!([operation])).expect("a patch");
            json_patch::patch(&mut step, &one).expect("each operation applies after the one before");
        }
        if object == review.stored {
            prop_assert!(review.patch.is_empty(), "a patch that changes nothing is no patch");
        }
    }

    /// Law 4: once written, nothing is left to write, at creation and as an update.
    #[test]
    fn a_second_call_adds_nothing(object in damaged(), policy in policy_index()) {
        let policy = &policies()[policy];
        let first = review(policy, &object, None);
        let second = review(policy, &first.stored, None);
        prop_assert!(second.patch.is_empty(), "{}", json!(second.patch));
        let update = review(policy, &first.stored, Some(&first.stored));
        prop_assert!(update.patch.is_empty(), "{}", json!(update.patch));
    }

    /// Law 5: a manifest that is applied again gives the same object, whatever became of the policy.
    #[test]
    fn a_manifest_applied_again_changes_nothing(
        object in object(),
        created in policy_index(),
        later in prop::collection::vec(policy_index(), 1..4),
    ) {
        let mut stored = review(&policies()[created], &object, None).stored;
        let spec = stored["spec"].clone();
        for policy in later {
            stored = review(&policies()[policy], &object, Some(&stored)).stored;
            prop_assert_eq!(&stored["spec"], &spec);
        }
    }

    /// Law 5: an object from before the webhook gets no defaults as long as its groups stay.
    #[test]
    fn an_object_from_before_the_webhook_stays(object in damaged(), policy in policy_index()) {
        let review = review(&policies()[policy], &object, Some(&object));
        prop_assert_eq!(review.patch, Vec::<Value>::new());
    }

    /// Law 6: what the old object already violated does not stop an update, though groups change places.
    #[test]
    fn old_violations_only_warn(object in damaged(), policy in policy_index(), finalizer in any::<bool>()) {
        let mut new = object.clone();
        if let Some(metadata) = new.get_mut("metadata").and_then(Value::as_object_mut) && finalizer {
            metadata.insert("finalizers".to_owned(), json!(["ray.io/gcs-ft-redis-cleanup-finalizer"]));
        }
        let pointer = objects::cluster_spec(&object);
        if let Some(groups) = new.pointer_mut(&format!("{pointer}/workerGroupSpecs")).and_then(Value::as_array_mut) {
            let names: Vec<_> = groups.iter().map(|group| group.get("groupName").and_then(Value::as_str)).collect();
            if names.iter().all(Option::is_some) && (1..names.len()).all(|at| !names[at..].contains(&names[at - 1])) {
                groups.reverse();
            }
        }
        let review = review(&policies()[policy], &new, Some(&object));
        prop_assert!(denials(&review.findings).is_empty(), "{:#?}", denials(&review.findings));
    }

    /// Law 6, the other side: what the old object did not violate is refused as it is at creation.
    #[test]
    fn new_violations_are_refused(object in object()) {
        let policy = Policy::default();
        let at_creation = denials(&policy_findings(&policy, &object, None));
        let good = json!({"apiVersion": object["apiVersion"], "kind": object["kind"], "metadata": {"name": "c"}, "spec": {}});
        let at_update = denials(&policy_findings(&policy, &object, Some(&good)));
        prop_assert_eq!(at_creation, at_update);
    }

    /// Law 7: what is on its way out is never held up and never changed.
    #[test]
    fn nothing_is_said_of_an_object_that_is_being_deleted(object in damaged(), policy in policy_index()) {
        let mut object = object;
        if let Some(metadata) = object.get_mut("metadata").and_then(Value::as_object_mut) {
            metadata.insert("deletionTimestamp".to_owned(), json!("2026-11-22T00:00:00Z"));
            let review = review(&policies()[policy], &object, None);
            prop_assert!(review.findings.is_empty() && review.patch.is_empty());
        }
    }

    /// Law 8: any JSON whatever gets a verdict.
    #[test]
    fn any_json_gets_a_verdict(spec in objects::any_json(), kind in objects::kind(), policy in policy_index()) {
        let object = json!({"apiVersion": "ray.io/v1", "kind": kind, "metadata": spec.clone(), "spec": spec});
        let first = review(&policies()[policy], &object, None);
        review(&policies()[policy], &first.stored, Some(&object));
    }

    /// Law 10: a password never appears in what rayguard says, wherever in the object it is.
    #[test]
    fn no_secret_comes_out(object in damaged()) {
        for finding in review(&Policy::default(), &object, None).findings {
            prop_assert!(!finding.to_string().contains(SECRET), "{finding}");
        }
    }
}

fn policy_findings(policy: &Policy, object: &Value, old: Option<&Value>) -> Vec<Finding> {
    let (text, old_text) = (object.to_string(), old.map(ToString::to_string));
    let json: Json<'_> = serde_json::from_str(&text).expect("JSON");
    let old: Option<Json<'_>> = old_text.as_ref().map(|text| serde_json::from_str(text).expect("JSON"));
    let object = RayObject::read(&json).expect("a Ray object");
    policy.validate(&object, old.as_ref().and_then(RayObject::read).as_ref())
}
