//! Responses of the webhooks to the API server.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use rayguard_test_client::client::head;
use serde_json::{Value, json};

use crate::server::process::{Rayguard, eventually};
use crate::server::review::{self, bytes};

const RULE: &str = "worker-reconnect-timeout";
const PATH: &str = "spec.workerGroupSpecs[0].template.spec.containers[0].env[0].value";

fn denied_review() -> Value {
    let mut review = review::cluster_create();
    review::break_timeouts(&mut review["request"]["object"]);
    review
}

#[test]
fn a_good_service_gets_defaults_once_and_has_no_findings() {
    let rayguard = Rayguard::start(&[]);
    let mut client = rayguard.connect();
    let mut review = review::service_create();

    let answer = client.post("/mutate?timeout=10s", &bytes(&review)).review();
    assert_eq!(answer["allowed"], true);
    assert_eq!(answer["patchType"], "JSONPatch");
    let patch = STANDARD.decode(answer["patch"].as_str().expect("a patch")).expect("base64");
    let patch: json_patch::Patch = serde_json::from_slice(&patch).expect("a JSON Patch");
    json_patch::patch(&mut review["request"]["object"], &patch).expect("the patch applies");
    let env = &review["request"]["object"]["spec"]["rayClusterConfig"]["workerGroupSpecs"][0]["template"]["spec"]["containers"]
        [0]["env"];
    assert_eq!(*env, json!([{"name": "RAY_gcs_rpc_server_reconnect_timeout_s", "value": "600"}]));

    let uid = &review["request"]["uid"];
    let plain = json!({"uid": uid, "allowed": true});
    assert_eq!(client.post("/mutate", &bytes(&review)).review(), plain, "nothing is left to add");
    assert_eq!(client.post("/validate", &bytes(&review)).review(), plain, "nothing is found");
}

#[test]
fn a_denial_has_the_message_the_field_and_the_help() {
    let rayguard = Rayguard::start(&[]);
    let review = denied_review();
    let answer = rayguard.connect().post("/validate?timeout=10s", &bytes(&review)).review();

    assert_eq!(answer["uid"], review["request"]["uid"]);
    assert_eq!(answer["allowed"], false);
    assert!(answer.get("patch").is_none() && answer.get("patchType").is_none());
    let status = &answer["status"];
    assert_eq!(
        (&status["code"], &status["reason"], &status["status"]),
        (&json!(422), &json!("Invalid"), &json!("Failure"))
    );
    let details = &status["details"];
    assert_eq!(details["group"], "ray.io");
    assert_eq!(details["kind"], "RayCluster");
    assert_eq!(details["name"], "ten-groups");
    let causes = details["causes"].as_array().expect("causes");
    assert_eq!(causes.len(), 10, "one for each worker group");
    assert_eq!(causes[0]["field"], PATH);
    assert_eq!(causes[0]["reason"], "FieldValueInvalid");
    let message = causes[0]["message"].as_str().expect("a message");
    assert!(message.contains("600 s") && message.contains("700 s"), "{message}");
    assert!(message.ends_with("preferably \"1240\" (worker-reconnect-timeout)"), "{message}");
    let message = status["message"].as_str().expect("a message");
    let lines: Vec<_> = message.lines().collect();
    assert_eq!(lines[0], "RayCluster \"ten-groups\" is invalid:");
    assert_eq!(lines.len(), 11);
    assert!(lines[1].starts_with(&format!("* {PATH}: ")), "{message}");
    assert_eq!(answer["auditAnnotations"]["deny"], RULE);
}

#[test]
fn an_update_is_not_refused_for_old_findings() {
    let rayguard = Rayguard::start(&[]);
    let mut client = rayguard.connect();
    let mut review = review::cluster_scale();
    review::break_timeouts(&mut review["request"]["object"]);
    let answer = client.post("/validate", &bytes(&review)).review();
    assert_eq!(answer["allowed"], false, "the finding is new");
    assert_eq!(answer["status"]["details"]["causes"][0]["field"], PATH);

    review::break_timeouts(&mut review["request"]["oldObject"]);
    let answer = client.post("/validate", &bytes(&review)).review();
    assert_eq!(answer["allowed"], true, "the old object has the finding");
    assert!(answer.get("status").is_none());
    let warnings = answer["warnings"].as_array().expect("warnings");
    assert!(warnings[0].as_str().expect("text").starts_with(PATH), "{warnings:?}");
    assert_eq!(warnings.len(), 8);
    assert_eq!(warnings[7], "+3 more; rayguard check lists them all");
    assert_eq!(answer["auditAnnotations"], json!({"warn": RULE}));
}

