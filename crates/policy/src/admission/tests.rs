//! Laws of the two webhooks: every body results in a decision or an error.

use proptest::collection::{btree_map, vec};
use proptest::prelude::*;
use serde_json::{Value, json};

use super::*;
use crate::context::Environment;

/// Validates a body without any knowledge of other objects.
fn validate<'a>(policy: &Policy, body: &'a [u8]) -> Result<Decision<'a>, Malformed> {
    super::validate(policy, Environment::EMPTY, body)
}

const RECORDED: [&[u8]; 4] = [
    include_bytes!("../../../../tests/fixtures/reviews/rayservice-create.json"),
    include_bytes!("../../../../tests/fixtures/reviews/raycluster-create.json"),
    include_bytes!("../../../../tests/fixtures/reviews/raycluster-v1alpha1-create.json"),
    include_bytes!("../../../../tests/fixtures/reviews/raycluster-reapply.json"),
];

/// Generates any JSON, with a preference for names that rayguard reads.
fn any_json() -> impl Strategy<Value = Value> {
    let text = prop_oneof![
        "[a-z]{0,4}",
        Just("RayCluster".to_owned()),
        Just("ray.io/v1".to_owned()),
        Just("true".to_owned()),
        Just("RAY_gcs_rpc_server_reconnect_timeout_s".to_owned()),
        any::<String>(),
    ];
    let name = prop_oneof![
        Just("metadata"),
        Just("spec"),
        Just("headGroupSpec"),
        Just("workerGroupSpecs"),
        Just("template"),
        Just("containers"),
        Just("env"),
        Just("name"),
        Just("value"),
        Just("rayStartParams"),
        Just("annotations"),
        Just("gcsFaultToleranceOptions"),
        Just("groupName"),
        Just("kind"),
        Just("apiVersion"),
        Just("rayClusterConfig"),
    ]
    .prop_map(str::to_owned);
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<f64>().prop_map(Value::from),
        text.prop_map(Value::from),
    ];
    leaf.prop_recursive(6, 64, 6, move |inner| {
        prop_oneof![
            vec(inner.clone(), 0..6).prop_map(Value::from),
            btree_map(name.clone(), inner, 0..6).prop_map(|map| map.into_iter().collect()),
        ]
    })
}

/// Returns the number of values in a value, including itself.
fn size(value: &Value) -> usize {
    1 + match value {
        Value::Array(items) => items.iter().map(size).sum(),
        Value::Object(map) => map.values().map(size).sum(),
        _ => 0,
    }
}

/// Returns the value at an index, in depth-first order.
fn nth(value: &mut Value, index: usize) -> Option<&mut Value> {
    if index == 0 {
        return Some(value);
    }
    let mut index = index - 1;
    let inner: Vec<&mut Value> = match value {
        Value::Array(items) => items.iter_mut().collect(),
        Value::Object(map) => map.values_mut().collect(),
        _ => Vec::new(),
    };
    for inner in inner {
        let size = size(inner);
        if index < size {
            return nth(inner, index);
        }
        index -= size;
    }
    None
}

/// Sends a body to both webhooks, and checks the properties of every response.
fn check(body: &[u8]) -> Result<(), TestCaseError> {
    let policy = Policy::default();
    for review in [mutate, validate] {
        let Ok(decision) = review(&policy, body) else { continue };
        let reply: Value = serde_json::from_slice(&decision.reply).expect("the response is JSON");
        let response = &reply["response"];
        prop_assert_eq!(&response["uid"], &*decision.request.uid);
        // Skipped values are not parsed, so a damaged body may still get a response.
        if let Ok(sent) = serde_json::from_slice::<Value>(body) {
            prop_assert_eq!(&response["uid"], &sent["request"]["uid"]);
        }
        prop_assert_eq!(response["allowed"].as_bool(), Some(decision.verdict != Verdict::Denied));
        prop_assert_eq!(response.get("patch").is_some(), response.get("patchType").is_some());
        prop_assert_eq!(response.get("patch").is_some(), decision.verdict == Verdict::Patched);
        prop_assert_eq!(response.get("status").is_some(), decision.verdict == Verdict::Denied);
        for warning in response["warnings"].as_array().into_iter().flatten() {
            prop_assert!(warning.as_str().expect("text").chars().count() <= 256);
        }
    }
    Ok(())
}

