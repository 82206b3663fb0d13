//! Odd reviews that could be mistaken for good ones: a review that is not understood must never be allowed.

use rayguard_test_client::client::Client;
use serde_json::{Value, json};

use super::{ask, figure};
use crate::server::process::Rayguard;
use crate::server::review::{self, bytes};

/// Returns a review of a cluster that cannot survive, with one change in its request.
fn bad(change: impl FnOnce(&mut Value)) -> Value {
    let mut review = review::cluster_create();
    review::break_timeouts(&mut review["request"]["object"]);
    change(&mut review["request"]);
    review
}

fn text(review: &Value) -> String {
    review.to_string()
}

/// Returns the review with this text before the first `"spec":{`.
fn before_spec(review: &Value, what: &str) -> String {
    text(review).replacen(r#""spec":{"#, &format!(r#"{what},"spec":{{"#), 1)
}

/// Returns odd reviews, each with the status of `/validate`: 400, or 200 with a denial.
fn not_allowed() -> Vec<(&'static str, Vec<u8>, u16)> {
    let review = bad(|_| {});
    let whole = text(&review);
    let gzipped = [0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 3, 0xab, 0xae, 5, 0, 0x43, 0xbf, 0xa6, 0xa3, 2, 0, 0, 0];
    vec![
        ("two requests", whole.replacen(r#""request":"#, r#""request":{"uid":"1"},"request":"#, 1).into(), 400),
        ("two objects", whole.replacen(r#""object":"#, r#""object":{},"object":"#, 1).into(), 400),
        (
            "two operations",
            whole.replace(r#""operation":"CREATE""#, r#""operation":"DELETE","operation":"CREATE""#).into(),
            400,
        ),
        (
            "two kinds",
            whole
                .replacen(r#""kind":"AdmissionReview""#, r#""kind":"AdmissionReview","kind":"AdmissionReview""#, 1)
                .into(),
            400,
        ),
        ("a bad spec behind a good one", before_spec(&review, r#""spec":{}"#).into(), 200),
        ("a comment", format!("/* a comment */{whole}").into(), 400),
        ("NaN", before_spec(&review, r#""x":NaN"#).into(), 400),
        ("Infinity", before_spec(&review, r#""x":-Infinity"#).into(), 400),
        ("a number out of range in the object", before_spec(&review, r#""x":1e999"#).into(), 400),
        ("a number of 100,000 digits", before_spec(&review, &format!(r#""x":{}"#, "9".repeat(100_000))).into(), 400),
        ("a leading zero", before_spec(&review, r#""x":007"#).into(), 400),
        ("a hexadecimal number", before_spec(&review, r#""x":0x7"#).into(), 400),
        ("a half surrogate for a key", before_spec(&review, r#""\udfff":1"#).into(), 400),
        ("a NUL in a string", before_spec(&review, "\"x\":\"\0\"").into(), 400),
        ("a NUL behind it", format!("{whole}\0").into(), 400),
        ("text behind it", format!("{whole} x").into(), 400),
        ("single quotes", whole.replace('"', "'").into(), 400),
        (
            "invalid UTF-8 in a string of the object",
            before_spec(&review, r#""x":"@""#).bytes().map(|byte| if byte == b'@' { 0xff } else { byte }).collect(),
            400,
        ),
        ("overlong UTF-8", [b"{\"", &[0xc0, 0xaf][..], b"\":1}"].concat(), 400),
        ("zipped", gzipped.to_vec(), 400),
        ("protobuf, as the API server's own", b"k8s\0\x0a\x10\x0a\x02v1\x12\x0aRayCluster".to_vec(), 400),
        ("a list for the object's kind", bytes(&bad(|request| request["object"]["kind"] = json!(["RayCluster"]))), 400),
        (
            "an object without a kind",
            bytes(&bad(|request| drop(request["object"].as_object_mut().expect("a map").remove("kind")))),
            400,
        ),
        (
            "an object without an apiVersion",
            bytes(&bad(|request| drop(request["object"].as_object_mut().expect("a map").remove("apiVersion")))),
            400,
        ),
        ("an object of another kind", bytes(&bad(|request| request["object"]["kind"] = json!("RayJob"))), 400),
        (
            "an object of another group",
            bytes(&bad(|request| request["object"]["apiVersion"] = json!("example.com/v1"))),
            400,
        ),
        ("an empty object", bytes(&bad(|request| request["object"] = json!({}))), 400),
        ("a list for sub_resource", bytes(&bad(|request| request["subResource"] = json!(["status"]))), 400),
        ("null for sub_resource", bytes(&bad(|request| request["subResource"] = Value::Null)), 400),
        ("a number for the namespace", bytes(&bad(|request| request["namespace"] = json!(1))), 400),
        ("a request's kind that is no map", bytes(&bad(|request| request["requestKind"] = json!("RayCluster"))), 400),
        (
            "a list for a worker group",
            bytes(&bad(|request| request["object"]["spec"]["workerGroupSpecs"][9] = json!([]))),
            200,
        ),
        ("unknown fields", bytes(&bad(|request| request["unknown"] = json!({"deep": [1, null]}))), 200),
        ("a dry run", bytes(&bad(|request| request["dryRun"] = json!(true))), 200),
        ("a uid of a megabyte", bytes(&bad(|request| request["uid"] = json!("u".repeat(1 << 20)))), 200),
        ("a name of a megabyte", bytes(&bad(|request| request["name"] = json!("n".repeat(1 << 20)))), 200),
        ("a uid that is no UUID", bytes(&bad(|request| request["uid"] = json!("\u{1F600}\"\\\n"))), 200),
        (
            "escapes in names of fields",
            whole.replacen(r#""workerGroupSpecs""#, r#""worker\u0047roupSpecs""#, 1).into(),
            200,
        ),
        (
            "an update from null",
            bytes(&bad(|request| (request["operation"], request["oldObject"]) = (json!("UPDATE"), Value::Null))),
            200,
        ),
        ("an update from nothing", bytes(&bad(|request| request["operation"] = json!("UPDATE"))), 200),
        (
            "an update from a list",
            bytes(&bad(|request| (request["operation"], request["oldObject"]) = (json!("UPDATE"), json!([])))),
            400,
        ),
    ]
}

#[test]
fn a_review_that_is_not_understood_is_never_allowed() {
    let rayguard = Rayguard::start(&[]);
    let mut client = rayguard.connect();
    let shapes = not_allowed();
    for (name, body, status) in &shapes {
        let response = client.post("/validate", body);
        assert_eq!(response.status, *status, "{name}: {response:?}");
        if *status == 200 {
            let uid = serde_json::from_slice::<Value>(body).expect("JSON")["request"]["uid"].clone();
            let answer = response.review();
            assert_eq!((&answer["allowed"], &answer["uid"]), (&json!(false), &uid), "{name}");
        }
        ask(&mut client);
    }
    let refused = shapes.iter().filter(|(.., status)| *status == 400).count();
    assert_eq!(rayguard.metric(r#"rayguard_admission_errors_total{reason="decode"}"#), refused as u64);
    assert_eq!(rayguard.metric(r#"rayguard_admission_errors_total{reason="panic"}"#), 0);
    let longest = rayguard.log().lines().map(str::len).max();
    assert!(longest.is_some_and(|longest| longest < 4096), "a line of {longest:?} bytes");
    figure!(
        "{} odd reviews: {refused} answered 400, {} denied, none allowed, and a good one answered after each",
        shapes.len(),
        shapes.len() - refused
    );
}

#[test]
fn irrelevant_requests_are_allowed_with_any_content() {
    let rayguard = Rayguard::start(&[]);
    let mut client = rayguard.connect();
    let passes = |client: &mut Client, name: &str, review: &Value| {
        for path in ["/validate", "/mutate"] {
            let answer = client.post(path, &bytes(review)).review();
            assert_eq!(answer, json!({"uid": review["request"]["uid"], "allowed": true}), "{name} {path}");
        }
    };
    for operation in ["DELETE", "CONNECT"] {
        for object in [Value::Null, json!({}), json!({"kind": 1})] {
            let review = bad(|request| (request["operation"], request["object"]) = (json!(operation), object.clone()));
            passes(&mut client, &format!("{operation} {object}"), &review);
        }
    }
    for sub_resource in ["status", "scale", "what-comes-later"] {
        passes(&mut client, sub_resource, &bad(|request| request["subResource"] = json!(sub_resource)));
    }
    let foreign = |request: &mut Value| {
        request["kind"] = json!({"group": "apps", "version": "v1", "kind": "Deployment"});
        request["object"] = json!({"apiVersion": "apps/v1", "kind": "Deployment"});
    };
    passes(&mut client, "a Deployment", &bad(foreign));
    let unknown = |request: &mut Value| {
        request["kind"]["kind"] = json!("RayPool");
        request["object"]["kind"] = json!("RayPool");
    };
    passes(&mut client, "a kind of a later version", &bad(unknown));
}

/// Returns a nested text for a field that holds YAML or JSON.
fn nested(open: &str, close: &str, depth: usize) -> String {
    format!("{}{}", open.repeat(depth), close.repeat(depth))
}

#[test]
fn deeply_nested_text_fields_are_answered() {
    let rayguard = Rayguard::start(&[]);
    let mut client = rayguard.connect();
    let depth = 100_000;
    let blocks: Vec<_> = (0..2000).map(|level| format!("{}a:", " ".repeat(level))).collect();
    let anchors: Vec<_> = (1..40).map(|level| format!("a{level}: &a{level} [*a{0}, *a{0}]", level - 1)).collect();
    let texts = [
        ("lists", nested("[", "]", depth)),
        ("lists without an end", nested("[", "", depth)),
        ("maps", nested("{a: ", "}", depth)),
        ("JSON maps", nested("{\"a\":", "}", depth)),
        ("dashes", nested("- ", "", depth)),
        ("questions", nested("? ", "", depth)),
        ("blocks", blocks.join("\n")),
        ("aliases that grow", format!("a0: &a0 x\n{}", anchors.join("\n"))),
        ("tags", nested("!!map ", "", depth)),
    ];
    let mut slowest = std::time::Duration::ZERO;
    for (name, text) in &texts {
        for field in ["serveConfigV2", "runtimeEnvYAML"] {
            let mut review = review::service_create();
            let object = &mut review["request"]["object"];
            if field == "serveConfigV2" {
                object["spec"][field] = json!(text);
            } else {
                let cluster = object["spec"]["rayClusterConfig"].clone();
                object["kind"] = json!("RayJob");
                object["spec"] = json!({"entrypoint": "python x.py", "rayClusterSpec": cluster, field: text});
                review["request"]["kind"]["kind"] = json!("RayJob");
            }
            let start = std::time::Instant::now();
            let response = client.post("/validate", &bytes(&review));
            slowest = slowest.max(start.elapsed());
            assert!(response.review()["allowed"].is_boolean(), "{name} in {field}");
            client.post("/mutate", &bytes(&review)).review();
        }
    }
    ask(&mut client);
    figure!(
        "{} shapes of nesting, to {depth} levels, in two fields each: answered, the slowest in {slowest:?}",
        texts.len()
    );
}
