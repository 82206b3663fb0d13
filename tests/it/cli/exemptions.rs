//! Exemptions by annotation, offline.

use serde_json::{Value, json};

use super::{DENIED, Shell, locations};

fn with(annotations: &str) -> String {
    DENIED.replace("  name: denied\n", &format!("  name: denied\n  annotations:\n{annotations}"))
}

#[test]
fn an_annotation_with_a_reason_exempts_an_object_from_a_rule() {
    let shell = Shell::with(&[("a.yaml", &with("    rayguard.dev/ignore-worker-reconnect-timeout: a test\n"))]);
    let ended = shell.run(&["check", "a.yaml"]);
    assert_eq!((ended.status, &*ended.out), (Some(0), ""));
    assert_eq!(ended.err, "checked 1 object in 1 file: 1 exempted; assumes KubeRay 1.7\n");
    assert_eq!(shell.json(&["a.yaml"])["summary"]["exempted"], 1);
    let sarif: Value = serde_json::from_str(&shell.run(&["check", "-qo", "sarif", "a.yaml"]).out).expect("JSON");
    let results = sarif["runs"][0]["results"].as_array().expect("a list");
    assert_eq!(results.len(), 1, "SARIF has the suppressed finding with its reason");
    assert_eq!(results[0]["suppressions"], json!([{"kind": "inSource", "justification": "a test"}]));
}

#[test]
fn an_ineffective_exemption_is_reported() {
    let shell = Shell::with(&[
        ("slip.yaml", &with("    rayguard.dev/ignore-worker-reconect-timeout: a test\n")),
        ("blank.yaml", &with("    rayguard.dev/ignore-worker-reconnect-timeout: \" \"\n")),
        ("unused.yaml", &with("    rayguard.dev/ignore-head-schedules-work: a test\n")),
    ]);
    let report = shell.json(&["slip.yaml", "blank.yaml", "unused.yaml"]);
    assert_eq!(
        locations(&report),
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
fn an_annotation_that_resembles_an_exemption_is_reported() {
    for annotation in
        ["rayguard.dev/ignored-single-replica", "rayguard.io/ignore-single-replica", "RayGuard.dev/ignore-x"]
    {
        let shell = Shell::with(&[("a.yaml", &with(&format!("    {annotation}: a test\n")))]);
        let found = locations(&shell.json(&["a.yaml"]));
        assert!(found.iter().any(|found| found.ends_with(" ineffective-exemption")), "{annotation}: {found:?}");
    }
    let others = "    rayguard.dev/defaulted: \"[]\"\n    rayguards.example.com/team: a\n    ray.io/x: z\n";
    let shell = Shell::with(&[("a.yaml", &with(others))]);
    assert_eq!(locations(&shell.json(&["a.yaml"])), ["a.yaml:33:20 worker-reconnect-timeout"]);
}

#[test]
fn exempting_a_malformed_field_hides_its_consequences() {
    let annotation = "    rayguard.dev/ignore-malformed-field: known\n";
    let shell = Shell::with(&[("a.yaml", &with(annotation).replace("\"900\"", "900"))]);
    assert_eq!(shell.json(&["a.yaml"])["findings"], json!([]));
}