#[test]
fn requests_that_are_not_checked_are_allowed_unchanged() {
    let rayguard = Rayguard::start(&[]);
    let mut client = rayguard.connect();
    let mut deletion = review::cluster_delete();
    let mut status = review::cluster_status();
    let mut being_deleted = review::cluster_finalizer();
    let mut foreign = denied_review();
    for object in [
        &mut deletion["request"]["oldObject"],
        &mut status["request"]["object"],
        &mut being_deleted["request"]["object"],
    ] {
        review::break_timeouts(object);
    }
    foreign["request"]["object"]["apiVersion"] = json!("example.com/v1");
    foreign["request"]["kind"]["group"] = json!("example.com");
    let mut connect = denied_review();
    connect["request"]["operation"] = json!("CONNECT");
    for review in [deletion, status, being_deleted, foreign, connect] {
        for path in ["/validate", "/mutate"] {
            let answer = client.post(path, &bytes(&review)).review();
            assert_eq!(answer, json!({"uid": review["request"]["uid"], "allowed": true}), "{path}");
        }
    }
}

#[test]
fn a_dry_run_gets_the_same_response() {
    let rayguard = Rayguard::start(&[]);
    let mut client = rayguard.connect();
    for (name, mut review) in review::all().into_iter().chain([("denied", denied_review())]) {
        for path in ["/validate", "/mutate"] {
            let [wet, dry] = [false, true].map(|dry| {
                review["request"]["dryRun"] = json!(dry);
                client.post(path, &bytes(&review)).review()
            });
            assert_eq!(wet, dry, "{path} {name}");
            assert_eq!(wet["uid"], review["request"]["uid"]);
        }
    }
}

#[test]
fn the_version_that_the_user_sent_is_checked_and_not_the_converted_one() {
    let rayguard = Rayguard::start(&[]);
    let answer = rayguard.connect().post("/validate", &bytes(&review::cluster_alpha_create())).review();
    let warnings = answer["warnings"].to_string();
    assert!(
        warnings.contains("apiVersion: ray.io/v1alpha1") && warnings.contains("(deprecated-api-version)"),
        "{warnings}"
    );
}

#[test]
fn a_content_type_may_have_parameters() {
    let rayguard = Rayguard::start(&[]);
    let mut client = rayguard.connect();
    let body = bytes(&review::service_create());
    for content_type in ["application/json; charset=utf-8", "Application/JSON"] {
        client.send(&head("POST", "/validate", content_type, body.len())).expect("sent");
        client.send(&body).expect("sent");
        assert_eq!(client.receive().expect("an answer").status, 200, "{content_type}");
    }
}

#[test]
fn decisions_are_counted_and_logged_without_object_values() {
    let rayguard = Rayguard::start(&["--log-level", "debug"]);
    let mut review = denied_review();
    let secret = "correct-horse-battery-staple";
    review["request"]["object"]["spec"]["gcsFaultToleranceOptions"]["redisPassword"] = json!({"value": secret});
    let body = bytes(&review);
    let mut client = rayguard.connect();
    let answers = client.post("/validate", &body).body + &client.post("/mutate", &body).body;
    assert!(answers.contains("plaintext-redis-password"), "the rule has a finding: {answers}");
    client.post("/validate", &body[..body.len() / 2]);

    let decided = rayguard.logged("decided");
    for (field, value) in [("verdict", "deny"), ("webhook", "validate"), ("kind", "RayCluster"), ("name", "ten-groups")]
    {
        assert_eq!(decided[field], value, "{decided}");
    }
    assert_eq!(decided["uid"], review["request"]["uid"]);
    assert_eq!(decided["denied_by"], RULE);
    rayguard.logged("refused a request");
    let labels = r#"webhook="validate",kind="RayCluster",operation="CREATE",verdict="deny",dry_run="false""#;
    assert_eq!(rayguard.metric(&format!("rayguard_admission_requests_total{{{labels}}}")), 1);
    assert_eq!(rayguard.metric(&format!(r#"rayguard_rule_findings_total{{rule="{RULE}",level="deny"}}"#)), 10);
    assert_eq!(rayguard.metric(r#"rayguard_admission_errors_total{reason="decode"}"#), 1);
    assert_eq!(rayguard.metric(r#"rayguard_admission_duration_seconds_count{webhook="validate"}"#), 1);
    assert_eq!(rayguard.metric("rayguard_admission_in_flight"), 0);
    for output in [rayguard.log(), rayguard.ask_admin("/metrics").body, answers] {
        assert!(!output.contains(secret), "{output}");
    }
}

#[test]
fn a_line_end_in_a_name_begins_no_line_of_the_log() {
    let rayguard = Rayguard::start(&["--log-level", "debug"]);
    let mut review = denied_review();
    let forged = "x\n{\"message\":\"forged\"}\r\n{\"message\":\"forged\"}\u{2028}";
    for field in ["/request/name", "/request/namespace", "/request/uid", "/request/object/metadata/name"] {
        let mut review = review.clone();
        *review.pointer_mut(field).expect("a field") = json!(forged);
        rayguard.connect().post("/validate", &bytes(&review));
    }
    review["request"]["uid"] = json!("the last one");
    rayguard.connect().post("/validate", &bytes(&review));
    eventually("the last line", || rayguard.log().contains("the last one").then_some(()));
    for line in rayguard.log().lines() {
        let event: Value = serde_json::from_str(line).unwrap_or_else(|error| panic!("{error}: {line}"));
        assert_ne!(event["message"], "forged", "{line}");
    }
    assert!(rayguard.log().contains("forged"), "the names are in the log");
}
