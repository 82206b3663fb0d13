//! Tests of how `check` reads YAML and JSON texts.

use super::{DENIED, Shell, allowed, locations};

/// Checks one file, and returns the locations of findings and the messages of errors.
fn read(bytes: &[u8]) -> (Vec<String>, Vec<String>) {
    let shell = Shell::new();
    shell.write("a.yaml", bytes);
    let report = shell.json(&["--strict", "a.yaml"]);
    let errors = report["errors"].as_array().expect("a list").iter();
    let errors = errors.map(|it| format!("{}:{} {}", it["line"], it["column"], it["message"].as_str().expect("text")));
    (locations(&report), errors.collect())
}

fn found(bytes: &[u8]) -> Vec<String> {
    let (found, errors) = read(bytes);
    assert_eq!(errors, [""; 0]);
    found
}

#[test]
fn line_endings_and_byte_order_marks_do_not_matter() {
    let expected = ["a.yaml:29:20 worker-reconnect-timeout"];
    assert_eq!(found(DENIED.as_bytes()), expected);
    assert_eq!(found(DENIED.replace('\n', "\r\n").as_bytes()), expected);
    assert_eq!(found(format!("\u{feff}{DENIED}").as_bytes()), expected);
    assert_eq!(found(DENIED.trim_end().as_bytes()), expected);
}

#[test]
fn every_document_of_a_stream_is_checked() {
    let stream = format!("# nothing\n---\n{DENIED}---\n---\n{}...\n---\n{DENIED}", allowed());
    let expected = ["a.yaml:31:20 worker-reconnect-timeout", "a.yaml:93:20 worker-reconnect-timeout"];
    assert_eq!(found(stream.as_bytes()), expected);
    assert_eq!(found(stream.replace('\n', "\r\n").as_bytes()), expected);
}

#[test]
fn json_is_read_like_yaml() {
    let shell = Shell::with(&[("a.yaml", DENIED)]);
    let patched = shell.run(&["default", "a.yaml"]);
    let text = patched.out.trim_start_matches("---\n");
    let value = yaml_as_json(text);
    let pretty = serde_json::to_string_pretty(&value).expect("JSON").replace("  ", "\t");
    let (locations, errors) = read(pretty.as_bytes());
    assert_eq!(errors, [""; 0]);
    assert_eq!(locations.len(), 1);
    let line: usize = locations[0].split(':').nth(1).and_then(|line| line.parse().ok()).expect("a line");
    assert!(pretty.lines().nth(line - 1).is_some_and(|line| line.contains("\"300\"")), "{locations:?}");
    let line = serde_json::to_string(&value).expect("JSON");
    let column = line.find("\"300\"").expect("it is there") + 1;
    assert_eq!(found(line.as_bytes()), [format!("a.yaml:1:{column} worker-reconnect-timeout")]);
    assert_eq!(found(format!("{line}{line}\n{line}").as_bytes()).len(), 3, "a stream of JSON");
}

/// Converts YAML to JSON with the library itself, whose own tests cover the conversion.
fn yaml_as_json(text: &str) -> serde_json::Value {
    let document =
        rayguard_manifest::yaml::documents(text).into_iter().next().expect("a document").expect("it can be read");
    serde_json::Value::from(&document.json)
}

#[test]
fn a_finding_behind_an_alias_points_at_its_anchor() {
    let text = DENIED.replace("value: \"900\"", "value: &timeout \"900\"").replace("value: \"300\"", "value: *timeout");
    assert_eq!(found(text.as_bytes()), ["a.yaml:19:29 worker-reconnect-timeout"]);
    let labels = "metadata:\n  annotations: &both {a: b}\n  labels: {<<: *both}\n";
    let merged = DENIED.replace("metadata:\n", labels);
    assert_eq!(found(merged.as_bytes()), ["a.yaml:31:20 worker-reconnect-timeout"]);
}

#[test]
fn a_parse_error_has_its_location() {
    for (text, expected) in [
        ("a: 1\nb: 2\na: 3\n", "3:1 duplicate key \"a\" in this map"),
        ("a: 1\n\tb: 2\n", "1:4 a tab where only spaces are allowed"),
        ("a:\n  b: 1\n c: 2\n", "3:2 expected a key of the map above"),
        ("{\"a\": 1,\n \"b\" 2}\n", "2:6 not JSON: expected `:`"),
        ("kind: {{ .Values.kind }}\n", "1:8 a key must be a string, not a list or a map"),
        ("a: \"\nb: 1\n", "2:1 this line is inside a quoted string that starts above"),
    ] {
        assert_eq!(read(text.as_bytes()), (vec![], vec![expected.to_owned()]), "{text}");
    }
    let (_, errors) = read(b"a: 1\nb: \xff\xfe\n");
    assert_eq!(errors, ["2:4 not UTF-8 from byte 8 on"]);
    let mut bomb = "a0: &a0 [x, x]\n".to_owned();
    for n in 1..60 {
        bomb = format!("{bomb}a{n}: &a{n} [*a{0}, *a{0}]\n", n - 1);
    }
    let (_, errors) = read(bomb.as_bytes());
    assert_eq!(errors.len(), 1);
    let message = "aliases expand the document beyond the size that the API server accepts";
    assert!(errors[0].ends_with(message), "{errors:?}");
}

#[test]
fn an_empty_document_has_no_findings_and_no_errors() {
    for text in ["", "\n", "# comment\n", "---\n---\n", "null\n", "\u{feff}"] {
        let (found, errors) = read(text.as_bytes());
        assert_eq!((found.len(), errors.len()), (0, 0), "{text:?}");
    }
}

#[test]
fn a_huge_file_is_read_to_its_end() {
    let config_map = format!("kind: ConfigMap\ndata:\n  x: |\n{}", "    0123456789abcdef\n".repeat(500_000));
    let text = format!("{config_map}---\n{DENIED}");
    assert_eq!(found(text.as_bytes()), ["a.yaml:500033:20 worker-reconnect-timeout"]);
    let many = format!("---\n{DENIED}").repeat(500);
    assert_eq!(found(many.as_bytes()).len(), 500);
}
