//! Tests of the language server.

mod client;
mod laws;

use serde_json::{Value, json};

use super::{DENIED, Shell, allowed};
use client::{Client, apply, position};

/// Returns `rule line:column-line:column severity`, from 0, of each finding.
fn shown(findings: &[Value]) -> Vec<String> {
    let one = |finding: &Value| {
        let [start, end] = ["start", "end"].map(|end| &finding["range"][end]);
        let place = |position: &Value| format!("{}:{}", position["line"], position["character"]);
        let code = finding["code"].as_str().unwrap_or("-");
        format!("{code} {}-{} {}", place(start), place(end), finding["severity"])
    };
    findings.iter().map(one).collect()
}

fn codes(findings: &[Value]) -> Vec<&str> {
    findings.iter().map(|finding| finding["code"].as_str().unwrap_or("-")).collect()
}

#[test]
fn a_finding_appears_while_the_text_is_written_and_goes_with_its_fix() {
    let shell = Shell::new();
    let mut client = Client::start(&shell, &[]);
    assert_eq!(shown(&client.open("a.yaml", &allowed())), Vec::<String>::new());
    let found = client.change("a.yaml", DENIED);
    assert_eq!(shown(&found), ["worker-reconnect-timeout 28:19-28:24 1"]);
    assert_eq!(found[0]["source"], "rayguard");
    let message = found[0]["message"].as_str().expect("a text");
    assert!(message.starts_with("the workers give up on the GCS after 300 s, the head after 900 s; set "), "{message}");
    let page = found[0]["codeDescription"]["href"].as_str().expect("a link").strip_prefix("file://").expect("a file");
    let page = std::fs::read_to_string(page).expect("the page is there");
    assert!(page.starts_with("# worker-reconnect-timeout\n"), "{page}");

    let actions = client.actions("a.yaml", &found[0]["range"], Some("quickfix"));
    let titles: Vec<_> = actions.iter().map(|action| action["title"].as_str().expect("a title")).collect();
    assert_eq!(
        titles,
        [
            "Fix: set RAY_gcs_rpc_server_reconnect_timeout_s to more than 900, preferably \"1440\"",
            "Exempt RayCluster default/denied from worker-reconnect-timeout; then write the reason"
        ]
    );
    assert_eq!(actions[0]["isPreferred"], true);
    assert_eq!(actions[0]["diagnostics"][0]["code"], "worker-reconnect-timeout");
    let fixed = apply(DENIED, &actions[0]);
    assert_eq!(fixed, DENIED.replace("\"300\"", "\"1440\""));
    assert_eq!(codes(&client.change("a.yaml", &fixed)), Vec::<&str>::new());
    client.end();
}

#[test]
fn an_exemption_takes_effect_once_it_has_a_reason() {
    let shell = Shell::new();
    let mut client = Client::start(&shell, &[]);
    let found = client.open("a.yaml", DENIED);
    let actions = client.actions("a.yaml", &found[0]["range"], None);
    let exempt = actions.iter().find(|action| action["title"].as_str().is_some_and(|it| it.starts_with("Exempt")));
    let exempted = apply(DENIED, exempt.expect("an action"));
    assert!(exempted.contains("    rayguard.dev/ignore-worker-reconnect-timeout: \"\"\n"), "{exempted}");
    let found = client.change("a.yaml", &exempted);
    assert_eq!(codes(&found), ["worker-reconnect-timeout", "ineffective-exemption"]);
    let with_reason = exempted.replace("timeout: \"\"", "timeout: \"a demonstration\"");
    assert_eq!(codes(&client.change("a.yaml", &with_reason)), Vec::<&str>::new());
    client.end();
}

#[test]
fn a_hover_shows_effective_values_and_the_documents_of_rules() {
    let shell = Shell::new();
    let mut client = Client::start(&shell, &["--webhook", "absent"]);
    let text = DENIED
        .split("          env:\n          - name: RAY_gcs_rpc_server_reconnect_timeout_s\n            value: \"300\"")
        .next();
    let text = text.expect("a text");
    let found = client.open("a.yaml", text);
    let hover = client.hover("a.yaml", &position(text, "groupName"));
    let timeout = "GCS reconnect timeout of the worker group small: **600 s** \
                   (KubeRay's default, because this group sets none)";
    assert!(hover.contains(timeout), "{hover}");
    let hover = client.hover("a.yaml", &found[0]["range"]["start"]);
    assert!(hover.contains("# worker-reconnect-timeout\n"), "{hover}");
    assert_eq!(client.hover("a.yaml", &position(text, "metadata")), "");
    client.end();
}

/// Two clusters that share a storage namespace, each a file.
fn sharing(name: &str, namespace: &str) -> String {
    let allowed = allowed().replace("name: allowed", &format!("name: {name}"));
    allowed.replace(
        "redisAddress: redis:6379",
        &format!("redisAddress: redis:6379\n    externalStorageNamespace: {namespace}"),
    )
}

