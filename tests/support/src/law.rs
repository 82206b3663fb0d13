//! The laws. Each is a function of an object that panics if the law does not hold.

use rayguard_manifest::json::Json;
use rayguard_policy::policy::Policy;
use rayguard_policy::ray::RayObject;
use rayguard_policy::rule::{Finding, Level};
use serde_json::{Value, json};

/// The responses of both webhooks: the stored object, the patch and the findings.
pub struct Review {
    pub stored: Value,
    pub patch: Vec<Value>,
    pub findings: Vec<Finding>,
}

pub fn review(policy: &Policy, object: &Value, old: Option<&Value>) -> Review {
    let (text, old_text) = (object.to_string(), old.map(ToString::to_string));
    let json: Json<'_> = serde_json::from_str(&text).expect("JSON");
    let old_json: Option<Json<'_>> = old_text.as_ref().map(|text| serde_json::from_str(text).expect("JSON"));
    let old = old_json.as_ref().and_then(RayObject::read);
    let Some(ray) = RayObject::read(&json) else {
        return Review { stored: object.clone(), patch: Vec::new(), findings: Vec::new() };
    };
    let patch = policy.mutate(&ray, old.as_ref());
    let mut stored = object.clone();
    json_patch::patch(&mut stored, &patch).expect("the patch applies to the object as received");
    let stored_text = stored.to_string();
    let stored_json: Json<'_> = serde_json::from_str(&stored_text).expect("JSON");
    let findings = policy.validate(&RayObject::read(&stored_json).expect("it is still a Ray object"), old.as_ref());
    let patch = serde_json::to_value(&patch).expect("JSON").as_array().expect("a list").clone();
    Review { stored, patch, findings }
}

pub fn denials(findings: &[Finding]) -> Vec<String> {
    findings.iter().filter(|finding| finding.level == Level::Deny).map(ToString::to_string).collect()
}

/// Returns whether `after` contains everything of `before` in the same location: nothing removed, nothing replaced.
pub fn is_kept(before: &Value, after: &Value) -> bool {
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

/// Law 1: each finding is one line and names a field path; the field or its parent exists.
pub fn findings_name_a_field_path_in_the_object(policy: &Policy, object: &Value) {
    let review = review(policy, object, None);
    for finding in &review.findings {
        let line = finding.to_string();
        assert!(!line.contains('\n') && !finding.message.is_empty() && !finding.help.is_empty(), "{line}");
        // A missing field may have up to two missing parents, as in `resources.limits[memory]`. One of them may be the
        // spec itself.
        let pointer = finding.path.to_pointer();
        let mut parents = std::iter::successors(Some(&*pointer), |below| Some(below.rsplit_once('/')?.0)).take(4);
        let exists = |pointer: &str| match pointer {
            "" => review.stored.get("spec").is_none(),
            _ => review.stored.pointer(pointer).is_some(),
        };
        assert!(parents.any(exists), "{line}");
    }
}

/// Law 3: a patch only adds, keeps unknown fields, and applies to the object as received.
pub fn patches_only_add(policy: &Policy, object: &Value) {
    let review = review(policy, object, None);
    assert!(is_kept(object, &review.stored), "{}", json!(review.patch));
    let mut step = object.clone();
    for operation in &review.patch {
        assert_eq!(&operation["op"], "add");
        let path = operation["path"].as_str().expect("a path");
        let own = path == "/metadata/annotations/rayguard.dev~1defaulted";
        assert!(own || path.ends_with("/-") || step.pointer(path).is_none(), "{path} exists");
        let one: json_patch::Patch = serde_json::from_value(json!([operation])).expect("a patch");
        json_patch::patch(&mut step, &one).expect("each operation applies after the one before");
    }
    if *object == review.stored {
        assert!(review.patch.is_empty(), "a patch that changes nothing must be empty");
    }
}

/// Law 4: a second call adds nothing, neither at creation nor on update.
pub fn a_second_mutation_adds_nothing(policy: &Policy, object: &Value) {
    let first = review(policy, object, None);
    let second = review(policy, &first.stored, None);
    assert!(second.patch.is_empty(), "{}", json!(second.patch));
    let update = review(policy, &first.stored, Some(&first.stored));
    assert!(update.patch.is_empty(), "{}", json!(update.patch));
}

/// Law 5: applying a manifest again gives the same object, even if the policy has changed.
pub fn reapplying_a_manifest_changes_nothing<'p>(
    object: &Value,
    created: &Policy,
    later: impl IntoIterator<Item = &'p Policy>,
) {
    let mut stored = review(created, object, None).stored;
    let spec = stored["spec"].clone();
    for policy in later {
        stored = review(policy, object, Some(&stored)).stored;
        assert_eq!(stored["spec"], spec);
    }
}

