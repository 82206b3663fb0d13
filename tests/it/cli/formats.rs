//! Output formats for other programs, each read by such a program or validated by its schema.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use rayguard_test_support::packages;
use serde_json::Value;

use super::{CommandOutput, DENIED, Shell, allowed, warned};

/// Creates files with every result, and with names and values that some formats must escape.
fn shell() -> Shell {
    let strange = DENIED.replace("\"300\"", r#""<]]>&%0A::error,\u0001\u2028'""#);
    Shell::with(&[
        ("m/allowed.yaml", &allowed()),
        ("m/broken, or: not #1.yaml", "a: [ # kind: RayCluster\n"),
        ("m/denied & 100% wärts.yaml", &format!("kind: Service\n---\n{DENIED}---\n{DENIED}")),
        ("m/strange.yaml", &strange),
        ("m/warned.yaml", &warned()),
        ("m/other.json", "{}"),
    ])
}

/// Returns the output of `check` in a format for these files, and for no objects.
fn both(form: &str) -> [CommandOutput; 2] {
    let shell = shell();
    [shell.run(&["check", "-qo", form, "m"]), shell.run(&["check", "-qo", form])]
}

/// Returns the path of a published schema.
fn schema(name: &str) -> PathBuf {
    packages::require();
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/consumers/schemas");
    let output = Command::new(script).output().expect("the script starts");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    Path::new(String::from_utf8(output.stdout).expect("UTF-8").trim()).join(name)
}

#[test]
fn sarif_conforms_to_its_schema() {
    let schema = fs::read(schema("sarif.json")).expect("the schema of SARIF 2.1.0");
    let mut schema: Value = serde_json::from_slice(&schema).expect("JSON");
    // The pattern has an extra bracket that most validators reject, and restricts a property that rayguard does not
    // write.
    for of in ["run", "toolComponent"] {
        let language = &mut schema["definitions"][of]["properties"]["language"];
        assert!(language.as_object_mut().expect("a property").remove("pattern").is_some());
    }
    let validator = jsonschema::validator_for(&schema).expect("a schema");
    assert!(!validator.is_valid(&serde_json::json!({"version": "2.1.0"})), "the schema requires some properties");
    for CommandOutput { out, .. } in both("sarif") {
        let log: Value = serde_json::from_str(&out).expect("JSON");
        let errors: Vec<_> = validator.iter_errors(&log).map(|error| error.to_string()).collect();
        assert!(errors.is_empty(), "{errors:?}\n{out}");
    }
}

#[test]
fn sarif_has_locations_rules_and_unreadable_files() {
    let [full, empty] = both("sarif");
    let log: Value = serde_json::from_str(&full.out).expect("JSON");
    let run = &log["runs"][0];
    let rules = &run["tool"]["driver"]["rules"];
    let results = run["results"].as_array().expect("results");
    let mut locations = Vec::new();
    for result in results {
        let rule = &rules[usize::try_from(result["ruleIndex"].as_u64().expect("an index")).expect("an index")];
        assert_eq!(rule["id"], result["ruleId"]);
        let name = rule["id"].as_str().expect("a name");
        let help = rule["help"]["markdown"].as_str().expect("help");
        assert!(help.starts_with(&format!("# {name}\n")), "the rule's own page");
        let location = &result["locations"][0]["physicalLocation"];
        let file = location["artifactLocation"]["uri"].as_str().expect("a file");
        let [line, column, end_line, end_column] =
            ["startLine", "startColumn", "endLine", "endColumn"].map(|name| &location["region"][name]);
        locations.push(format!("{file}:{line}:{column}-{end_line}:{end_column} {name}"));
    }
    assert_eq!(
        locations,
        [
            "m/denied%20%26%20100%25%20w%C3%A4rts.yaml:31:20-31:25 worker-reconnect-timeout",
            "m/denied%20%26%20100%25%20w%C3%A4rts.yaml:61:20-61:25 worker-reconnect-timeout",
            "m/strange.yaml:29:20-29:51 invalid-reconnect-timeout",
            "m/warned.yaml:29:20-29:25 short-reconnect-timeout",
        ]
    );
    let invocation = &run["invocations"][0];
    assert_eq!(invocation["executionSuccessful"], false, "a file could not be read");
    assert_eq!(invocation["toolExecutionNotifications"].as_array().map(Vec::len), Some(1));
    let fingerprints: BTreeSet<_> = results.iter().map(|result| result["partialFingerprints"].to_string()).collect();
    assert_eq!(fingerprints.len(), 3, "two findings are of objects with one name");
    let empty: Value = serde_json::from_str(&empty.out).expect("JSON");
    assert_eq!(empty["runs"][0]["results"], serde_json::json!([]), "an empty list is written");
}

#[test]
fn junit_conforms_to_the_schema_of_jenkins() {
    let schema = schema("junit.xsd");
    let shell = shell();
    for (name, ended) in ["full.xml", "empty.xml"].iter().zip(both("junit")) {
        shell.write(name, ended.out.as_bytes());
        let xmllint = Command::new("xmllint")
            .args(["--noout", "--schema"])
            .arg(&schema)
            .arg(name)
            .current_dir(shell.path())
            .output()
            .expect("xmllint runs");
        assert!(xmllint.status.success(), "{}\n{}", String::from_utf8_lossy(&xmllint.stderr), ended.out);
    }
}

#[test]
fn a_warning_fails_a_junit_or_tap_test_only_if_it_fails_the_command() {
    let shell = Shell::with(&[("warned.yaml", &warned())]);
    for (fail_on, failures) in [("error", 0), ("warning", 1), ("never", 0)] {
        let ended = shell.run(&["check", "-qo", "junit", "--fail-on", fail_on, "warned.yaml"]);
        assert_eq!(ended.out.matches("<failure ").count(), failures, "{fail_on}: {}", ended.out);
        assert!(ended.out.contains("warning[short-reconnect-timeout]: spec."), "{fail_on}: {}", ended.out);
        let tap = shell.run(&["check", "-qo", "tap", "--fail-on", fail_on, "warned.yaml"]).out;
        assert_eq!(tap.contains("\nnot ok 1 - "), failures == 1, "{fail_on}: {tap}");
    }
}

#[test]
fn tap_is_readable_by_perls_prove() {
    packages::require();
    let shell = shell();
    let prove = |tap: &str| {
        shell.write("out.tap", tap.as_bytes());
        let output = Command::new("prove")
            .args(["--verbose", "--exec", "cat", "out.tap"])
            .current_dir(shell.path())
            .output()
            .expect("prove runs");
        (output.status.success(), String::from_utf8_lossy(&output.stdout).into_owned())
    };
    let [full, empty] = both("tap");
    let (is_success, printed) = prove(&full.out);
    assert!(!is_success);
    assert!(printed.contains("Failed 4/6 subtests") && printed.contains("Failed tests:  2-5"), "{printed}");
    assert!(!printed.contains("Parse errors"), "{printed}");
    let (is_success, printed) = prove(&empty.out);
    assert!(is_success && printed.contains("skipped: no KubeRay objects"), "{printed}");
    let clean = shell.run(&["check", "-qo", "tap", "m/allowed.yaml"]).out;
    assert_eq!(clean, "TAP version 13\nok 1 - m/allowed.yaml: RayCluster default/allowed\n1..1\n");
    assert!(prove(&clean).0);
}

/// Parses a line of a workflow log as GitHub's runner does (actions/runner src/Runner.Common/ActionCommand.cs).
fn annotation(line: &str) -> (String, Vec<(String, String)>, String) {
    const DATA: &[(&str, &str)] = &[("%0D", "\r"), ("%0A", "\n"), ("%25", "%")];
    const PROPERTY: &[(&str, &str)] = &[("%0D", "\r"), ("%0A", "\n"), ("%3A", ":"), ("%2C", ","), ("%25", "%")];
    let unescape = |text: &str, escapes: &[(&str, &str)]| {
        escapes.iter().fold(text.to_owned(), |text, (escaped, char)| text.replace(escaped, char))
    };
    let (command, message) = line.strip_prefix("::").and_then(|line| line.split_once("::")).expect("a command");
    let (name, properties) = command.split_once(' ').expect("properties");
    let properties = properties.split(',').map(|pair| pair.split_once('=').expect("a property"));
    let properties = properties.map(|(key, value)| (key.to_owned(), unescape(value, PROPERTY))).collect();
    (name.to_owned(), properties, unescape(message, DATA))
}

#[test]
fn github_output_has_one_annotation_per_finding() {
    let [full, empty] = both("github");
    assert_eq!(empty.out, "");
    let annotations: Vec<_> = full.out.lines().map(annotation).collect();
    let short = annotations.iter().map(|(name, properties, _)| {
        let get = |key: &str| properties.iter().find(|(name, _)| name == key).map_or("", |(_, value)| value);
        format!(
            "{name} {}:{}:{}-{}:{} {}",
            get("file"),
            get("line"),
            get("col"),
            get("endLine"),
            get("endColumn"),
            get("title")
        )
    });
    let short: Vec<_> = short.collect();
    assert_eq!(
        short,
        [
            "error m/broken, or: not #1.yaml:1:4-1:4 unreadable",
            "error m/denied & 100% wärts.yaml:31:20-31:25 worker-reconnect-timeout",
            "error m/denied & 100% wärts.yaml:61:20-61:25 worker-reconnect-timeout",
            "error m/strange.yaml:29:20-29:51 invalid-reconnect-timeout",
            "warning m/warned.yaml:29:20-29:25 short-reconnect-timeout",
        ]
    );
    assert!(annotations[1].2.starts_with("RayCluster default/denied: spec.workerGroupSpecs[0]."), "{annotations:?}");
}

#[test]
fn github_annotations_name_files_relative_to_the_working_folder() {
    let shell = Shell::with(&[("m/a.yaml", DENIED)]);
    let absolute = shell.path().canonicalize().expect("a folder").join("m/a.yaml");
    for path in ["./m/a.yaml", "m/a.yaml", absolute.to_str().expect("UTF-8")] {
        let out = shell.run(&["check", "-qo", "github", path]).out;
        assert!(out.starts_with("::error file=m/a.yaml,line="), "{path}: {out}");
    }
}

/// Checks the fields that GitLab requires or displays (gitlab-org/gitlab
/// `app/validators/json_schemas/codeclimate.json`).
#[test]
fn gitlab_output_is_a_code_quality_report() {
    let [full, empty] = both("gitlab");
    assert_eq!(empty.out, "[]\n");
    let entries: Vec<Value> = serde_json::from_str(&full.out).expect("a list");
    assert_eq!(entries.len(), 5);
    let mut fingerprints = BTreeSet::new();
    for entry in &entries {
        for text in ["description", "check_name", "fingerprint"] {
            assert!(entry[text].as_str().is_some_and(|text| !text.is_empty()), "{text}: {entry}");
        }
        let severity = entry["severity"].as_str().expect("a severity");
        assert!(["info", "minor", "major", "critical", "blocker"].contains(&severity), "{entry}");
        assert!(entry["location"]["lines"]["begin"].as_u64().is_some_and(|line| line > 0), "{entry}");
        let path = entry["location"]["path"].as_str().expect("a path");
        assert!(path.starts_with("m/"), "{entry}");
        assert!(fingerprints.insert(entry["fingerprint"].to_string()), "GitLab shows one of each fingerprint: {entry}");
    }
    let moved = Shell::with(&[("m/strange.yaml", &format!("# a line more\n{DENIED}"))]);
    let before = Shell::with(&[("m/strange.yaml", DENIED)]);
    let fingerprint = |shell: &Shell| {
        let out = shell.run(&["check", "-qo", "gitlab", "m"]).out;
        serde_json::from_str::<Value>(&out).expect("JSON")[0]["fingerprint"].clone()
    };
    assert_eq!(fingerprint(&moved), fingerprint(&before), "the fingerprint does not depend on the line");
}

#[test]
fn yaml_output_equals_json_output() {
    let [full, empty] = both("yaml");
    let [full_json, empty_json] = both("json");
    for (yaml, json) in [(full, full_json), (empty, empty_json)] {
        let documents = rayguard_manifest::yaml::documents(&yaml.out);
        let [Ok(document)] = &documents[..] else { panic!("{documents:?}\n{}", yaml.out) };
        let json: Value = serde_json::from_str(&json.out).expect("JSON");
        assert_eq!(serde_json::to_value(&document.json).expect("JSON"), json);
    }
}

#[test]
fn one_run_writes_several_formats_to_files() {
    let shell = shell();
    let ended = shell.run(&[
        "check",
        "--color",
        "always",
        "-o",
        "text",
        "-o",
        "text=out.txt",
        "-o",
        "sarif=out.sarif",
        "-o",
        "junit=out.xml",
        "m",
    ]);
    assert_eq!(ended.status, Some(2));
    let read = |name: &str| fs::read_to_string(shell.path().join(name)).expect("a file");
    assert!(ended.out.contains("\u{1b}["), "the standard output has colours");
    assert!(!read("out.txt").contains('\u{1b}'), "a file has no colours");
    assert!(read("out.txt").starts_with("error[worker-reconnect-timeout]: "));
    assert!(read("out.sarif").starts_with("{\n  \"version\": \"2.1.0\""));
    assert!(read("out.xml").ends_with("</testsuites>\n"));
    for (arguments, message) in [
        (&["-o", "json", "-o", "text"][..], "only one --output can go to the standard output"),
        (&["-o", "json=a", "-o", "text=./a"], "more than one --output goes to ./a"),
        (&["-o", "json=m/../m/warned.yaml", "m/warned.yaml"], "m/../m/warned.yaml, which is an input"),
        (&["-o", "json=no/such/a"], "error: cannot write no/such/a: No such file or directory"),
        (&["-o", "json="], "--output json=: write a file name after ="),
        (&["-o", "sarfi=a"], "a similar value exists: 'sarif'"),
    ] {
        let ended = shell.run(&[&["check"], arguments, &["m"]].concat());
        assert_eq!((ended.status, &*ended.out), (Some(2), ""), "{arguments:?}");
        assert!(ended.err.contains(message), "{arguments:?}: {}", ended.err);
    }
}

#[test]
fn a_report_file_is_replaced_when_the_report_is_complete() {
    let shell = Shell::with(&[("m/a.yaml", DENIED), ("m/report.json", "{}"), ("real.json", "[]")]);
    std::os::unix::fs::symlink("real.json", shell.path().join("link.json")).expect("a link");
    let read = |name: &str| fs::read_to_string(shell.path().join(name)).expect("a file");
    // The report file is in the checked folder, and its old content is checked.
    let ended = shell.run(&["check", "-qo", "json=m/report.json", "m"]);
    assert_eq!(ended.status, Some(1), "{ended:?}");
    let report: Value = serde_json::from_str(&read("m/report.json")).expect("JSON");
    assert_eq!(report["summary"]["files"], 2);
    assert_eq!(shell.run(&["check", "-qo", "json=link.json", "m/a.yaml"]).status, Some(1));
    assert!(shell.path().join("link.json").is_symlink());
    assert!(read("real.json").starts_with('{'));
    assert_eq!(shell.run(&["check", "-qo", "json=/dev/stdout", "m/a.yaml"]).out, read("real.json"));
    assert_eq!(fs::read_dir(shell.path().join("m")).expect("a folder").count(), 2, "no temporary file is left");
}

#[test]
fn a_newline_in_a_name_starts_no_output_line() {
    let name = r#"  name: "x\nok 2 - y\nBail out!""#;
    let shell = Shell::with(&[("a.yaml", &DENIED.replace("  name: denied", name))]);
    for form in ["tap", "github"] {
        let out = shell.run(&["check", "-qo", form, "a.yaml"]).out;
        assert!(!out.lines().any(|line| line.starts_with("ok") || line.starts_with("Bail")), "{out}");
    }
}