#[test]
fn objects_in_other_files_count_and_are_related_information() {
    let shell = Shell::with(&[("other/b.yaml", &sharing("b", "shared")), (".gitignore", "ignored\n")]);
    shell.write("ignored/c.yaml", sharing("c", "shared").as_bytes());
    let mut client = Client::start(&shell, &[]);
    let own = sharing("a", "shared");
    client.open("a.yaml", &own);
    // The search for files may end after the first check, which is then done again.
    let found = client.until("a.yaml", |found| !found.is_empty());
    let finding = &found[0];
    assert_eq!(finding["code"], "shared-storage-namespace");
    assert!(finding["message"].as_str().expect("a text").contains("the other is at other/b.yaml:8:31"), "{finding}");
    let related = &finding["relatedInformation"][0];
    assert_eq!(related["location"]["uri"], client.uri("other/b.yaml"));
    assert_eq!(related["location"]["range"]["start"], json!({"line": 7, "character": 30}));
    assert_eq!(related["message"], "the storage namespace of RayCluster default/b");

    // The text in the editor counts, and not the file.
    let changed = client.open("other/b.yaml", &sharing("b", "own"));
    assert_eq!(codes(&changed), Vec::<&str>::new());
    client.until("a.yaml", <[Value]>::is_empty);
    // A document that cannot be read for the moment keeps its place.
    client.change("other/b.yaml", &sharing("b", "shared"));
    client.until("a.yaml", |found| !found.is_empty());
    let broken = sharing("b", "shared").replace("metadata:\n", "metadata: [\n");
    assert_eq!(codes(&client.change("other/b.yaml", &broken)), ["-"]);
    assert_eq!(codes(&client.change("a.yaml", &own)), ["shared-storage-namespace"]);
    client.end();
}

#[test]
fn a_broken_document_keeps_the_findings_of_the_others() {
    let shell = Shell::new();
    let mut client = Client::start(&shell, &[]);
    let second = DENIED.replace("name: denied", "name: second");
    assert_eq!(codes(&client.open("a.yaml", &format!("{DENIED}---\n{second}"))).len(), 2);
    let broken = DENIED.replace("spec:\n  gcs", "spec: {\n  gcs");
    let found = client.change("a.yaml", &format!("{broken}---\n{second}"));
    assert_eq!(codes(&found), ["-", "worker-reconnect-timeout"]);
    assert_eq!(found[0]["severity"], 1);
    client.end();
}

#[test]
fn the_policy_file_is_followed() {
    let policy = "apiVersion: rayguard.dev/v1alpha1\nkind: Policy\nrules: {worker-reconnect-timeout: warn}\n";
    let shell = Shell::with(&[("policy.yaml", policy)]);
    let mut client = Client::with(&shell, &[], &json!({"config": "policy.yaml"}));
    assert_eq!(shown(&client.open("a.yaml", DENIED)), ["worker-reconnect-timeout 28:19-28:24 2"]);
    shell.write("policy.yaml", policy.replace("warn", "audit").as_bytes());
    client.until("a.yaml", |found| found[0]["severity"] == 3);
    // A policy that cannot be used is shown, and changes nothing.
    shell.write("policy.yaml", policy.replace("warn", "loud").as_bytes());
    let message = client.wait("window/showMessage", |_| true);
    let text = message["message"].as_str().expect("a text");
    assert!(text.contains("policy.yaml:3:") && text.contains("the policy stays as it was"), "{text}");
    assert_eq!(shown(&client.change("a.yaml", DENIED)), ["worker-reconnect-timeout 28:19-28:24 3"]);
    client.end();
}

#[test]
fn a_policy_file_in_the_editor_has_its_errors() {
    let shell = Shell::new();
    let mut client = Client::start(&shell, &[]);
    let text = "apiVersion: rayguard.dev/v1alpha1\nkind: Policy\nrules:\n  missing-redis-pasword: warn\n";
    let found = client.open("policy.yaml", text);
    assert_eq!(shown(&found), ["- 3:25-3:29 1"]);
    let message = found[0]["message"].as_str().expect("a text");
    assert!(message.contains("did you mean") && message.contains("missing-redis-password"), "{message}");
    assert_eq!(client.change("policy.yaml", &text.replace("pasword", "password")), Vec::<Value>::new());
    client.end();
}

#[test]
fn other_documents_have_no_findings_and_errors_of_templates_are_only_shown() {
    let shell = Shell::new();
    let mut client = Client::start(&shell, &[]);
    for (name, text) in [("a.yaml", "kind: [\n"), ("b.yaml", "apiVersion: v1\nkind: Service\n"), ("c.yaml", "")] {
        assert_eq!(client.open(name, text), Vec::<Value>::new(), "{text}");
    }
    let template = DENIED.replace("name: denied", "name: {{ .Release.Name }}\n  {{- if .Values.x }}\n  {{- end }}");
    let found = client.open("d.yaml", &template);
    assert_eq!(found.len(), 1, "{found:?}");
    assert_eq!(found[0]["severity"], 3);
    client.end();
}

#[test]
fn a_terminal_gets_advice_and_an_unknown_request_an_error() {
    let shell = Shell::new();
    let ended = shell.bash("script --quiet --return --command 'rayguard lsp' /dev/null").output().expect("script runs");
    let text = String::from_utf8_lossy(&ended.stdout);
    assert!(text.contains("an editor starts this command"), "{text}");
    let mut client = Client::start(&shell, &[]);
    let response = client.ask("textDocument/rename", json!({}));
    assert_eq!(serde_json::to_value(response).expect("JSON")["error"]["code"], -32601);
    let response = client.ask("textDocument/hover", json!({}));
    assert_eq!(serde_json::to_value(response).expect("JSON")["error"]["code"], -32602);
    client.end();
}