/// The number of bodies for each law. `PROPTEST_CASES` can increase it.
fn cases() -> u32 {
    ProptestConfig::default().cases.max(1000)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: cases(), failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn any_bytes_get_a_response(body in vec(any::<u8>(), 0..200)) {
        check(&body)?;
    }

    #[test]
    fn any_json_gets_a_response(body in any_json()) {
        check(body.to_string().as_bytes())?;
    }

    #[test]
    fn any_object_gets_a_decision(object in any_json(), old in any_json(), operation in "CREATE|UPDATE|DELETE|CONNECT") {
        let mut object = object;
        if let Some(map) = object.as_object_mut() {
            map.insert("kind".into(), json!("RayCluster"));
            map.insert("apiVersion".into(), json!("ray.io/v1"));
        }
        let request = json!({"uid": "1", "operation": operation, "object": object, "oldObject": old});
        let body = json!({"apiVersion": "admission.k8s.io/v1", "kind": "AdmissionReview", "request": request});
        check(body.to_string().as_bytes())?;
    }

    #[test]
    fn a_review_with_a_replaced_value_gets_a_response(
        recorded in 0..RECORDED.len(), index in any::<prop::sample::Index>(), value in any_json()
    ) {
        let mut review: Value = serde_json::from_slice(RECORDED[recorded]).expect("JSON");
        let index = index.index(size(&review));
        *nth(&mut review, index).expect("the index is below the size") = value;
        check(review.to_string().as_bytes())?;
    }

    #[test]
    fn a_damaged_review_gets_a_response(
        recorded in 0..RECORDED.len(),
        damage in vec((any::<prop::sample::Index>(), any::<u8>()), 1..4),
        end in proptest::option::of(any::<prop::sample::Index>()),
    ) {
        let mut body = RECORDED[recorded].to_vec();
        for (index, byte) in damage {
            let index = index.index(body.len());
            body[index] = byte;
        }
        if let Some(end) = end {
            body.truncate(end.index(body.len()));
        }
        check(&body)?;
    }
}

#[test]
fn a_dry_run_gets_the_same_response_and_is_recorded() {
    let policy = Policy::default();
    for review in [mutate, validate] {
        let mut body: Value = serde_json::from_slice(RECORDED[1]).expect("JSON");
        let wet = body.to_string();
        body["request"]["dryRun"] = json!(true);
        let dry = body.to_string();
        let [wet, dry] = [&wet, &dry].map(|body| review(&policy, body.as_bytes()).expect("a decision"));
        assert_eq!(wet.reply, dry.reply);
        assert_eq!((wet.request.dry_run, dry.request.dry_run), (false, true));
    }
}

#[test]
fn fields_that_no_rule_reads_are_skipped() {
    let request = Request::read(RECORDED[1]).expect("a review");
    let object = request.object().expect("an object");
    let status: Vec<_> = object.field("status").entries().iter().map(|(name, _)| &**name).collect();
    assert!(status.iter().all(|name| ["conditions", "jobDeploymentStatus"].contains(name)), "{status:?}");
    let metadata = object.field("metadata");
    assert!(metadata.entry("managedFields").is_none());
    assert_eq!(metadata.field("name").as_str(), Some("ten-groups"));
    assert_eq!(object.descend(["spec", "workerGroupSpecs"]).items().len(), 10);
}

#[test]
fn a_status_without_relevant_fields_is_skipped() {
    for status in [json!(null), json!("x"), json!([1]), json!({}), json!({"conditions": null, "state": "ready"})] {
        let mut body: Value = serde_json::from_slice(RECORDED[1]).expect("JSON");
        body["request"]["object"]["status"] = status;
        let body = body.to_string();
        let request = Request::read(body.as_bytes()).expect("a review");
        assert!(request.object().expect("an object").entry("status").is_none(), "{body}");
    }
}

