//! Verdicts and exit statuses of `check`.

use std::os::unix::fs::symlink;

use serde_json::json;

use super::{DENIED, Shell, allowed, locations, warned};

#[test]
fn the_exit_status_matches_the_verdict_and_fail_on() {
    let shell = Shell::with(&[("denied.yaml", DENIED), ("warned.yaml", &warned()), ("allowed.yaml", &allowed())]);
    for (arguments, status) in [
        (&["allowed.yaml"][..], 0),
        (&["warned.yaml"], 0),
        (&["denied.yaml"], 1),
        (&["--fail-on", "error", "warned.yaml"], 0),
        (&["--fail-on", "deny", "denied.yaml"], 1),
        (&["--fail-on", "warning", "warned.yaml"], 1),
        (&["--fail-on", "warn", "allowed.yaml"], 0),
        (&["--fail-on", "never", "denied.yaml"], 0),
        (&["allowed.yaml", "denied.yaml"], 1),
        (&["missing.yaml", "denied.yaml"], 2),
        (&["--fail-on", "never", "missing.yaml"], 2),
        (&["--fail-on", "sometimes", "allowed.yaml"], 2),
        (&["--no-such-flag"], 2),
    ] {
        let arguments: Vec<_> = ["check"].iter().chain(arguments).copied().collect();
        assert_eq!(shell.run(&arguments).status, Some(status), "{arguments:?}");
    }
    assert_eq!(shell.run(&[]).status, Some(2), "no command");
    assert_eq!(shell.run(&["--help"]).status, Some(0));
}

#[test]
fn unreadable_documents_do_not_hide_other_findings() {
    let text = format!("a: [ # kind: RayCluster\n---\n{DENIED}---\nb: {{ # kind: RayCluster\n");
    let shell = Shell::with(&[("mixed.yaml", &text)]);
    let report = shell.json(&["missing.yaml", "mixed.yaml"]);
    assert_eq!(locations(&report), ["mixed.yaml:31:20 worker-reconnect-timeout"]);
    let errors = report["errors"].as_array().expect("a list");
    let errors: Vec<_> = errors.iter().map(|error| (error["file"].as_str(), error["line"].as_u64())).collect();
    assert_eq!(errors, [(Some("missing.yaml"), None), (Some("mixed.yaml"), Some(1)), (Some("mixed.yaml"), Some(33))]);
    assert_eq!(shell.run(&["check", "missing.yaml", "mixed.yaml"]).status, Some(2), "2 wins over 1");
}

#[test]
fn a_folder_is_read_in_order_without_hidden_ignored_and_excluded_files() {
    let shell = Shell::with(&[
        ("m/b/c.yml", DENIED),
        ("m/a.yaml", DENIED),
        ("m/b.json", "{}"),
        ("m/d.YAML", DENIED),
        ("m/notes.txt", "a: ["),
        ("m/.hidden.yaml", "a: ["),
        ("m/.git/x.yaml", "a: ["),
        ("m/.gitignore", "a.yaml\n"),
    ]);
    symlink("a.yaml", shell.path().join("m/link.yaml")).expect("a link");
    let files = |arguments: &[&str]| -> (Vec<String>, serde_json::Value) {
        let report = shell.json(arguments);
        assert_eq!(report["errors"], json!([]));
        assert_eq!(shell.json(arguments), report, "the report is deterministic");
        let files = report["findings"].as_array().expect("a list").iter().map(|it| it["file"].as_str());
        (files.map(|file| file.expect("a name").to_owned()).collect(), report["summary"].clone())
    };
    let (read, summary) = files(&["m"]);
    assert_eq!(read, ["m/b/c.yml", "m/d.YAML", "m/link.yaml"]);
    assert_eq!(summary["files"], 4);
    assert_eq!(summary["skipped"], json!({"hidden": 1, "ignored": 1, "excluded": 0}));
    assert_eq!(files(&["--no-ignore", "m"]).0, ["m/a.yaml", "m/b/c.yml", "m/d.YAML", "m/link.yaml"]);
    let (read, summary) = files(&["--exclude", "b/", "--exclude", "*.YAML", "m"]);
    assert_eq!(read, ["m/link.yaml"]);
    assert_eq!(summary["skipped"], json!({"hidden": 1, "ignored": 1, "excluded": 2}));
    assert_eq!(files(&["m/a.yaml"]).0, ["m/a.yaml"], "a file that is named is read");
    assert_eq!(files(&["--exclude", "a.yaml", "m/a.yaml"]).1["skipped"]["excluded"], 1);
    let ended = shell.run(&["check", "--exclude", "b/", "m"]);
    let summary = "checked 2 objects in 3 files (1 of other kinds skipped; not read: 1 hidden, 1 ignored by git, 1 excluded): 2 errors; assumes KubeRay 1.7\n";
    assert_eq!(ended.err, summary);
}

