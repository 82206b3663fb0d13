//! Checks that the answer to the bytes of a call is valid and fits the call, and that both webhooks agree on what a
//! call is.

#![no_main]

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use libfuzzer_sys::{fuzz_crossover, fuzz_mutator, fuzz_target};
use rayguard_fuzz::mutator;
use rayguard_policy::admission::{Decision, Malformed, Request, Verdict, mutate, validate};
use rayguard_policy::context::Environment;
use rayguard_policy::policy::Policy;
use rayguard_policy::rule::Level;
use rayguard_test_support::law;
use rayguard_test_support::policies::policies;
use serde_json::Value;

fuzz_mutator!(|data: &mut [u8], size: usize, max_size: usize, seed: u32| {
    // Some mutations change the bytes, so that bodies that are not JSON are tested too.
    if seed % 8 == 0 {
        libfuzzer_sys::fuzzer_mutate(data, size, max_size)
    } else {
        mutator::mutate(data, size, max_size, seed)
    }
});

fuzz_crossover!(|first: &[u8], second: &[u8], out: &mut [u8], seed: u32| {
    mutator::cross_over(first, second, out, seed)
});

fuzz_target!(|body: &[u8]| {
    let validated = validate(&Policy::default(), Environment::EMPTY, body);
    check(body, &validated);
    for policy in policies() {
        let mutated = mutate(policy, body);
        check(body, &mutated);
        if let Ok(decision) = &mutated {
            assert!(decision.findings.is_empty(), "the mutating webhook has no findings");
        }
        // The old object is read only if it can influence the answer.
        match (validated.as_ref().err(), mutated.as_ref().err()) {
            (Some(Malformed::OldObject), _) | (_, Some(Malformed::OldObject)) => {}
            (one, other) => assert_eq!(one, other, "both webhooks agree on a call"),
        }
    }
    check_reading(body);
});

/// Compares the parsed request with that of `serde_json`.
fn check_reading(body: &[u8]) {
    let read = Request::read(body);
    let Ok(review) = serde_json::from_slice::<Value>(body) else { return };
    let asked = &review["request"];
    match read {
        Ok(request) => {
            let Some(object) = request.object() else { return };
            assert_eq!(without_unread(Value::from(object)), without_unread(asked["object"].clone()));
        }
        // A duplicate key may be refused. A text with one is not equal to the output of `serde_json`.
        Err(error) => assert!(!is_call(&review) || review.to_string().as_bytes() != body, "{error}: {review}"),
    }
}

/// Returns the object without the parts that are not read.
fn without_unread(mut object: Value) -> Value {
    if let Some(metadata) = object.get_mut("metadata").and_then(Value::as_object_mut) {
        metadata.remove("managedFields");
    }
    if let Some(fields) = object.as_object_mut() {
        fields.remove("status");
    }
    object
}

/// Returns whether a review has all required fields of a call, and no field of another type.
fn is_call(review: &Value) -> bool {
    let absent_or = |value: &Value, is_it: fn(&Value) -> bool| value.is_null() || is_it(value);
    let has_kind = |kind: &Value| ["group", "version", "kind"].iter().all(|name| kind[name].is_string());
    let asked = &review["request"];
    let given = |name: &str| asked.get(name);
    review["apiVersion"] == "admission.k8s.io/v1"
        && review["kind"] == "AdmissionReview"
        && asked["uid"].as_str().is_some_and(|uid| !uid.is_empty())
        && ["CREATE", "UPDATE", "DELETE", "CONNECT"].iter().any(|operation| asked["operation"] == **operation)
        && ["name", "namespace", "subResource"].iter().all(|name| given(name).is_none_or(Value::is_string))
        && has_kind(&asked["kind"])
        && given("requestKind").is_none_or(has_kind)
        && given("dryRun").is_none_or(Value::is_boolean)
        && asked["object"].is_object()
        && asked["object"].get("metadata").is_none_or(Value::is_object)
        && absent_or(&asked["oldObject"], Value::is_object)
}

fn check(body: &[u8], outcome: &Result<Decision<'_>, Malformed>) {
    match outcome {
        Ok(decision) => check_answer(body, decision),
        Err(malformed) => assert!(malformed.to_string().len() < 120),
    }
}

fn check_answer(body: &[u8], decision: &Decision<'_>) {
    let request = &decision.request;
    let answer: Value = serde_json::from_slice(&decision.reply).expect("an answer is JSON");
    assert_eq!(answer["apiVersion"], "admission.k8s.io/v1");
    assert_eq!(answer["kind"], "AdmissionReview");
    let response = &answer["response"];
    assert_eq!(response["uid"], *request.uid);
    assert!(!request.uid.is_empty());
    let denied = decision.verdict == Verdict::Denied;
    assert_eq!(response["allowed"], !denied);
    assert_eq!(denied, decision.findings.iter().any(|finding| finding.level == Level::Deny));
    assert_eq!(denied, response["status"]["message"].is_string());
    assert_eq!(denied, response["status"]["code"] == 422);
    let warnings = response["warnings"].as_array().map_or(&[][..], Vec::as_slice);
    assert!(warnings.len() <= 8);
    for warning in warnings.iter().map(|warning| warning.as_str().expect("text")) {
        assert!(warning.chars().count() <= 256 && !warning.contains('\n'), "{warning}");
    }

    let patched = decision.verdict == Verdict::Patched;
    assert_eq!(patched, response["patch"].is_string());
    assert_eq!(patched, response["patchType"] == "JSONPatch");
    assert_eq!(patched, decision.operations > 0);
    // An independent parser reads the same call. It accepts fewer calls, because it reads the whole body and limits the
    // depth.
    let Ok(read) = serde_json::from_slice::<Value>(body) else { return };
    let asked = &read["request"];
    assert_eq!(asked["uid"], *request.uid);
    for (field, value) in [("name", &request.name), ("namespace", &request.namespace)] {
        assert_eq!(asked[field].as_str().unwrap_or_default(), value);
    }
    assert_eq!(asked["operation"].as_str(), request.operation.map(|operation| operation.as_str()));
    if patched {
        let patch = STANDARD.decode(response["patch"].as_str().expect("text")).expect("base64");
        let patch: json_patch::Patch = serde_json::from_slice(&patch).expect("a patch");
        assert_eq!(patch.0.len(), decision.operations);
        let mut object = asked["object"].clone();
        json_patch::patch(&mut object, &patch).expect("the patch applies to the received object");
        let mut sent = asked["object"].clone();
        if let Some(annotations) = sent.pointer_mut("/metadata/annotations").and_then(Value::as_object_mut) {
            annotations.remove("rayguard.dev/defaulted"); // its own record, which it overwrites
        }
        assert!(law::is_kept(&sent, &object));
    }
}
