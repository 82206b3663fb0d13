//! What `check` prints, where, and in which form.

use std::io::Read;
use std::process::Stdio;

use serde_json::json;

use super::{DENIED, Shell, allowed, warned};

#[test]
fn people_are_shown_the_place_and_what_to_write() {
    let many = format!("{}---\nkind: Service\n---\n{}", warned(), DENIED);
    let shell = Shell::with(&[("cluster.yaml", &many), ("broken.yaml", "a: 1\nb: 2\na: 3\n")]);
    let ended = shell.run(&["check", "cluster.yaml", "broken.yaml", "missing.yaml"]);
    insta::assert_snapshot!("check_text", ended.out);
    insta::assert_snapshot!("check_text_errors", ended.err);
}

#[test]
fn programs_are_told_everything() {
    let shell = Shell::with(&[("cluster.yaml", DENIED), ("broken.yaml", "a: 1\nb: 2\na: 3\n")]);
    let ended = shell.run(&["check", "--output", "json", "cluster.yaml", "broken.yaml"]);
    insta::assert_snapshot!("check_json", ended.out);
    assert_eq!(
        shell.json(&["missing.yaml"])["errors"],
        json!([{
            "file": "missing.yaml",
            "message": "cannot be read: No such file or directory",
        }])
    );
    assert_eq!(shell.json(&[])["summary"]["files"], 1, "one object also where there is nothing");
}

#[test]
fn data_goes_out_and_everything_else_beside_it() {
    let shell = Shell::with(&[("allowed.yaml", &allowed()), ("denied.yaml", DENIED)]);
    let clean = shell.run(&["check", "allowed.yaml"]);
    assert_eq!((&*clean.out, &*clean.err), ("", "checked 1 object in 1 file: nothing found\n"));
    let quiet = shell.run(&["check", "--quiet", "denied.yaml"]);
    assert!(quiet.out.starts_with("error[worker-reconnect-timeout]: "), "{}", quiet.out);
    assert_eq!(quiet.err, "");
    let json = shell.run(&["check", "-qo", "json", "missing.yaml"]);
    assert!(json.out.starts_with('{'));
    assert_eq!(json.err, "error: missing.yaml: cannot be read: No such file or directory\n");
}

#[test]
fn colours_go_where_they_are_wanted() {
    let shell = Shell::with(&[("denied.yaml", DENIED)]);
    let is_coloured = |arguments: &[&str], no_color: &str| {
        let arguments: Vec<_> = ["check", "denied.yaml"].iter().chain(arguments).copied().collect();
        let output = shell.command(&arguments).env("NO_COLOR", no_color).output().expect("the binary starts");
        String::from_utf8(output.stdout).expect("UTF-8").contains('\u{1b}')
    };
    assert!(!is_coloured(&[], ""), "a pipe is no terminal");
    assert!(!is_coloured(&["--color", "never"], ""));
    assert!(is_coloured(&["--color", "always"], ""));
    assert!(is_coloured(&["--color", "always"], "1"), "the flag is closer than the variable");
}

#[test]
fn a_reader_that_goes_away_is_no_fault() {
    let many = format!("---\n{DENIED}").repeat(500);
    let shell = Shell::with(&[("many.yaml", &many)]);
    for arguments in [&["check", "many.yaml"][..], &["check", "-o", "json", "many.yaml"], &["default", "many.yaml"]] {
        let mut command = shell.command(arguments);
        let mut child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("the binary starts");
        let mut some = [0; 10];
        child.stdout.take().expect("a pipe").read_exact(&mut some).expect("something is printed");
        let mut complaints = String::new();
        child.stderr.take().expect("a pipe").read_to_string(&mut complaints).expect("UTF-8");
        let expected = i32::from(arguments[0] == "check");
        assert_eq!(child.wait().expect("the binary ends").code(), Some(expected), "{complaints}");
        assert!(!complaints.contains("pipe") && !complaints.contains("panic"), "{complaints}");
    }
}

#[test]
fn a_long_line_is_shown_around_the_place() {
    let shell = Shell::with(&[("a.yaml", DENIED)]);
    let document = rayguard_manifest::yaml::documents(DENIED).remove(0).expect("it can be read");
    let mut value = serde_json::Value::from(&document.json);
    value["metadata"]["annotations"] = json!({"a": "é".repeat(100_000), "z": "x"});
    shell.write("long.json", value.to_string().as_bytes());
    let ended = shell.run(&["check", "long.json"]);
    let place = shell.json(&["long.json"])["findings"][0]["column"].clone();
    assert!(ended.out.contains(&format!("--> long.json:1:{place}\n")), "{}", ended.out);
    assert!(ended.out.contains("\"value\":\"300\""), "{}", ended.out);
    assert!(ended.out.lines().all(|line| line.chars().count() <= 110), "{}", ended.out);
}