#[test]
fn dangling_links_that_are_skipped_are_no_errors() {
    let shell = Shell::with(&[("m/a.yaml", DENIED), ("m/.gitignore", "round\n")]);
    for (link, to) in [(".#a.yaml", "user@host.1"), ("readme.txt", "nothing"), ("round", "."), ("off.yaml", "nothing")]
    {
        symlink(to, shell.path().join("m").join(link)).expect("a link");
    }
    let report = shell.json(&["--exclude", "off.yaml", "m"]);
    assert_eq!(report["errors"], json!([]));
    assert_eq!(report["summary"]["skipped"], json!({"hidden": 1, "ignored": 1, "excluded": 1}));
}

#[test]
fn gitignore_files_of_all_folders_in_the_repository_apply() {
    let shell = Shell::with(&[
        ("r/.git/HEAD", ""),
        ("r/.gitignore", "drop.yaml\n/top.yaml\nbuilt/\n"),
        ("r/m/.gitignore", "!drop.yaml\nlocal.yaml\n"),
        ("r/m/drop.yaml", DENIED),
        ("r/m/local.yaml", DENIED),
        ("r/m/top.yaml", DENIED),
        ("r/m/n/drop.yaml", DENIED),
        ("r/m/n/built/x.yaml", DENIED),
        ("r/n/drop.yaml", DENIED),
        ("r/n/local.yaml", DENIED),
    ]);
    let files = |folder: &str| -> Vec<_> {
        let report = shell.json(&[folder]);
        report["findings"].as_array().expect("a list").iter().map(|it| it["file"].as_str().map(str::to_owned)).collect()
    };
    let of = |files: &[&str]| -> Vec<_> { files.iter().map(|file| Some((*file).to_owned())).collect() };
    assert_eq!(files("r/m"), of(&["r/m/drop.yaml", "r/m/n/drop.yaml", "r/m/top.yaml"]));
    assert_eq!(files("r/n"), of(&["r/n/local.yaml"]));
    assert_eq!(files("r/m/n/built"), of(&["r/m/n/built/x.yaml"]), "a file that is named is read");
}

#[test]
fn a_glob_pattern_selects_the_files_that_it_matches() {
    let shell =
        Shell::with(&[("m/a.yaml", DENIED), ("m/n/b.yaml", DENIED), ("m/n/c.yml", DENIED), ("[x].yaml", DENIED)]);
    let files = |pattern: &str| -> Vec<_> {
        let report = shell.json(&[pattern]);
        assert_eq!(report["errors"], json!([]), "{pattern}");
        report["findings"].as_array().expect("a list").iter().map(|it| it["file"].clone()).collect()
    };
    assert_eq!(files("m/*.yaml"), ["m/a.yaml"]);
    assert_eq!(files("m/**/*.yaml"), ["m/a.yaml", "m/n/b.yaml"]);
    assert_eq!(files("./m/n/?.{yaml,yml}"), ["./m/n/b.yaml", "./m/n/c.yml"]);
    assert_eq!(files("**/c.yml"), ["./m/n/c.yml"]);
    assert_eq!(files("[x].yaml"), ["[x].yaml"], "a file name with glob characters");
    let none = shell.run(&["check", "m/*.json"]);
    assert_eq!(
        (none.status, &*none.err),
        (Some(2), "error: m/*.json: no file matches this\nchecked 0 objects in 0 files: 1 unreadable\n")
    );
}

#[test]
fn require_ray_fails_without_a_kuberay_object() {
    let shell = Shell::with(&[("none/a.yaml", "kind: Service\n"), ("one/a.yaml", &allowed())]);
    assert_eq!(shell.run(&["check", "--require-ray", "one"]).status, Some(0));
    assert_eq!(shell.run(&["check", "none"]).status, Some(0));
    let none = shell.run(&["check", "--require-ray", "none"]);
    assert_eq!(none.status, Some(2));
    assert!(none.err.ends_with("error: no KubeRay object was found, and --require-ray requires one\n"), "{}", none.err);
}

