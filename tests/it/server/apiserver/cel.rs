//! The exported CEL policies: a real kube-apiserver with these policies has the same verdicts as the webhook.

mod cases;
mod variants;

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::process::Command;

use kube::Client;
use kube::api::{DeleteParams, PostParams};
use kube::client::Body;
use kube::core::Request;
use rayguard_manifest::json::Json;
use rayguard_manifest::list_map;
use rayguard_manifest::path::{FieldPath, Step};
use rayguard_policy::cel;
use rayguard_policy::policy::Policy;
use rayguard_policy::ray::RayObject;
use rayguard_policy::rule::{Finding, Level};
use rayguard_test_support::kuberay;
use serde_json::{Value, json};

use super::{ApiServer, Namespace};
use crate::server::process::eventually;
use cases::Case;

/// The verdict on one object: field paths by rule and level.
type Verdict = BTreeMap<(String, Level), BTreeSet<String>>;

/// The audit policy that records the decisions on all objects.
const AUDIT: &str = "
apiVersion: audit.k8s.io/v1
kind: Policy
omitStages: [RequestReceived]
rules:
- level: Metadata
  resources: [{group: ray.io}]
- level: None
";

#[tokio::test]
async fn exported_policies_agree_with_the_webhook() {
    let folder = tempfile::tempdir().expect("a folder");
    let audit = folder.path().join("audit.yaml");
    fs::write(&audit, AUDIT).expect("a file");
    let server = ApiServer::start_without_kuberay(&[format!("--audit-policy-file={}", audit.display())]);
    install_open_resources(&server);
    let namespaces = ["fresh", "stored", "exempt", "ignored"].map(|name| server.namespace(name));
    let [fresh, .., ignored] = &namespaces;
    ignored.kubectl("label namespace ignored rayguard.dev/ignore=").passes();
    let client = fresh.client().await;

    let cases = cases::all();
    // Objects that will be updated are created before the policies are installed.
    let mut versions = BTreeMap::new();
    for (number, case) in cases.iter().enumerate() {
        if let Some(old) = &case.old {
            let mut answer = ask(&client, old, None, false).await;
            if case.is_deleted {
                answer = delete(&client, old).await;
            }
            versions.insert(number, answer.version);
        }
    }
    let mut groups: Vec<(&str, Option<&str>)> = cases.iter().map(|case| (&*case.policy, case.only())).collect();
    groups.sort_unstable();
    groups.dedup();
    let mut manifest = String::new();
    for (number, (policy, only)) in groups.iter().enumerate() {
        manifest += &exported(policy, *only, number);
    }
    install(fresh, &manifest);

    let mut asked = Vec::new();
    for (number, case) in cases.iter().enumerate() {
        let group = groups.binary_search(&(&*case.policy, case.only())).expect("its group");
        let version = versions.get(&number).map(String::as_str);
        if version == Some("") {
            continue; // the API server refused the old one
        }
        let answer = ask(&client, &labelled(&case.object, group), version, true).await;
        asked.push((case, group, answer));
    }
    let last = asked.last().expect("cases").2.audit.clone();
    let log = || fs::read_to_string(server.kube_apiserver.file("audit.log")).expect("an audit log");
    let log = eventually("the audit log", || Some(log()).filter(|log| log.contains(&last)));
    let events: BTreeMap<String, Value> = log
        .lines()
        .filter_map(|line| serde_json::from_str::<Value>(line).ok())
        .map(|event| (event["auditID"].as_str().unwrap_or_default().to_owned(), event["annotations"].clone()))
        .collect();

    let (mut checked, mut fired, mut disagreements) = (0, BTreeSet::new(), Vec::new());
    for (case, group, answer) in &asked {
        let by_policy = answer.message.contains("ValidatingAdmissionPolicy");
        if answer.status >= 300 && !by_policy {
            assert!(!case.is_ours, "{}: {} {}", case.name, answer.status, answer.message);
            continue; // the API server itself refuses it
        }
        checked += 1;
        let expected = expected(case);
        let (found, warning) = found(&events[&answer.audit], *group, case);
        fired.extend(found.keys().map(|(rule, _)| rule.clone()));
        let is_denied = expected.keys().any(|(_, level)| *level == Level::Deny);
        if expected != found || is_denied != by_policy || warning != answer.warnings {
            disagreements.push(format!(
                "{}: {}\n  webhook: {expected:?}\n  CEL:     {found:?}\n  {} {}\n  warnings of {:?}",
                case.name, case.object, answer.status, answer.message, answer.warnings
            ));
        }
    }
    let silent: Vec<_> = cases::exported_rules().filter(|rule| !fired.contains(rule.name)).collect();
    let (count, shown) = (disagreements.len(), disagreements.iter().take(20).cloned().collect::<Vec<_>>().join("\n"));
    assert!(count == 0, "{count} disagreements of {checked}:\n{shown}");
    assert!(silent.is_empty(), "no case has a finding of these rules: {silent:?}");
    assert!(checked * 10 > asked.len() * 8, "only {checked} of {} cases reach the policies", asked.len());
}

