//! The laws, each as a function of an object, which panics where it does not hold.

use rayguard_manifest::json::Json;
use rayguard_policy::policy::Policy;
use rayguard_policy::ray::RayObject;
use rayguard_policy::rule::{Finding, Level};
use serde_json::{Value, json};

/// What both webhooks say: the object as it is then stored, the patch, the findings.
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
    json_patch::patch(&mut stored, &patch).expect("the patch applies to the object that came");
    let stored_text = stored.to_string();
    let stored_json: Json<'_> = serde_json::from_str(&stored_text).expect("JSON");
    let findings = policy.validate(&RayObject::read(&stored_json).expect("it was one before"), old.as_ref());
    let patch = serde_json::to_value(&patch).expect("JSON").as_array().expect("a list").clone();
    Review { stored, patch, findings }
}

pub fn denials(findings: &[Finding]) -> Vec<String> {
    findings.iter().filter(|finding| finding.level == Level::Deny).map(ToString::to_string).collect()
}

/// Whether everything in one value is in the other, where it was: nothing removed, nothing replaced.
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

/// Law 1: each finding is one line, and says where: the place is there, or its parent is.
pub fn findings_name_their_place(policy: &Policy, object: &Value) {
    let review = review(policy, object, None);
    for finding in &review.findings {
        let line = finding.to_string();
        assert!(!line.contains('\n') && !finding.message.is_empty() && !finding.help.is_empty(), "{line}");
        // A field that is missing may have up to two parents that are missing too: `resources.limits[memory]`. One of
        // them may be the spec itself.
        let pointer = finding.path.to_pointer();
        let mut places = std::iter::successors(Some(&*pointer), |below| Some(below.rsplit_once('/')?.0)).take(4);
        let is_there = |place: &str| match place {
            "" => review.stored.get("spec").is_none(),
            _ => review.stored.pointer(place).is_some(),
        };
        assert!(places.any(is_there), "{line}");
    }
}

/// Law 3: a patch only adds, keeps what it knows nothing of, and applies to the object that came.
pub fn patches_only_add(policy: &Policy, object: &Value) {
    let review = review(policy, object, None);
    assert!(is_kept(object, &review.stored), "{}", json!(review.patch));
    let mut step = object.clone();
    for operation in &review.patch {
        assert_eq!(&operation["op"], "add");
        let path = operation["path"].as_str().expect("a path");
        let own = path == "/metadata/annotations/rayguard.dev~1defaulted";
        assert!(own || path.ends_with("/-") || step.pointer(path).is_none(), "{path} is there");
        let one: json_patch::Patch = serde_json::from_value(json!([operation])).expect("a patch");
        json_patch::patch(&mut step, &one).expect("each operation applies after the one before");
    }
    if *object == review.stored {
        assert!(review.patch.is_empty(), "a patch that changes nothing is no patch");
    }
}

/// Law 4: once written, nothing is left to write, at creation and as an update.
pub fn a_second_call_adds_nothing(policy: &Policy, object: &Value) {
    let first = review(policy, object, None);
    let second = review(policy, &first.stored, None);
    assert!(second.patch.is_empty(), "{}", json!(second.patch));
    let update = review(policy, &first.stored, Some(&first.stored));
    assert!(update.patch.is_empty(), "{}", json!(update.patch));
}

/// Law 5: a manifest that is applied again gives the same object, whatever became of the policy.
pub fn a_manifest_applied_again_changes_nothing<'p>(
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

/// Law 5: an object from before the webhook gets no defaults as long as its groups stay.
pub fn an_object_from_before_the_webhook_stays(policy: &Policy, object: &Value) {
    let review = review(policy, object, Some(object));
    assert_eq!(review.patch, Vec::<Value>::new());
}

/// Law 6: what the old object already violated does not stop an update, though groups change places.
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

/// Law 6, the other side: what the old object did not violate is refused as it is at creation.
pub fn new_violations_are_refused(policy: &Policy, object: &Value) {
    let at_creation = denials(&findings(policy, object, None));
    let good =
        json!({"apiVersion": object["apiVersion"], "kind": object["kind"], "metadata": {"name": "c"}, "spec": {}});
    let at_update = denials(&findings(policy, object, Some(&good)));
    assert_eq!(at_creation, at_update);
}

/// Law 7: what is on its way out is never held up and never changed.
pub fn nothing_is_said_of_an_object_that_is_being_deleted(policy: &Policy, object: &Value) {
    let mut object = object.clone();
    if let Some(metadata) = object.get_mut("metadata").and_then(Value::as_object_mut) {
        metadata.insert("deletionTimestamp".to_owned(), json!("2026-11-22T00:00:00Z"));
        let review = review(policy, &object, None);
        assert!(review.findings.is_empty() && review.patch.is_empty());
    }
}

/// Law 8: any JSON whatever gets a verdict.
pub fn any_json_gets_a_verdict(policy: &Policy, object: &Value) {
    let first = review(policy, object, None);
    review(policy, &first.stored, Some(object));
}

/// Where an object's cluster spec is, as a JSON Pointer.
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