#[test]
fn stdin_filename_names_the_standard_input() {
    let ended = Shell::new().pipe(&["check", "-o", "json", "--stdin-filename", "a/b.yaml"], DENIED.as_bytes());
    let report: serde_json::Value = serde_json::from_str(&ended.out).expect("JSON");
    assert_eq!(report["findings"][0]["file"], "a/b.yaml");
}

#[test]
fn dangling_and_circular_links_are_errors() {
    let shell = Shell::with(&[("m/a.yaml", DENIED)]);
    symlink("nothing", shell.path().join("m/b.yaml")).expect("a link");
    symlink(".", shell.path().join("m/round")).expect("a link");
    let report = shell.json(&["m"]);
    let messages: Vec<_> =
        report["errors"].as_array().expect("a list").iter().map(|it| it["message"].clone()).collect();
    assert_eq!(messages, ["cannot be read: No such file or directory", "a folder that contains itself through a link"]);
    assert_eq!(report["summary"]["errors"], 1);
}

#[test]
fn a_dash_or_no_path_reads_the_standard_input() {
    let shell = Shell::new();
    let expected = ["<stdin>:29:20 worker-reconnect-timeout"];
    for arguments in [&["check", "-o", "json", "-"][..], &["check", "-o", "json"]] {
        let ended = shell.pipe(arguments, DENIED.as_bytes());
        assert_eq!(ended.status, Some(1));
        assert_eq!(locations(&serde_json::from_str(&ended.out).expect("JSON")), expected);
    }
    assert_eq!(shell.run(&["check"]).err, "checked 0 objects in 1 file: nothing found\n");
}

#[test]
fn items_of_lists_are_checked_and_other_kinds_are_skipped() {
    let indented = |text: &str| text.trim_end().replace('\n', "\n  ");
    let bare = DENIED.replace("apiVersion: ray.io/v1\nkind: RayCluster\n", "").replace("denied", "bare");
    let list = format!(
        "kind: List\napiVersion: v1\nitems:\n- {}\n- kind: ConfigMap\n  apiVersion: v1\n- kind: List\n  items: []\n",
        indented(DENIED)
    );
    let typed = format!("kind: RayClusterList\napiVersion: ray.io/v1\nitems:\n- {}\n", indented(&bare));
    let shell = Shell::with(&[
        ("list.yaml", &list),
        ("typed.yaml", &typed),
        ("other.yaml", "kind: List\nitems: 3\n---\nkind: Service\n---\ntext\n---\n- a\n---\n# nothing\n"),
    ]);
    let report = shell.json(&["list.yaml", "typed.yaml", "other.yaml"]);
    assert_eq!(
        locations(&report),
        ["list.yaml:32:22 worker-reconnect-timeout", "typed.yaml:30:22 worker-reconnect-timeout"]
    );
    assert_eq!(report["findings"][1]["object"]["name"], "bare");
    assert_eq!(report["findings"][1]["object"]["kind"], "RayCluster");
    let summary = &report["summary"];
    assert_eq!([&summary["documents"], &summary["objects"], &summary["passedBy"]], [6, 2, 5]);
}

#[test]
fn a_kuberay_kind_in_an_unknown_version_is_an_error() {
    let other = DENIED.replace("ray.io/v1", "example.com/v1");
    let shell = Shell::with(&[
        ("v3.yaml", &DENIED.replace("ray.io/v1", "ray.io/v3")),
        ("none.yaml", &DENIED.replace("apiVersion: ray.io/v1\n", "")),
        ("other.yaml", &other),
        ("slip.yaml", &DENIED.replace("kind: RayCluster", "kind: RayClutser")),
        ("group.yaml", &DENIED.replace("ray.io/v1", "rayio/v1")),
    ]);
    let report = shell.json(&["v3.yaml", "none.yaml", "other.yaml", "slip.yaml", "group.yaml"]);
    let errors = report["errors"].as_array().expect("a list");
    let messages: Vec<_> = errors.iter().map(|it| it["message"].clone()).collect();
    assert_eq!(
        messages,
        [
            "there is no RayCluster in ray.io/v3",
            "a RayCluster without apiVersion",
            "there is no \"RayClutser\" in ray.io/v1; did you mean \"RayCluster\"?",
            "there is no RayCluster in the group \"rayio\"",
        ]
    );
    assert_eq!(errors[0]["column"], 13);
    assert_eq!(report["summary"]["passedBy"], 1);
}