/// Installs KubeRay's CRDs, changed so that they also accept the fields of newer and older versions of KubeRay, and
/// drop nothing.
fn install_open_resources(server: &ApiServer) {
    fn open(schema: &mut Value, is_older: bool) {
        if schema["properties"].is_object() && schema["type"] == "object" {
            schema["x-kubernetes-preserve-unknown-fields"] = json!(true);
        }
        if let Some(fields) = schema.as_object_mut() {
            fields.remove("minimum");
            if is_older && let Some(env) = fields.get_mut("env").and_then(Value::as_object_mut) {
                env.retain(|field, _| !field.starts_with("x-kubernetes-list-"));
            }
        }
        if let Some(Value::Array(required)) = schema.get_mut("required") {
            required.retain(|field| field != "redisAddress");
        }
        match schema {
            Value::Object(fields) => fields.values_mut().for_each(|field| open(field, is_older)),
            Value::Array(items) => items.iter_mut().for_each(|item| open(item, is_older)),
            _ => {}
        }
    }
    let folder = kuberay::module(kuberay::newest()).join("config/crd/bases");
    for definition in fs::read_dir(folder).expect("KubeRay's module has its CRDs") {
        let text = fs::read_to_string(definition.expect("an entry").path()).expect("a CRD");
        let document = rayguard_manifest::yaml::documents(&text).into_iter().next().expect("a document").expect("YAML");
        let mut json = Value::from(&document.json);
        // In KubeRay 1.1 the lists of variables are not yet map lists. Here only RayCluster has such lists; in the
        // other kinds they are map lists, which CEL compares as such.
        let is_older = json["spec"]["names"]["kind"] == "RayCluster";
        for version in json["spec"]["versions"].as_array_mut().expect("versions") {
            open(&mut version["schema"]["openAPIV3Schema"]["properties"]["spec"], is_older);
        }
        let kubectl = server.kubectl("default");
        kubectl.send("create --validate=false -f -", &json.to_string()).passes();
        let list = format!("get --raw /apis/ray.io/v1/{}", json["spec"]["names"]["plural"].as_str().expect("a name"));
        eventually("kube-apiserver to serve KubeRay's kinds", || kubectl.run(&list).success().then_some(()));
    }
}

/// Returns the policies that the command exports for a policy file, of one rule or of all, restricted to objects with
/// the label of this group.
fn exported(policy: &str, only: Option<&str>, group: usize) -> String {
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("policy.yaml");
    fs::write(&file, policy).expect("a file");
    let mut command = Command::new(env!("CARGO_BIN_EXE_rayguard"));
    let output = command.args(["rules", "--export", "cel", "--config"]).arg(&file).output().expect("rayguard runs");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let text = String::from_utf8(output.stdout).expect("UTF-8");
    let selected = format!("    objectSelector: {{matchLabels: {{group: '{group}'}}}}\n    resourceRules:");
    let is_wanted = |document: &&str| {
        only.is_none_or(|rule| {
            let name = document.lines().find_map(|line| line.strip_prefix("  name: ")).unwrap_or_default();
            name == format!("rayguard-{rule}") || name == format!("rayguard-{rule}-warn")
        })
    };
    let documents = text.split("---\n").skip(1).filter(is_wanted);
    let of_group = |document: &str| {
        let document = document.replace(" rayguard-", &format!(" g{group}-rayguard-"));
        format!("---\n{}", document.replace("    resourceRules:", &selected))
    };
    documents.map(of_group).collect()
}

