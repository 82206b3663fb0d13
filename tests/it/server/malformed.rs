//! Malformed calls: each is refused with a plain reason that repeats nothing from the call, and no decision is made.

use rayguard_test_client::client::head;
use serde_json::{Value, json};

use crate::server::process::Rayguard;
use crate::server::review::{self, bytes};

const SECRET: &str = "hunter2";

/// Returns a review with one change.
fn with(change: impl FnOnce(&mut Value)) -> Vec<u8> {
    let mut review = review::service_create();
    change(&mut review);
    bytes(&review)
}

fn request(change: impl FnOnce(&mut serde_json::Map<String, Value>)) -> Vec<u8> {
    with(|review| change(review["request"].as_object_mut().expect("a request")))
}

fn shapes() -> Vec<(&'static str, Vec<u8>)> {
    let sound = bytes(&review::service_create());
    let text = String::from_utf8(sound.clone()).expect("UTF-8");
    let nested = |depth: usize| format!("{}{}", "[".repeat(depth), "]".repeat(depth));
    vec![
        ("nothing", Vec::new()),
        ("blanks", b"  \r\n".to_vec()),
        ("null", b"null".to_vec()),
        ("a boolean", b"true".to_vec()),
        ("a number", b"42".to_vec()),
        ("a number out of range", b"1e999".to_vec()),
        ("a string", format!("\"{SECRET}\"").into_bytes()),
        ("a list", b"[]".to_vec()),
        ("a list of reviews", format!("[{text}]").into_bytes()),
        ("an empty map", b"{}".to_vec()),
        ("text", format!("{SECRET} {SECRET}").into_bytes()),
        ("YAML", format!("kind: AdmissionReview\npassword: {SECRET}\n").into_bytes()),
        ("not UTF-8", [&sound[..40], b"\xff\xfe", &sound[40..]].concat()),
        ("UTF-16", text.encode_utf16().flat_map(u16::to_le_bytes).collect()),
        ("a byte order mark", format!("\u{feff}{text}").into_bytes()),
        ("cut short", sound[..sound.len() - 1].to_vec()),
        ("cut within a string", sound[..sound.len() / 2].to_vec()),
        ("data after it", format!("{text}{text}").into_bytes()),
        ("a trailing comma", format!("{},}}", &text[..text.len() - 1]).into_bytes()),
        ("a half surrogate", text.replace("fruit_app", r"\ud800").into_bytes()),
        ("a control character", text.replace("fruit_app", "\u{1}").into_bytes()),
        ("deep nesting alone", nested(250_000).into_bytes()),
        (
            "deep nesting in the object",
            text.replacen(r#""spec":{"#, &format!(r#""deep":{},"spec":{{"#, nested(100_000)), 1).into_bytes(),
        ),
        ("no apiVersion", with(|review| drop(review.as_object_mut().expect("a map").remove("apiVersion")))),
        ("another apiVersion", with(|review| review["apiVersion"] = json!("admission.k8s.io/v1beta1"))),
        ("a numeric apiVersion", with(|review| review["apiVersion"] = json!(1))),
        ("another kind", with(|review| review["kind"] = json!(SECRET))),
        ("no kind", with(|review| drop(review.as_object_mut().expect("a map").remove("kind")))),
        ("an object alone", with(|review| *review = review["request"]["object"].clone())),
        (
            "an answer",
            with(
                |review| *review = json!({"apiVersion": "admission.k8s.io/v1", "kind": "AdmissionReview", "response": {"uid": "1", "allowed": true}}),
            ),
        ),
        ("no request", with(|review| review["request"] = Value::Null)),
        ("a list for a request", with(|review| review["request"] = json!([SECRET]))),
        ("an empty request", with(|review| review["request"] = json!({}))),
        ("no uid", request(|request| drop(request.remove("uid")))),
        ("an empty uid", request(|request| request["uid"] = json!(""))),
        ("a numeric uid", request(|request| request["uid"] = json!(7))),
        ("no operation", request(|request| drop(request.remove("operation")))),
        ("an unknown operation", request(|request| request["operation"] = json!(SECRET))),
        ("an operation in lower case", request(|request| request["operation"] = json!("create"))),
        ("no object", request(|request| drop(request.remove("object")))),
        ("null for an object", request(|request| request["object"] = Value::Null)),
        ("a string for an object", request(|request| request["object"] = json!(SECRET))),
        ("a list for an object", request(|request| request["object"] = json!([{"kind": "RayCluster"}]))),
        ("a string for metadata", request(|request| request["object"]["metadata"] = json!(SECRET))),
        (
            "a string for dryRun",
            request(|request| {
                request.insert("dryRun".into(), json!(SECRET));
            }),
        ),
        ("a string for the kind", request(|request| request["kind"] = json!("RayService"))),
        ("a uid twice", text.replacen(r#""uid":"#, r#""uid":"first","uid":"#, 1).into_bytes()),
    ]
}

#[test]
fn a_malformed_review_is_refused_with_a_plain_reason() {
    let rayguard = Rayguard::start(&[]);
    let mut client = rayguard.connect();
    for (name, body) in shapes() {
        for path in ["/validate", "/mutate"] {
            let response = client.post(path, &body);
            assert_eq!(response.status, 400, "{name}: {response:?}");
            assert!(response.head.contains("content-type: text/plain"), "{name}: {response:?}");
            assert!(response.body.ends_with('\n') && response.body.len() > 10, "{name}: {response:?}");
            assert!(!response.body.contains(SECRET), "{name}: {response:?}");
        }
    }
    let refused = 2 * shapes().len() as u64;
    assert_eq!(rayguard.metric(r#"rayguard_admission_errors_total{reason="decode"}"#), refused);
    let sound = client.post("/validate", &bytes(&review::service_create()));
    assert_eq!(sound.review()["allowed"], true, "the connection and the server still work");
    assert!(!rayguard.log().contains(SECRET));
}

#[test]
fn an_unreadable_old_object_is_an_error_only_if_it_is_needed() {
    let rayguard = Rayguard::start(&[]);
    let mut client = rayguard.connect();
    let mut review = review::cluster_scale();
    review["request"]["oldObject"] = json!("no object");
    let response = client.post("/mutate", &bytes(&review));
    assert_eq!((response.status, response.body.as_str()), (400, "the request's oldObject cannot be read\n"));
    assert_eq!(client.post("/validate", &bytes(&review)).review()["allowed"], true);
    review::break_timeouts(&mut review["request"]["object"]);
    assert_eq!(client.post("/validate", &bytes(&review)).status, 400);
}

#[test]
fn a_wrong_method_path_or_content_type_is_refused() {
    let rayguard = Rayguard::start(&[]);
    let body = bytes(&review::service_create());
    for (method, path, content_type, status) in [
        ("GET", "/validate", "application/json", 405),
        ("PUT", "/mutate", "application/json", 405),
        ("DELETE", "/mutate", "application/json", 405),
        ("POST", "/", "application/json", 404),
        ("POST", "/validate/", "application/json", 404),
        ("POST", "/metrics", "application/json", 404),
        ("GET", "/readyz", "application/json", 404),
        ("POST", "/validate", "application/yaml", 415),
        ("POST", "/validate", "text/plain", 415),
        ("POST", "/validate", "application/jsonx", 415),
        ("POST", "/mutate", "", 415),
    ] {
        let mut client = rayguard.connect();
        client.send(&[head(method, path, content_type, body.len()), body.clone()].concat()).expect("sent");
        let response = client.receive().expect("an answer");
        assert_eq!(response.status, status, "{method} {path} {content_type}");
        assert!(response.body.ends_with('\n'), "{response:?}");
    }
    for garbage in ["nonsense\r\n\r\n", "POST /validate HTTP/9.9\r\n\r\n", "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"] {
        let mut client = rayguard.connect();
        client.send(garbage.as_bytes()).expect("sent");
        if let Ok(response) = client.receive() {
            assert_eq!(response.status, 400, "{garbage}");
        }
        assert!(client.is_closed(), "{garbage}");
    }
}
