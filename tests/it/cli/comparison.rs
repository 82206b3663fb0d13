//! Runs the commands of docs/comparison.md and checks their output.

use std::collections::BTreeMap;
use std::path::Path;

use super::{DENIED, Shell, allowed, warned};

/// Other tests run the commands with these words: those that need an API server are in `apiserver/live.rs`, those that need
/// the wheel in `tests/pip`, and `tests/playground/run` builds the playground.
const SHOWN_ELSEWHERE: [&str; 3] = ["--cluster", "docs/playground/build", "pip install"];

/// Every command of the document, its exit status, and a part of its output.
const COMMANDS: &[(&str, i32, &str)] = &[
    ("rayguard check cluster.yaml", 1, " --> cluster.yaml:9:19"),
    ("rayguard check --output json cluster.yaml", 1, "\"findings\": ["),
    ("rayguard check --output yaml cluster.yaml", 1, "findings:"),
    ("rayguard check --output sarif cluster.yaml", 1, "\"startLine\": 38"),
    ("rayguard check --output sarif sound.yaml", 0, "\"results\": []"),
    ("rayguard check --output junit cluster.yaml", 1, "<testsuite"),
    ("rayguard check --output tap cluster.yaml", 1, "not ok 1"),
    ("rayguard check --output github cluster.yaml", 1, "::error file=cluster.yaml,line=38,"),
    ("rayguard check --output gitlab cluster.yaml", 1, "\"fingerprint\""),
    (
        "rayguard check --output text --output sarif=report.sarif --output junit=report.xml cluster.yaml",
        1,
        "error[worker-reconnect-timeout]",
    ),
    ("rayguard check broken.yaml", 2, "broken.yaml"),
    ("rayguard check --fail-on warning warned.yaml", 1, "warning[short-reconnect-timeout]"),
    ("rayguard lsp < session.lsp", 0, "\"newText\":\"            value: \\\"840\\\"\\n\""),
    ("rayguard check --color always cluster.yaml", 1, "\u{1b}["),
    ("rayguard check - < cluster.yaml", 1, "<stdin>:38:20"),
    ("rayguard check --stdin-filename cluster.yaml - < cluster.yaml", 1, "cluster.yaml:38:20"),
    ("rayguard check --exclude '*-test.yaml' manifests", 0, "checked 1 object in 1 file"),
    ("rayguard check - < rendered.yaml", 1, "chart/templates/ray.yaml"),
    ("rayguard check other.yaml", 0, "1 of other kinds skipped"),
    ("rayguard check --require-ray other.yaml", 2, "--require-ray requires one"),
    ("rayguard check review.json", 1, "worker-reconnect-timeout"),
    ("rayguard check --fail-on warning twice.yaml", 1, "warning[duplicate-key]"),
    ("rayguard check --strict twice.yaml", 2, "duplicate key \"groupName\""),
    ("rayguard check --cluster --all-namespaces", 1, "worker-reconnect-timeout"),
    ("rayguard check --fix cluster.yaml", 1, "malformed-redis-address"),
    ("rayguard check --fix --diff cluster.yaml", 1, "+            value: \"840\""),
    ("rayguard default unset.yaml", 0, "value: \"1440\""),
    ("rayguard default --diff unset.yaml", 0, "\n+            value: \"1440\"\n"),
    ("rayguard default --in-place unset.yaml && cat unset.yaml", 0, "value: \"1440\""),
    ("rayguard check first.yaml second.yaml", 1, "the other is at second.yaml:"),
    ("rayguard check --webhook installed unset.yaml", 0, "checked 1 object in 1 file: nothing found"),
    ("rayguard check --webhook absent unset.yaml", 1, "error[worker-reconnect-timeout]"),
    ("rayguard check unset.yaml", 0, "warning[worker-reconnect-timeout]"),
    ("rayguard check --config policy.yaml cluster.yaml", 0, "warning[worker-reconnect-timeout]"),
    ("rayguard survival unset.yaml", 0, "gcs-crash-loop"),
    ("rayguard rules --output json", 0, "\"name\": \"worker-reconnect-timeout\""),
    ("rayguard explain worker-reconnect-timeout", 0, "## Why"),
    ("rayguard explain 'worker group names must be unique'", 0, "# duplicate-worker-group"),
    ("rayguard check exempt.yaml", 0, "1 exempted"),
    ("rayguard check --config misspelled.yaml cluster.yaml", 2, "did you mean \"rules\"?"),
    ("rayguard rules --export cel", 0, "kind: ValidatingAdmissionPolicyBinding"),
    ("rayguard serve --help", 0, "/validate"),
    ("pip install rayguard && python3 -m rayguard check cluster.yaml", 1, " --> cluster.yaml:9:19"),
    ("rayguard version --output json", 0, "\"hash\": \"sha256:"),
    ("docs/playground/build site", 0, ""),
    ("rayguard completions bash", 0, "complete -F _rayguard"),
    ("rayguard man", 0, ".TH rayguard 1"),
];

/// Returns the commands of the document. Each is in backticks after the feature that it shows.
fn commands() -> Vec<String> {
    let text = std::fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/comparison.md"));
    let text = text.expect("the document");
    text.lines().filter_map(|line| line.split_once("<br>`")?.1.split_once('`')).map(|(it, _)| it.to_owned()).collect()
}