/// Installs the policies, and after them one that refuses a ConfigMap. Once that one is active, all earlier ones are
/// too.
fn install(namespace: &Namespace<'_>, manifest: &str) {
    const LAST: &str = "---
apiVersion: admissionregistration.k8s.io/v1
kind: ValidatingAdmissionPolicy
metadata: {name: last}
spec:
  matchConstraints:
    resourceRules: [{apiGroups: [''], apiVersions: [v1], operations: [CREATE], resources: [configmaps]}]
  validations: [{expression: 'false'}]
---
apiVersion: admissionregistration.k8s.io/v1
kind: ValidatingAdmissionPolicyBinding
metadata: {name: last}
spec: {policyName: last, validationActions: [Deny]}
";
    namespace.send("create -f -", manifest).passes_silently();
    namespace.send("create -f -", LAST).passes();
    eventually("the API server to apply the policies", || {
        (!namespace.kubectl("create configmap last --dry-run=server").success()).then_some(())
    });
}

/// Returns the findings of the validating webhook in a case, limited to exported rules.
fn expected(case: &Case) -> Verdict {
    let policy = Policy::from_yaml(&case.policy).expect("a policy");
    let text = [Some(&case.object), case.old.as_ref()].map(|object| object.map(Value::to_string).unwrap_or_default());
    let json = [&text[0], &text[1]].map(|text| serde_json::from_str::<Json<'_>>(text).unwrap_or_default());
    let object = RayObject::read(&json[0]).expect("an object of KubeRay");
    let old = RayObject::read(&json[1]);
    let mut verdict = Verdict::new();
    let is_asked = old.as_ref().is_none_or(|old| is_sent_to_webhooks(old.json, object.json));
    if case.namespace == "ignored" || !is_asked {
        return verdict;
    }
    for finding in policy.validate(&object, old.as_ref()) {
        let name = finding.rule.name;
        if finding.level == Level::Audit && policy.level(finding.rule) > Level::Audit {
            continue; // a policy has no notes
        }
        if cel::obstacle(finding.rule).is_none() && case.only().is_none_or(|only| only == name) {
            verdict.entry((name.to_owned(), finding.level)).or_default().insert(keyed_path(&json[0], &finding));
        }
    }
    verdict
}

/// Returns the path with names in place of indices, as the policies write it.
fn keyed_path(object: &Json<'_>, finding: &Finding) -> String {
    let (mut keyed_path, mut path) = (String::new(), FieldPath::root());
    for step in finding.path.steps() {
        path = path.step(step.clone());
        match step {
            Step::Field(name) if keyed_path.is_empty() => keyed_path += name,
            Step::Field(name) => keyed_path = format!("{keyed_path}.{name}"),
            Step::Key(key) => keyed_path = format!("{keyed_path}[{key}]"),
            Step::Index(_) => {
                let keyed = list_map::keyed_pointer(object, &path);
                let last = keyed.rsplit('/').next().expect("a step").replace("~1", "/").replace("~0", "~");
                keyed_path = format!("{keyed_path}[{last}]");
            }
        }
    }
    keyed_path
}

/// Returns whether the chart's webhooks are called for an update.
fn is_sent_to_webhooks(old: &Json<'_>, new: &Json<'_>) -> bool {
    let of_kuberay = |object: &Json<'_>, field| {
        let entries = object.descend(["metadata", field]).entries().iter();
        let own = entries.filter(|(key, _)| key.starts_with("ray.io/"));
        own.map(|(key, value)| (key.to_string(), Value::from(value))).collect::<BTreeMap<_, _>>()
    };
    Value::from(old.field("spec")) != Value::from(new.field("spec"))
        || ["annotations", "labels"].iter().any(|field| of_kuberay(old, field) != of_kuberay(new, field))
}

