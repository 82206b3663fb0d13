//! What `default` prints.

use super::{DENIED, Shell, allowed};

/// A cluster that lacks a default.
fn lacking() -> String {
    let env = "          env:\n          - name: RAY_gcs_rpc_server_reconnect_timeout_s\n            value: \"300\"\n";
    DENIED.replace(env, "").replace("denied", "lacking")
}

#[test]
fn defaults_are_written_and_everything_else_is_kept() {
    let service = "# a comment\napiVersion: v1\nkind: Service\nmetadata: {name: s, labels: {a: \"0777\"}}\n";
    let input = format!("{service}---\n{}---\n# nothing\n---\n{}", lacking(), allowed());
    let shell = Shell::with(&[("all.yaml", &input)]);
    let ended = shell.run(&["default", "all.yaml"]);
    assert_eq!((ended.status, &*ended.err), (Some(0), ""));
    insta::assert_snapshot!("default", ended.out);
    let again = shell.pipe(&["default"], ended.out.as_bytes());
    assert_eq!(again.out, ended.out, "what has its defaults is left as it is");
    let checked = shell.pipe(&["check", "--fail-on", "warning"], ended.out.as_bytes());
    assert_eq!((checked.status, &*checked.out), (Some(0), ""));
}

#[test]
fn lists_stay_lists() {
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
fn the_difference_can_be_shown() {
    let shell = Shell::with(&[("all.yaml", &format!("{}---\n{}", lacking(), allowed()))]);
    let ended = shell.run(&["default", "--diff", "all.yaml"]);
    assert_eq!(ended.status, Some(0));
    insta::assert_snapshot!("default_diff", ended.out);
    assert!(shell.run(&["default", "--diff", "--color", "always", "all.yaml"]).out.contains("\u{1b}[32m+"));
    assert_eq!(shell.run(&["default", "--diff", "--patch", "all.yaml"]).status, Some(2));
}

#[test]
fn patches_are_lines_of_json() {
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
    json_patch::patch(&mut object, &patch).expect("it applies to what was written");
    let printed = shell.pipe(&["default"], lacking().as_bytes()).out;
    let printed = rayguard_manifest::yaml::documents(&printed).remove(0).expect("it can be read").json;
    assert_eq!(object, serde_json::Value::from(&printed), "the same as without --patch");
}

#[test]
fn what_cannot_be_read_is_passed_on_and_said() {
    let input = format!("a: [\n---\n{}--- b\n", allowed());
    let ended = Shell::new().pipe(&["default"], input.as_bytes());
    assert_eq!(ended.status, Some(2));
    assert_eq!(ended.out, format!("---\n{input}"));
    assert!(ended.err.contains("--> <stdin>:1:4\n") && ended.err.contains("kubectl reads nothing"), "{}", ended.err);
    assert_eq!(Shell::new().run(&["default", "missing.yaml"]).status, Some(2));
}
