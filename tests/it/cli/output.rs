//! Tests of the output of `check`: its streams, formats and colours.

use std::io::Read;
use std::process::Stdio;

use serde_json::json;

use super::{DENIED, Shell, allowed, warned};

#[test]
fn text_output_shows_the_location_and_the_help() {
    let many = format!("{}---\nkind: Service\n---\n{}", warned(), DENIED);
    let shell = Shell::with(&[("cluster.yaml", &many), ("broken.yaml", "a: 1\nb: 2\na: 3\n")]);
    let ended = shell.run(&["check", "--strict", "cluster.yaml", "broken.yaml", "missing.yaml"]);
    insta::assert_snapshot!("check_text", ended.out);
    insta::assert_snapshot!("check_text_errors", ended.err);
}

#[test]
fn json_output_has_all_findings_and_errors() {
    let shell = Shell::with(&[("cluster.yaml", DENIED), ("broken.yaml", "a: 1\nb: 2\na: 3\n")]);
    let ended = shell.run(&["check", "--strict", "--output", "json", "cluster.yaml", "broken.yaml"]);
    insta::assert_snapshot!("check_json", ended.out);
    assert_eq!(
        shell.json(&["missing.yaml"])["errors"],
        json!([{
            "file": "missing.yaml",
            "message": "cannot be read: No such file or directory",
        }])
    );
    assert_eq!(shell.json(&[])["summary"]["files"], 1, "a report is written even without objects");
}

#[test]
fn findings_go_to_stdout_and_everything_else_to_stderr() {
    let shell = Shell::with(&[("allowed.yaml", &allowed()), ("denied.yaml", DENIED)]);
    let clean = shell.run(&["check", "allowed.yaml"]);
    assert_eq!((&*clean.out, &*clean.err), ("", "checked 1 object in 1 file: nothing found; assumes KubeRay 1.7\n"));
    let quiet = shell.run(&["check", "--quiet", "denied.yaml"]);
    assert!(quiet.out.starts_with("error[worker-reconnect-timeout]: "), "{}", quiet.out);
    assert_eq!(quiet.err, "");
    let json = shell.run(&["check", "-qo", "json", "missing.yaml"]);
    assert!(json.out.starts_with('{'));
    assert_eq!(json.err, "error: missing.yaml: cannot be read: No such file or directory\n");
}

#[test]
fn colours_follow_the_flag_and_no_color() {
    let shell = Shell::with(&[("denied.yaml", DENIED)]);
    let is_coloured = |arguments: &[&str], no_color: &str| {
        let arguments: Vec<_> = ["check", "denied.yaml"].iter().chain(arguments).copied().collect();
        let output = shell.command(&arguments).env("NO_COLOR", no_color).output().expect("the binary starts");
        String::from_utf8(output.stdout).expect("UTF-8").contains('\u{1b}')
    };
    assert!(!is_coloured(&[], ""), "a pipe gets no colours");
    assert!(!is_coloured(&["--color", "never"], ""));
    assert!(is_coloured(&["--color", "always"], ""));
    assert!(is_coloured(&["--color", "always"], "1"), "the flag overrides the variable");
}

#[test]
fn a_closed_pipe_is_not_an_error() {
    let many = format!("---\n{DENIED}").repeat(500);
    let shell = Shell::with(&[("many.yaml", &many)]);
    for arguments in [&["check", "many.yaml"][..], &["check", "-o", "json", "many.yaml"], &["default", "many.yaml"]] {
        let mut command = shell.command(arguments);
        let mut child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("the binary starts");
        let mut some = [0; 10];
        child.stdout.take().expect("a pipe").read_exact(&mut some).expect("something is printed");
        let mut errors = String::new();
        child.stderr.take().expect("a pipe").read_to_string(&mut errors).expect("UTF-8");
        let expected = i32::from(arguments[0] == "check");
        assert_eq!(child.wait().expect("the binary ends").code(), Some(expected), "{errors}");
        assert!(!errors.contains("pipe") && !errors.contains("panic"), "{errors}");
    }
}

#[test]
fn a_long_line_is_cut_around_the_location() {
    let shell = Shell::with(&[("a.yaml", DENIED)]);
    let document = rayguard_manifest::yaml::documents(DENIED).remove(0).expect("it can be read");
    let mut value = serde_json::Value::from(&document.json);
    value["metadata"]["annotations"] = json!({"a": "é".repeat(100_000), "z": "x"});
    shell.write("long.json", value.to_string().as_bytes());
    let ended = shell.run(&["check", "long.json"]);
    let column = shell.json(&["long.json"])["findings"][0]["column"].clone();
    assert!(ended.out.contains(&format!("--> long.json:1:{column}\n")), "{}", ended.out);
    assert!(ended.out.contains("\"value\":\"300\""), "{}", ended.out);
    assert!(ended.out.lines().all(|line| line.chars().count() <= 110), "{}", ended.out);
}