/// Returns the findings that the policies of a group left in the audit log, and the policies that warn the user.
fn found(annotations: &Value, group: usize, case: &Case) -> (Verdict, BTreeSet<String>) {
    let levels = Policy::from_yaml(&case.policy).expect("a policy");
    let (mut verdict, mut warning) = (Verdict::new(), BTreeSet::new());
    for (key, places) in annotations.as_object().into_iter().flatten() {
        let Some(policy) = key.strip_suffix("/places") else { continue };
        let Some(name) = policy.strip_prefix(&format!("g{group}-rayguard-")) else { continue };
        let (name, level) = match name.strip_suffix("-warn") {
            Some(rule) => (rule, Level::Warn),
            None => (name, levels.level(rayguard_policy::rules::find(name).expect("a rule"))),
        };
        if level == Level::Warn {
            warning.insert(policy.to_owned());
        }
        let places = places.as_str().expect("text").split('\n').map(str::to_owned).collect();
        verdict.insert((name.to_owned(), level), places);
    }
    (verdict, warning)
}

/// Returns the object with the label by which the policies of a group select it.
fn labelled(object: &Value, group: usize) -> Value {
    let mut object = object.clone();
    object["metadata"]["labels"]["group"] = json!(group.to_string());
    object
}

/// The API server's response.
struct Answer {
    status: u16,
    message: String,
    /// The policies that warn the user.
    warnings: BTreeSet<String>,
    /// The resource version of the object.
    version: String,
    /// The id of the request in the audit log.
    audit: String,
}

/// Creates an object, or replaces the object of this name and resource version.
async fn ask(client: &Client, object: &Value, version: Option<&str>, dry_run: bool) -> Answer {
    let mut object = object.clone();
    if let Some(version) = version {
        object["metadata"]["resourceVersion"] = json!(version);
    }
    // Only the API server sets this field, and an update does not change it.
    object["metadata"].as_object_mut().expect("its metadata").remove("deletionTimestamp");
    let params = PostParams { dry_run, ..PostParams::default() };
    let (request, body) = (request(&object), object.to_string().into_bytes());
    let request = match version {
        None => request.create(&params, body),
        Some(_) => request.replace(object["metadata"]["name"].as_str().unwrap_or_default(), &params, body),
    };
    send(client, request.expect("a request")).await
}

/// Deletes an object, which stays as long as it has finalizers.
async fn delete(client: &Client, object: &Value) -> Answer {
    let name = object["metadata"]["name"].as_str().expect("a name");
    send(client, request(object).delete(name, &DeleteParams::default()).expect("a request")).await
}

/// Returns a request builder for objects of this kind, in the object's namespace.
fn request(object: &Value) -> Request {
    let text = |pointer: &str| object.pointer(pointer).and_then(Value::as_str).unwrap_or_default();
    let (version, namespace, kind) = (text("/apiVersion"), text("/metadata/namespace"), text("/kind"));
    Request::new(format!("/apis/{version}/namespaces/{namespace}/{}s", kind.to_lowercase()))
}

async fn send(client: &Client, request: hyper::Request<Vec<u8>>) -> Answer {
    let response = client.send(request.map(Body::from)).await.expect("the API server answers");
    let status = response.status().as_u16();
    let header = response.headers().get("audit-id").and_then(|id| id.to_str().ok());
    let audit = header.unwrap_or_default().to_owned();
    let warnings = response.headers().get_all("warning").iter().filter_map(|warning| {
        let (_, rest) = warning.to_str().ok()?.split_once("ValidatingAdmissionPolicy '")?;
        Some(rest.split_once('\'')?.0.to_owned())
    });
    let warnings = warnings.collect();
    let body = response.into_body().collect_bytes().await.expect("a whole body");
    let body: Value = serde_json::from_slice(&body).expect("JSON");
    let text = |pointer: &str| body.pointer(pointer).and_then(Value::as_str).unwrap_or_default().to_owned();
    Answer { status, message: text("/message"), warnings, version: text("/metadata/resourceVersion"), audit }
}