#[test]
fn the_namespace_comes_from_the_object_or_the_flag() {
    let policy = "apiVersion: rayguard.dev/v1alpha1\nkind: Policy\nexemptions:\n- namespaces: [sandbox]\n  \
                  rules: [worker-reconnect-timeout]\n  reason: tests\n";
    let own = DENIED.replace("name: denied", "name: denied\n  namespace: mine");
    let shell = Shell::with(&[("none.yaml", DENIED), ("own.yaml", &own), ("policy.yaml", policy)]);
    let namespaces = |arguments: &[&str]| -> Vec<_> {
        let arguments: Vec<_> = arguments.iter().chain(&["none.yaml", "own.yaml"]).copied().collect();
        let report = shell.json(&arguments);
        report["findings"].as_array().expect("a list").iter().map(|it| it["object"]["namespace"].clone()).collect()
    };
    assert_eq!(namespaces(&[]), ["default", "mine"]);
    assert_eq!(namespaces(&["-n", "team"]), ["team", "mine"]);
    assert_eq!(namespaces(&["--config", "policy.yaml", "--namespace", "sandbox"]), ["mine"]);
}

#[test]
fn generate_name_is_used_as_the_name() {
    let shell = Shell::with(&[("a.yaml", &DENIED.replace("  name: denied", "  generateName: denied-"))]);
    assert_eq!(shell.json(&["a.yaml"])["findings"][0]["object"]["name"], "denied-");
    let ended = shell.run(&["check", "a.yaml"]);
    assert!(ended.out.contains("of RayCluster default/denied-\n"), "{}", ended.out);
}

#[test]
fn the_policy_file_sets_levels_and_an_invalid_one_is_an_error() {
    let head = "apiVersion: rayguard.dev/v1alpha1\nkind: Policy\n";
    let shell = Shell::with(&[
        ("denied.yaml", DENIED),
        ("warn.yaml", &format!("{head}rules: {{worker-reconnect-timeout: warn}}\n")),
        ("audit.yaml", &format!("{head}rules: {{worker-reconnect-timeout: audit}}\n")),
        ("off.yaml", &format!("{head}rules: {{worker-reconnect-timeout: off}}\n")),
        ("wrong.yaml", &format!("{head}rules:\n  worker-reconect-timeout: warn\ndefault: {{}}\n")),
        ("broken.yaml", "a: [ # kind: RayCluster\n"),
        ("two.yaml", "a: 1\n---\na: 2\n"),
    ]);
    for (policy, severity) in
        [("warn.yaml", json!("warning")), ("audit.yaml", json!("note")), ("off.yaml", json!(null))]
    {
        let report = shell.json(&["--config", policy, "denied.yaml"]);
        assert_eq!(report["findings"][0]["severity"], severity, "{policy}");
        assert_eq!(shell.run(&["check", "--config", policy, "denied.yaml"]).status, Some(0), "{policy}");
    }
    let wrong = shell.run(&["check", "--config", "wrong.yaml", "denied.yaml"]);
    assert_eq!((wrong.status, &*wrong.out), (Some(2), ""));
    assert!(wrong.err.contains("wrong.yaml:4:"), "{}", wrong.err);
    assert!(wrong.err.contains("wrong.yaml:5:"), "all errors are reported: {}", wrong.err);
    for (policy, message) in [
        ("broken.yaml", "unclosed bracket"),
        ("two.yaml", "two.yaml:3:1: a policy file has one document"),
        ("missing.yaml", "cannot read the policy file missing.yaml: No such file"),
    ] {
        let ended = shell.run(&["check", "--config", policy, "denied.yaml"]);
        assert_eq!((ended.status, &*ended.out), (Some(2), ""), "{policy}");
        assert!(ended.err.contains(message), "{policy}: {}", ended.err);
    }
}

#[test]
fn a_finding_about_a_name_is_located_at_the_name() {
    let shell = Shell::with(&[("a.yaml", &allowed().replace("spec:\n  gcs", "spec:\n  rayversion: 2.52.0\n  gcs"))]);
    let report = shell.json(&["a.yaml"]);
    let findings = report["findings"].as_array().expect("a list");
    let finding = findings.iter().find(|finding| finding["rule"] == "unknown-field").expect("an unknown field");
    let [start, end] = ["column", "endColumn"].map(|field| finding[field].as_u64().expect("a number"));
    assert_eq!((start, end - start), (3, 10), "{finding}");
}
