//! Tests of `rayguard schema` and of its use in an editor, with the real yaml-language-server.

mod server;

use std::fs;
use std::os::unix::fs::symlink;
use std::path::Path;

use rayguard_policy::rules::RULES;
use rayguard_test_support::document::yaml_blocks;
use serde_json::Value;

use super::Shell;
use server::LanguageServer;

const ROOT: &str = env!("CARGO_MANIFEST_DIR");

/// The beginning of a policy file.
const POLICY: &str =
    "# yaml-language-server: $schema=policy.schema.json\napiVersion: rayguard.dev/v1alpha1\nkind: Policy\n";

/// Returns a folder with the schema, as docs/policy-file.md creates it.
fn folder() -> Shell {
    let shell = Shell::new();
    let document = fs::read_to_string(Path::new(ROOT).join("docs/policy-file.md")).expect("the document");
    let command = document.lines().find_map(|line| line.strip_prefix("$ rayguard schema")).expect("the command");
    let status = shell.bash(&format!("rayguard schema{command}")).status().expect("bash runs");
    assert!(status.success());
    shell
}

#[test]
fn the_command_prints_the_schema_in_docs() {
    let printed = fs::read_to_string(folder().path().join("policy.schema.json")).expect("the schema");
    assert_eq!(printed, fs::read_to_string(Path::new(ROOT).join("docs/policy.schema.json")).expect("the schema"));
}

