//! `rayguard check` has the same verdict on a file as the API server on the object.

use std::collections::BTreeSet;
use std::io::Write;
use std::path::Path;
use std::process::{Command, Stdio};

use kube::Client;
use rayguard_policy::rule::Scope;
use rayguard_policy::rules::{self, RULES};
use rayguard_test_client::kubectl::finding;
use rayguard_test_support::kuberay;
use serde_json::Value;

use super::ApiServer;
use super::answer::Answer;
use super::manifests;
use crate::server::process::Rayguard;

/// The policy of both sides. It names the KubeRay version of the installed CRDs, which prune the fields of newer
/// versions. The webhook is installed. Objects may exempt themselves, as they always may offline.
const POLICY: &str = "kuberay: {version: '1.6'}\nwebhook: installed\nobjectExemptions: all";

/// The verdict on one object.
#[derive(Debug, PartialEq)]
struct Verdict {
    admitted: bool,
    /// The findings, each as severity, rule and path; `None` if the API server, or offline the schema, refuses the
    /// object before any webhook is called.
    findings: Option<BTreeSet<String>>,
}

#[tokio::test]
async fn the_command_line_and_the_api_server_agree_on_kuberays_samples() {
    let mut objects = Vec::new();
    for (file, text) in kuberay::samples(kuberay::newest()) {
        let documents = text.split("\n---\n").filter(|document| is_of_kuberay(document));
        objects.extend(documents.map(|document| (file.clone(), document.to_owned())));
    }
    assert!(objects.len() > 70, "KubeRay has 75 samples, but {} were found", objects.len());
    agree("samples", objects).await;
}

#[tokio::test]
async fn the_command_line_and_the_api_server_agree_on_every_example_of_every_rule() {
    let examples = RULES.iter().flat_map(|rule| {
        let blocks = rule.docs.split("```yaml\n").skip(1).filter_map(|block| block.split_once("\n```"));
        blocks.enumerate().flat_map(move |(index, (block, _))| {
            // A policy, an old object or other objects may come before the object.
            block.split("\n---\n").map(move |object| (format!("example {index} of {}", rule.name), moved(object)))
        })
    });
    let objects: Vec<_> = examples.filter(|(_, example)| is_of_kuberay(example)).collect();
    assert!(objects.len() >= 2 * RULES.len(), "a rule has an example that fails, and one that passes");
    agree("examples", objects).await;
}

#[tokio::test]
async fn the_command_line_and_the_api_server_agree_on_bad_objects() {
    let objects = [manifests::BAD_CLUSTER, manifests::BAD_SERVICE, manifests::BAD_JOB, manifests::LEGACY_CLUSTER];
    agree("bad", objects.map(|object| (object.lines().next().unwrap_or_default().to_owned(), object.to_owned()))).await;
}

async fn agree(namespace: &str, objects: impl IntoIterator<Item = (String, String)>) {
    let namespace = ApiServer::shared().namespace(namespace);
    let rayguard = Rayguard::with_policy(POLICY);
    namespace.guard(&rayguard);
    let client = namespace.client().await;
    let mut disagreements = Vec::new();
    for (name, object) in objects {
        let online = of_api_server(&client, &namespace.name, &object).await;
        let offline = of_command_line(&rayguard.policy(), &object);
        if online != offline && !is_refused_by_cel(&online, &offline) {
            disagreements.push(format!("{name}\n  API server:   {online:?}\n  command line: {offline:?}"));
        }
    }
    assert!(disagreements.is_empty(), "{}", disagreements.join("\n"));
}

/// Returns an example without its own namespace, so that it belongs to the test's namespace.
fn moved(example: &str) -> String {
    let named = ["team-a", "team-b", "team-c"];
    named.iter().fold(example.to_owned(), |example, name| {
        example.replace(&format!(", namespace: {name}"), "").replace(&format!("\n  namespace: {name}"), "")
    })
}

/// Returns whether the API server refuses an object by the CEL rules of KubeRay's CRDs, before it calls any webhook,
/// and the command refuses it by the corresponding rules.
fn is_refused_by_cel(online: &Verdict, offline: &Verdict) -> bool {
    const IN_CEL_TOO: [&str; 2] = ["invalid-deletion-strategy", "invalid-deletion-rule"];
    let is_in_cel = |finding: &String| IN_CEL_TOO.iter().any(|rule| finding.starts_with(&format!("error {rule} ")));
    let is_found = offline.findings.as_ref().is_some_and(|found| !found.is_empty() && found.iter().all(is_in_cel));
    *online == Verdict { admitted: false, findings: None } && !offline.admitted && is_found
}

/// Sends a manifest as it is, in YAML, as a dry run.
async fn of_api_server(client: &Client, namespace: &str, manifest: &str) -> Verdict {
    let kind = [field(manifest, "apiVersion"), field(manifest, "kind")];
    let answer = Answer::to(client, namespace, kind, manifest.to_owned()).await;
    let admitted = answer.status < 300;
    let warnings = answer.warnings.iter().filter_map(|warning| finding(warning));
    let mut findings: BTreeSet<_> = warnings.map(|finding| format!("warning {finding}")).collect();
    let causes = answer.body["details"]["causes"].as_array().into_iter().flatten().filter(|_| !admitted);
    let denials = causes.filter_map(|cause| {
        finding(&format!("{}: {}", cause["field"].as_str()?, cause["message"].as_str()?))
            .map(|it| format!("error {it}"))
    });
    let denials: BTreeSet<_> = denials.collect();
    let by_webhook = admitted || !denials.is_empty();
    findings.extend(denials);
    Verdict { admitted, findings: by_webhook.then_some(findings) }
}

fn of_command_line(policy: &Path, manifest: &str) -> Verdict {
    let mut rayguard = Command::new(env!("CARGO_BIN_EXE_rayguard"));
    rayguard.args(["check", "--output", "json", "-", "--config"]).arg(policy);
    rayguard.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::null());
    let mut rayguard = rayguard.spawn().expect("rayguard runs");
    rayguard.stdin.take().expect("a pipe").write_all(manifest.as_bytes()).expect("rayguard reads");
    let output = rayguard.wait_with_output().expect("rayguard ends");
    let report: Value = serde_json::from_slice(&output.stdout).expect("rayguard writes JSON");
    let text = |finding: &Value, field: &str| finding[field].as_str().expect("text").to_owned();
    let all = report["findings"].as_array().expect("findings");
    let of_scope = |scope: Scope| {
        all.iter().filter(move |finding| rules::find(&text(finding, "rule")).is_some_and(|rule| rule.scope == scope))
    };
    let refused_by_schema = of_scope(Scope::Offline).any(|finding| finding["severity"] == "error");
    // The API server shows no notes.
    let findings = of_scope(Scope::Admission)
        .filter(|finding| finding["severity"] != "note")
        // The command checks the status of an object in a cluster. The API server drops the status of a new object.
        .filter(|it| text(it, "rule") != "contradictory-status")
        .map(|it| format!("{} {} {}", text(it, "severity"), text(it, "rule"), text(it, "path")))
        .collect();
    Verdict { admitted: output.status.success(), findings: (!refused_by_schema).then_some(findings) }
}

fn is_of_kuberay(manifest: &str) -> bool {
    field(manifest, "apiVersion").starts_with("ray.io/")
}

/// Returns a top-level field of a manifest.
fn field<'m>(manifest: &'m str, name: &str) -> &'m str {
    let value = manifest.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(": "));
    value.and_then(|value| value.split(" #").next()).unwrap_or_default().trim()
}