#[test]
fn a_waiting_job_cannot_change_its_submission_mode() {
    let job = |mode| {
        json!({"apiVersion": "ray.io/v1", "kind": "RayJob", "metadata": {"name": "job", "namespace": "default"},
            "spec": {"clusterSelector": {"ray.io/cluster": "c"}, "submissionMode": mode},
            "status": {"jobDeploymentStatus": "Waiting", "rayClusterStatus": {"state": "ready"}}})
    };
    for (old, new, allowed) in [
        ("InteractiveMode", "InteractiveMode", true),
        ("InteractiveMode", "HTTPMode", false),
        ("HTTPMode", "HTTPMode", true),
    ] {
        let body = json!({"apiVersion": "admission.k8s.io/v1", "kind": "AdmissionReview", "request": {
            "uid": "1", "operation": "UPDATE", "kind": {"group": "ray.io", "version": "v1", "kind": "RayJob"},
            "name": "job", "namespace": "default", "object": job(new), "oldObject": job(old)}});
        let body = body.to_string();
        let decision = validate(&Policy::default(), body.as_bytes()).expect("a decision");
        assert_eq!(decision.verdict == Verdict::Denied, !allowed, "{old} {new}: {:?}", decision.findings);
    }
}

#[test]
fn a_group_that_an_update_removes_is_reported_while_it_has_pods() {
    let small = r#"{"groupName":"small","replicas":1,"minReplicas":0,"maxReplicas":4}"#;
    let large = r#"{"groupName":"large","replicas":1,"minReplicas":0,"maxReplicas":4}"#;
    let spaced = &large.replace(':', " : ");
    let [idle, full, suspended] = [r#""replicas":0"#, r#""replicas":9,"x":0"#, r#""suspend":true,"replicas":1"#]
        .map(|replicas| large.replace(r#""replicas":1"#, replicas));
    let bounded = &full.replace(r#""maxReplicas":4"#, r#""maxReplicas":0"#);
    let both = |other: &str| format!(r#"{{"workerGroupSpecs":[{small},{other}]}}"#);
    let one = &format!(r#"{{"workerGroupSpecs":[{small}]}}"#);
    let stopped = &one.replacen('{', r#"{"suspend":true,"#, 1);
    let recreated = &one.replacen('{', r#"{"upgradeStrategy":{"type":"Recreate"},"#, 1);
    for (kind, old, new, expected) in [
        ("RayCluster", both(large), one, true),
        ("RayCluster", both(spaced), one, true),
        ("RayCluster", both(&full), one, true),
        ("RayCluster", both(large), &both(&large.replace("large", "larger")), true),
        ("RayCluster", both(large), &"{}".to_owned(), true),
        ("RayCluster", one.clone(), &both(large), false),
        ("RayCluster", both(large), &format!(r#"{{"workerGroupSpecs":[{large},{small}]}}"#), false),
        ("RayCluster", both(&idle), one, false),
        ("RayCluster", both(bounded), one, false),
        ("RayCluster", both(&suspended), one, false),
        ("RayCluster", both(large), stopped, false),
        ("RayCluster", both(large), recreated, false),
        ("RayCluster", both(large).replacen('{', r#"{"suspend":true,"#, 1), one, false),
        (
            "RayJob",
            format!(r#"{{"rayClusterSpec":{}}}"#, both(large)),
            &format!(r#"{{"rayClusterSpec":{one}}}"#),
            false,
        ),
    ] {
        let object = |spec: &str| {
            format!(
                r#"{{"apiVersion":"ray.io/v1","kind":"{kind}","metadata":{{"name":"c","namespace":"n"}},"spec":{spec}}}"#
            )
        };
        let body = format!(
            r#"{{"apiVersion":"admission.k8s.io/v1","kind":"AdmissionReview","request":{{"uid":"1","operation":"UPDATE",
            "kind":{{"group":"ray.io","version":"v1","kind":"{kind}"}},"name":"c","namespace":"n","object":{},"oldObject":{}}}}}"#,
            object(new),
            object(&old)
        );
        let decision = validate(&Policy::default(), body.as_bytes()).expect("a decision");
        let is_found = decision.findings.iter().any(|finding| finding.rule.name == "removed-worker-group");
        assert_eq!(is_found, expected, "{kind}: {old} becomes {new}");
    }
}