#[test]
fn an_editor_marks_the_errors_of_a_policy() {
    let shell = folder();
    let mut server = LanguageServer::start(shell.path());
    let text = format!(
        "{POLICY}rulez: {{}}
rules:
  missing-redis-pasword: warn
  missing-redis-address: error
kuberay: {{version: \"1.9\"}}
settings:
  shortWorkerReconnectTimeoutSeconds: -1
  clusterDomain: my domain
defaults:
  podTemplate:
    worker:
      spec:
        toleration: []
        containers:
        - image: logs
exemptions:
- namespaces: [team-*]
  rules: [all]
"
    );
    let expected = [
        (4, "Property rulez is not allowed."),
        (6, "Property missing-redis-pasword is not allowed."),
        (7, "Value is not accepted. Valid values: \"deny\", \"warn\", \"audit\", \"off\"."),
        (8, "write a version of KubeRay from \"1.1\" to \"1.7\", or \"next\" for what is merged after it"),
        (10, "Value is below the minimum of 0."),
        (11, "write the DNS domain of the Kubernetes cluster, such as cluster.local"),
        (16, "Property toleration is not allowed."),
        (18, "Missing property \"name\"."),
        (20, "Missing property \"reason\"."),
        (20, "write the full name of each namespace"),
        (21, "there is no such rule; `rayguard rules` lists the rules"),
    ];
    let expected = expected.map(|(line, message)| (line, message.to_owned()));
    server.diagnose("policy.yaml", &text, |found| {
        let mut found = found.to_vec();
        found.sort();
        found == expected
    });
    // The reader finds the same errors at the same lines.
    shell.write("policy.yaml", text.as_bytes());
    shell.write("empty.yaml", b"");
    let output = shell.command(&["check", "--config", "policy.yaml", "empty.yaml"]).output().expect("rayguard runs");
    let messages = String::from_utf8(output.stderr).expect("UTF-8");
    for (line, message) in &expected {
        assert!(messages.contains(&format!("policy.yaml:{line}:")), "line {line} ({message}) is not in\n{messages}");
    }
    server.diagnose("policy.yaml", &format!("{POLICY}rules: {{missing-redis-address: warn}}\n"), <[_]>::is_empty);
}

#[test]
fn an_editor_suggests_keys_rules_and_levels() {
    let shell = folder();
    let mut server = LanguageServer::start(shell.path());
    let mut suggestions = |text: &str| {
        let text = format!("{POLICY}{text}");
        let found = server.ask_at("policy.yaml", &format!("{text}\n"), "completion", &text);
        let items = found["items"].as_array().expect("a list").clone();
        let of = |item: &Value| (text_of(&item["label"]), text_of(&item["documentation"]));
        let mut suggestions: Vec<_> = items.iter().map(of).collect();
        suggestions.sort();
        suggestions
    };
    let names = |suggestions: Vec<(String, String)>| suggestions.into_iter().map(|(name, _)| name).collect::<Vec<_>>();
    let mut rules: Vec<_> = RULES.iter().map(|rule| rule.name).collect();
    rules.sort_unstable();

    let keys = suggestions("");
    assert_eq!(keys.len(), 9, "{keys:?}");
    assert!(keys.iter().all(|(_, about)| about.ends_with('.')), "{keys:?}");
    let suggested = suggestions("rules:\n  ");
    let rule = RULES[0];
    assert!(suggested.iter().any(|(name, about)| name == rule.name && about.contains(rule.summary)), "{suggested:?}");
    assert_eq!(names(suggested), rules);
    assert_eq!(names(suggestions("rules:\n  missing-secret: ")), ["\"off\"", "audit", "deny", "warn"]);
    assert_eq!(names(suggestions("highestLevel: ")), ["audit", "deny", "warn"]);
    assert_eq!(names(suggestions("exemptions:\n- namespaces: [lab]\n  rules:\n  - ")), rules);
    assert!(names(suggestions("kuberay:\n  version: ")).contains(&"\"1.6\"".to_owned()));
    assert!(names(suggestions("kuberay:\n  featureGates:\n    ")).contains(&"RayClusterMTLS".to_owned()));
    let pod = names(suggestions("defaults:\n  podTemplate:\n    head:\n      spec:\n        "));
    assert!(pod.contains(&"tolerations".to_owned()), "{pod:?}");
}

/// Returns a text, or the text of a documentation in Markdown.
fn text_of(value: &Value) -> String {
    value.as_str().or_else(|| value["value"].as_str()).unwrap_or_default().to_owned()
}

#[test]
fn an_editor_explains_keys_rules_and_levels() {
    let shell = folder();
    let mut server = LanguageServer::start(shell.path());
    let text =
        format!("{POLICY}highestLevel: warn\nrules: {{missing-secret: audit}}\ndefaults: {{headNumCpus: zero}}\n");
    for (place, parts) in [
        ("highestL", &["The highest level of any rule", "`deny`: An object with a finding is refused"] as &[_]),
        ("rul", &["The levels of single rules"]),
        ("missing-se", &["a Redis password in a Secret or key that does not exist", "rayguard explain missing-secret"]),
        ("{missing-secret: au", &["`audit`: A finding is only in the metrics"]),
        ("headNum", &["that sets none", "so that it runs no tasks and no actors"]),
    ] {
        let hover = server.ask_at("policy.yaml", &text, "hover", place);
        let shown = text_of(&hover["contents"]).replace('\\', "");
        for part in parts {
            assert!(shown.contains(part), "{place}: {part} is not in\n{shown}");
        }
    }
}

/// Each file is also opened with an unknown key, so that one without errors is one that was checked.
#[test]
#[expect(clippy::print_stdout, reason = "the figures are for people")]
fn an_editor_marks_nothing_in_the_examples_and_the_chart() {
    let shell = folder();
    symlink(Path::new(ROOT).join("charts"), shell.path().join("charts")).expect("a link");
    let mut files = Vec::new();
    let documents = ["README.md", "docs/install.md", "docs/policy-file.md"].map(|document| {
        fs::read_to_string(Path::new(ROOT).join(document)).unwrap_or_else(|error| panic!("{document}: {error}"))
    });
    for document in documents.iter().map(String::as_str).chain(RULES.iter().map(|rule| rule.docs)) {
        let with_modeline = |block: &String| block.starts_with("# yaml-language-server: $schema=");
        files.extend(yaml_blocks(document).into_iter().filter(with_modeline));
    }
    let mut files: Vec<_> =
        files.into_iter().enumerate().map(|(index, text)| (format!("{index}.yaml"), text)).collect();
    let examples = files.len();
    assert!(examples > 15, "{examples}");
    let sets = fs::read_dir(Path::new(ROOT).join("charts/rayguard/ci")).expect("the chart has sets of values");
    let sets = sets.map(|set| format!("ci/{}", set.expect("an entry").file_name().display()));
    for name in sets.chain(["values.yaml".to_owned()]) {
        let file = format!("charts/rayguard/{name}");
        let text = fs::read_to_string(Path::new(ROOT).join(&file)).expect("a file of values");
        files.push((file, text));
    }
    let mut server = LanguageServer::start(shell.path());
    for (file, text) in &files {
        let with_error = format!("{text}unknownKey: true\n");
        server.diagnose(
            file,
            &with_error,
            |found| matches!(found, [(_, message)] if message == "Property unknownKey is not allowed."),
        );
        server.diagnose(file, text, <[_]>::is_empty);
    }
    println!("no diagnostics in {examples} examples and {} files of values", files.len() - examples);
}