/// Law 5: an object created before the webhook gets no defaults as long as its groups do not change.
pub fn an_object_from_before_the_webhook_gets_no_defaults(policy: &Policy, object: &Value) {
    let review = review(policy, object, Some(object));
    assert_eq!(review.patch, Vec::<Value>::new());
}

/// Law 6: violations of the old object do not block an update, even if groups are reordered.
pub fn old_violations_only_warn(policy: &Policy, object: &Value, finalizer: bool) {
    let mut new = object.clone();
    if let Some(metadata) = new.get_mut("metadata").and_then(Value::as_object_mut)
        && finalizer
    {
        metadata.insert("finalizers".to_owned(), json!(["ray.io/gcs-ft-redis-cleanup-finalizer"]));
    }
    let pointer = format!("{}/workerGroupSpecs", cluster_spec(object));
    if let Some(groups) = new.pointer_mut(&pointer).and_then(Value::as_array_mut) {
        let names: Vec<_> = groups.iter().map(|group| group.get("groupName").and_then(Value::as_str)).collect();
        if names.iter().all(Option::is_some) && (1..names.len()).all(|at| !names[at..].contains(&names[at - 1])) {
            groups.reverse();
        }
    }
    let review = review(policy, &new, Some(object));
    assert!(denials(&review.findings).is_empty(), "{:#?}", denials(&review.findings));
}

/// Law 6, the converse: violations that the old object does not have are refused as at creation.
pub fn new_violations_are_refused(policy: &Policy, object: &Value) {
    let at_creation = denials(&findings(policy, object, None));
    let good =
        json!({"apiVersion": object["apiVersion"], "kind": object["kind"], "metadata": {"name": "c"}, "spec": {}});
    let at_update = denials(&findings(policy, object, Some(&good)));
    assert_eq!(at_creation, at_update);
}

/// Law 7: an object that is being deleted is neither refused nor changed.
pub fn an_object_that_is_being_deleted_has_no_findings_and_no_patch(policy: &Policy, object: &Value) {
    let mut object = object.clone();
    if let Some(metadata) = object.get_mut("metadata").and_then(Value::as_object_mut) {
        metadata.insert("deletionTimestamp".to_owned(), json!("2026-11-22T00:00:00Z"));
        let review = review(policy, &object, None);
        assert!(review.findings.is_empty() && review.patch.is_empty());
    }
}

/// Law 8: any JSON gets a verdict.
pub fn any_json_gets_a_verdict(policy: &Policy, object: &Value) {
    let first = review(policy, object, None);
    review(policy, &first.stored, Some(object));
}

/// Returns the JSON Pointer of an object's cluster spec.
pub fn cluster_spec(object: &Value) -> &'static str {
    match object["kind"].as_str() {
        Some("RayService") => "/spec/rayClusterConfig",
        Some("RayJob") => "/spec/rayClusterSpec",
        Some("RayCronJob") => "/spec/jobTemplate/rayClusterSpec",
        _ => "/spec",
    }
}

fn findings(policy: &Policy, object: &Value, old: Option<&Value>) -> Vec<Finding> {
    let (text, old_text) = (object.to_string(), old.map(ToString::to_string));
    let json: Json<'_> = serde_json::from_str(&text).expect("JSON");
    let old: Option<Json<'_>> = old_text.as_ref().map(|text| serde_json::from_str(text).expect("JSON"));
    let object = RayObject::read(&json).expect("a Ray object");
    policy.validate(&object, old.as_ref().and_then(RayObject::read).as_ref())
}
