//! What objects exempt themselves from, offline.

use serde_json::{Value, json};

use super::{DENIED, Shell, places};

fn with(annotations: &str) -> String {
    DENIED.replace("  name: denied\n", &format!("  name: denied\n  annotations:\n{annotations}"))
}

#[test]
fn an_object_is_exempt_from_what_its_annotations_name_with_a_reason() {
    let shell = Shell::with(&[("a.yaml", &with("    rayguard.dev/ignore-worker-reconnect-timeout: a test\n"))]);
    let ended = shell.run(&["check", "a.yaml"]);
    assert_eq!((ended.status, &*ended.out), (Some(0), ""));
    assert_eq!(ended.err, "checked 1 object in 1 file: 1 exempted\n");
    assert_eq!(shell.json(&["a.yaml"])["summary"]["exempted"], 1);
    let sarif: Value = serde_json::from_str(&shell.run(&["check", "-qo", "sarif", "a.yaml"]).out).expect("JSON");
    let results = sarif["runs"][0]["results"].as_array().expect("a list");
    assert_eq!(results.len(), 1, "code scanning is told, and told why");
    assert_eq!(results[0]["suppressions"], json!([{"kind": "inSource", "justification": "a test"}]));
}

#[test]
fn an_exemption_that_does_nothing_is_found() {
    let shell = Shell::with(&[
        ("slip.yaml", &with("    rayguard.dev/ignore-worker-reconect-timeout: a test\n")),
        ("blank.yaml", &with("    rayguard.dev/ignore-worker-reconnect-timeout: \" \"\n")),
        ("unused.yaml", &with("    rayguard.dev/ignore-head-schedules-work: a test\n")),
    ]);
    let report = shell.json(&["slip.yaml", "blank.yaml", "unused.yaml"]);
    assert_eq!(
        places(&report),
        [
            "slip.yaml:31:20 worker-reconnect-timeout",
            "slip.yaml:6:50 ineffective-exemption",
            "blank.yaml:31:20 worker-reconnect-timeout",
            "blank.yaml:6:51 ineffective-exemption",
            "unused.yaml:31:20 worker-reconnect-timeout",
            "unused.yaml:6:46 ineffective-exemption",
        ]
    );
    let slip = report["findings"][1]["message"].as_str().expect("a message");
    assert_eq!(slip, "there is no rule \"worker-reconect-timeout\"; did you mean \"worker-reconnect-timeout\"?");
}

#[test]
fn what_only_looks_like_an_exemption_is_found() {
    for annotation in
        ["rayguard.dev/ignored-single-replica", "rayguard.io/ignore-single-replica", "RayGuard.dev/ignore-x"]
    {
        let shell = Shell::with(&[("a.yaml", &with(&format!("    {annotation}: a test\n")))]);
        let found = places(&shell.json(&["a.yaml"]));
        assert!(found.iter().any(|found| found.ends_with(" ineffective-exemption")), "{annotation}: {found:?}");
    }
    let others = "    rayguard.dev/defaulted: \"[]\"\n    rayguards.example.com/team: a\n    ray.io/x: z\n";
    let shell = Shell::with(&[("a.yaml", &with(others))]);
    assert_eq!(places(&shell.json(&["a.yaml"])), ["a.yaml:33:20 worker-reconnect-timeout"]);
}

#[test]
fn an_exemption_from_a_wrong_type_shows_nothing_that_follows_from_it() {
    let annotation = "    rayguard.dev/ignore-malformed-field: known\n";
    let shell = Shell::with(&[("a.yaml", &with(annotation).replace("\"900\"", "900"))]);
    assert_eq!(shell.json(&["a.yaml"])["findings"], json!([]));
}