/// Returns a good cluster of this name. All such clusters have the same storage namespace.
fn with_shared_storage(name: &str) -> String {
    let options = "  gcsFaultToleranceOptions:\n    externalStorageNamespace: ray\n";
    let with_shared_storage = allowed().replacen("  gcsFaultToleranceOptions:\n", options, 1);
    with_shared_storage.replacen("name: allowed", &format!("name: {name}"), 1)
}

/// Returns what an editor sends that opens a file, asks for the fixes of its line 38, and ends.
fn session(text: &str) -> String {
    let uri = "file:///cluster.yaml";
    let line = serde_json::json!({"line": 37, "character": 20});
    let messages = [
        serde_json::json!({"id": 1, "method": "initialize", "params": {"capabilities": {}}}),
        serde_json::json!({"method": "initialized", "params": {}}),
        serde_json::json!({"method": "textDocument/didOpen", "params": {
            "textDocument": {"uri": uri, "languageId": "yaml", "version": 1, "text": text}}}),
        serde_json::json!({"id": 2, "method": "textDocument/codeAction", "params": {
            "textDocument": {"uri": uri}, "range": {"start": line, "end": line}, "context": {"diagnostics": []}}}),
        serde_json::json!({"id": 3, "method": "shutdown"}),
        serde_json::json!({"method": "exit"}),
    ];
    let framed = messages.into_iter().map(|mut message| {
        message["jsonrpc"] = "2.0".into();
        let message = message.to_string();
        format!("Content-Length: {}\r\n\r\n{message}", message.len())
    });
    framed.collect()
}

/// Creates the files that the commands name.
fn folder() -> Shell {
    let cluster = std::fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/cannot-survive.yaml"));
    let cluster = cluster.expect("the example");
    // Its workers would wait for KubeRay's default of 600 s, less than the head's 900 s.
    let (unset, _) = DENIED.rsplit_once("          env:").expect("the workers' environment");
    let header = "apiVersion: rayguard.dev/v1alpha1\nkind: Policy\n";
    let annotation =
        "metadata:\n  annotations: {rayguard.dev/ignore-worker-reconnect-timeout: \"a test, which may be lost\"}";
    let object = rayguard_manifest::yaml::documents(DENIED).remove(0).expect("YAML");
    let object = serde_json::to_value(&object.json).expect("JSON");
    let review = serde_json::json!({"apiVersion": "admission.k8s.io/v1", "kind": "AdmissionReview", "request": {
        "uid": "1", "operation": "CREATE", "namespace": "default", "name": "denied",
        "kind": {"group": "ray.io", "version": "v1", "kind": "RayCluster"},
        "resource": {"group": "ray.io", "version": "v1", "resource": "rayclusters"},
        "requestKind": {"group": "ray.io", "version": "v1", "kind": "RayCluster"},
        "requestResource": {"group": "ray.io", "version": "v1", "resource": "rayclusters"},
        "userInfo": {}, "object": object, "oldObject": null, "dryRun": false, "options": null}});
    Shell::with(&[
        ("cluster.yaml", &cluster),
        ("sound.yaml", &allowed()),
        ("warned.yaml", &warned()),
        ("unset.yaml", unset),
        ("broken.yaml", "{ # kind: RayCluster"),
        ("first.yaml", &with_shared_storage("first")),
        ("second.yaml", &with_shared_storage("second")),
        ("other.yaml", "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: other}\n"),
        ("twice.yaml", &allowed().replacen("- groupName: small\n", "- groupName: large\n    groupName: small\n", 1)),
        ("manifests/sound.yaml", &allowed()),
        ("manifests/denied-test.yaml", DENIED),
        ("rendered.yaml", &format!("---\n# Source: chart/templates/ray.yaml\n{DENIED}")),
        ("review.json", &review.to_string()),
        ("session.lsp", &session(&cluster)),
        ("exempt.yaml", &DENIED.replacen("metadata:", annotation, 1)),
        ("policy.yaml", &format!("{header}highestLevel: warn\n")),
        ("misspelled.yaml", &format!("{header}rulez: {{}}\n")),
    ])
}

#[test]
fn the_comparison_page_has_exactly_these_commands() {
    let mut written = commands();
    written.sort();
    written.dedup();
    let mut known: Vec<_> = COMMANDS.iter().map(|(command, ..)| (*command).to_owned()).collect();
    known.sort();
    assert_eq!(written, known);
}

#[test]
fn every_command_of_the_comparison_page_prints_what_it_claims() {
    let mut wrong = BTreeMap::new();
    for (command, status, word) in COMMANDS {
        let needs_server =
            ["rayguard serve", "rayguard check review.json"].iter().any(|start| command.starts_with(start));
        let needs_server = needs_server && cfg!(not(feature = "server"));
        if needs_server || SHOWN_ELSEWHERE.iter().any(|words| command.contains(words)) {
            continue;
        }
        // Each command runs in its own folder, because some commands write files.
        let shell = folder();
        let output = shell.bash(command).output().expect("bash");
        let printed = String::from_utf8([output.stdout, output.stderr].concat()).expect("UTF-8");
        if output.status.code() != Some(*status) || !printed.contains(word) {
            wrong.insert(command, (output.status.code(), printed));
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}
