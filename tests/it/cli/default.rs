//! Tests of the output of `default`.

use super::{DENIED, Shell, allowed};

/// Returns a cluster that lacks a default.
fn lacking() -> String {
    let env = "          env:\n          - name: RAY_gcs_rpc_server_reconnect_timeout_s\n            value: \"300\"\n";
    DENIED.replace(env, "").replace("denied", "lacking")
}

#[test]
fn default_adds_defaults_and_keeps_everything_else() {
    let service = "# a comment\napiVersion: v1\nkind: Service\nmetadata: {name: s, labels: {a: \"0777\"}}\n";
    let input = format!("{service}---\n{}---\n# nothing\n---\n{}", lacking(), allowed());
    let shell = Shell::with(&[("all.yaml", &input)]);
    let ended = shell.run(&["default", "all.yaml"]);
    assert_eq!((ended.status, &*ended.err), (Some(0), ""));
    insta::assert_snapshot!("default", ended.out);
    let again = shell.pipe(&["default"], ended.out.as_bytes());
    assert_eq!(again.out, ended.out, "an object with its defaults is not changed");
    let checked = shell.pipe(&["check", "--fail-on", "warning"], ended.out.as_bytes());
    assert_eq!((checked.status, &*checked.out), (Some(0), ""));
}

#[test]
fn default_keeps_lists() {
    let item = lacking().trim_end().replace('\n', "\n  ");
    let list = format!("kind: List\napiVersion: v1\nitems:\n- kind: Secret\n- {item}\n");
    let ended = Shell::new().pipe(&["default", "-"], list.as_bytes());
    assert!(
        ended.out.starts_with("---\nkind: List\napiVersion: v1\nitems:\n- kind: Secret\n- apiVersion:"),
        "{}",
        ended.out
    );
    assert!(ended.out.contains("value: \"1440\"\n"), "{}", ended.out);
}

#[test]
fn default_diff_prints_the_difference() {
    let shell = Shell::with(&[("all.yaml", &format!("{}---\n{}", lacking(), allowed()))]);
    let ended = shell.run(&["default", "--diff", "all.yaml"]);
    assert_eq!(ended.status, Some(0));
    insta::assert_snapshot!("default_diff", ended.out);
    assert!(shell.run(&["default", "--diff", "--color", "always", "all.yaml"]).out.contains("\u{1b}[32m+"));
    assert_eq!(shell.run(&["default", "--diff", "--patch", "all.yaml"]).status, Some(2));
}

#[test]
fn default_patch_prints_one_json_line_per_object() {
    let shell = Shell::with(&[("all.yaml", &format!("kind: Service\n---\n{}---\n{}", lacking(), allowed()))]);
    let ended = shell.run(&["default", "--patch", "all.yaml"]);
    let lines: Vec<serde_json::Value> =
        ended.out.lines().map(|line| serde_json::from_str(line).expect("JSON")).collect();
    assert_eq!(lines.len(), 2, "{}", ended.out);
    assert_eq!(lines[0]["object"]["name"], "lacking");
    assert_eq!(lines[0]["file"], "all.yaml");
    assert_eq!(lines[1]["patch"], serde_json::json!([]));
    let text = lacking();
    let document = rayguard_manifest::yaml::documents(&text).remove(0).expect("it can be read").json;
    let mut object = serde_json::Value::from(&document);
    let patch: json_patch::Patch = serde_json::from_value(lines[0]["patch"].clone()).expect("a patch");
    json_patch::patch(&mut object, &patch).expect("it applies to the original object");
    let printed = shell.pipe(&["default"], lacking().as_bytes()).out;
    let printed = rayguard_manifest::yaml::documents(&printed).remove(0).expect("it can be read").json;
    assert_eq!(object, serde_json::Value::from(&printed), "the same as without --patch");
}

#[test]
fn default_passes_unreadable_input_through_and_reports_it() {
    let input = format!("a: [ # kind: RayCluster\n---\n{}--- b\n", allowed());
    let ended = Shell::new().pipe(&["default"], input.as_bytes());
    assert_eq!(ended.status, Some(2));
    assert_eq!(ended.out, format!("---\n{input}"));
    assert!(ended.err.contains("--> <stdin>:1:4\n") && ended.err.contains("kubectl ignores content"), "{}", ended.err);
    assert_eq!(Shell::new().run(&["default", "missing.yaml"]).status, Some(2));
}
