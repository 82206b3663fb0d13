//! Runs rayguard with the arguments and rights of the chart, though not on a node.

use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use rayguard_test_client::client::{Client, trusting};
use serde_json::{Value, json};

use super::Rendered;
use crate::server::apiserver::{ApiServer, BAD_CLUSTER, Namespace};
use crate::server::certificates::ready;
use crate::server::process::{Rayguard, eventually};

/// The prefixes of the chart's arguments that concern the API server.
const API_ARGUMENTS: [&str; 7] = [
    "--certificate-secret=",
    "--webhook-configuration=",
    "--service=",
    "--namespace=",
    "--watch-",
    "--audit-",
    "--policy-reports",
];

/// A release of the chart, without Pods. Its webhooks apply to no namespace, because all tests share the API server.
pub(super) struct Release {
    pub(super) namespace: Namespace<'static>,
    arguments: Vec<String>,
    token: String,
}

impl Release {
    /// Installs a release in a namespace of its name.
    pub(super) fn new(name: &str, values: &str) -> Self {
        let namespace = ApiServer::shared().namespace(name);
        let set = format!("fullnameOverride={name},webhooks.namespaceSelector.matchLabels.nowhere=x,{values}");
        let rendered = Rendered::new(["--namespace", name, "--set", &set]);
        // With a default namespace, kubectl would refuse objects of other namespaces.
        namespace.send("apply --server-side --namespace= -f -", &rendered.text).passes_silently();
        let token = namespace.token(name);
        let container = &rendered.only("Deployment")["spec"]["template"]["spec"]["containers"][0];
        let arguments = container["args"].as_array().expect("arguments").iter().filter_map(Value::as_str);
        let arguments = arguments.filter(|argument| API_ARGUMENTS.iter().any(|flag| argument.starts_with(flag)));
        let arguments = arguments.chain(["--ca-settle=1s"]).map(str::to_owned).collect();
        Self { namespace, arguments, token }
    }

    /// Starts a replica with the rights of the release's account.
    pub(super) fn start(&self) -> Rayguard {
        let server = ApiServer::shared();
        let kubeconfig = server.kubeconfig(server.address(), &self.token, &self.namespace.name);
        let arguments: Vec<_> = self.arguments.iter().map(String::as_str).collect();
        Rayguard::with_kubeconfig(&kubeconfig, &arguments)
    }

    /// Connects to a replica, as the API server does.
    pub(super) fn connect(&self, rayguard: &Rayguard) -> Client {
        let name = &self.namespace.name;
        let ca = self.namespace.get(&format!("secret/{name}-certificate"))["data"]["ca.crt"].clone();
        let ca = BASE64_STANDARD.decode(ca.as_str().expect("a CA")).expect("base64");
        let ca = String::from_utf8(ca).expect("PEM");
        Client::connect_by_name(rayguard.webhooks, &trusting(&ca), &format!("{name}.{name}.svc")).expect("a handshake")
    }
}

/// Returns the sum of a metric over all series that contain this label text.
pub(super) fn sum(rayguard: &Rayguard, name: &str, label: &str) -> Option<f64> {
    let metrics = rayguard.ask_admin("/metrics").body;
    let lines = metrics.lines().filter(|line| line.starts_with(name) && line.contains(label));
    lines.map(|line| line.rsplit_once(' ').and_then(|(_, value)| value.parse::<f64>().ok())).sum::<Option<f64>>()
}

#[test]
fn the_rights_and_arguments_of_the_chart_suffice_to_become_ready() {
    let release = Release::new("chart-running", "watch.rayClusters=false,audit.enabled=false");
    let rayguard = release.start();
    ready(&rayguard);
    assert_eq!(rayguard.metric("rayguard_cabundle_in_sync"), 1);
    for part in ["store", "lease", "ca_bundle", "watch"] {
        let failures = rayguard.metric(&format!("rayguard_certificate_errors_total{{part=\"{part}\"}}"));
        assert_eq!(failures, 0, "{part}: {}", rayguard.log());
    }
}

#[test]
fn the_rights_and_arguments_of_the_chart_suffice_to_watch() {
    let server = ApiServer::shared();
    for namespace in ["chart-seen", "chart-seen-single"].map(|name| server.namespace(name)) {
        namespace.kubectl("create secret generic redis --from-literal=password=x").passes();
        namespace.kubectl("create secret generic other --from-literal=password=x").passes();
    }
    let secrets = "watch.secrets.namespaces={chart-seen},watch.secrets.names={chart-seen-single/redis}";
    let rayguard = Release::new("chart-seeing", &format!("audit.enabled=false,{secrets}")).start();
    for source in ["rayclusters", "secrets"] {
        let complete = || (sum(&rayguard, "rayguard_view_complete", source) == Some(1.0)).then_some(());
        eventually("all watches to sync", complete);
    }
    assert_eq!(sum(&rayguard, "rayguard_view_objects", "secrets"), Some(3.0));
    assert!(!rayguard.log().contains("forbidden"), "{}", rayguard.log());
}

#[test]
fn the_rights_and_arguments_of_the_chart_suffice_to_audit() {
    let namespace = ApiServer::shared().namespace("chart-audited");
    namespace.send("create -f -", BAD_CLUSTER).passes();
    let rayguard = Release::new("chart-auditing", "audit.interval=1s,watch.rayClusters=false").start();
    let is = |name: &str, label: &str, least: f64| sum(&rayguard, name, label).is_some_and(|sum| sum >= least);
    eventually("two audits", || is("rayguard_audit_runs_total", "success", 2.0).then_some(()));
    assert!(!is("rayguard_audit_runs_total", "failure", 1.0), "{}", rayguard.log());
    assert!(is("rayguard_audit_objects", "", 1.0) && is("rayguard_audit_findings", "level=\"deny\"", 1.0));
    assert!(!rayguard.log().contains("forbidden"), "{}", rayguard.log());
}

/// Asks the API server itself for the account's rights.
#[test]
fn the_account_may_read_only_the_named_secrets() {
    let server = ApiServer::shared();
    let [whole, single] = ["chart-rights-whole", "chart-rights-single"].map(|name| server.namespace(name));
    for namespace in [&whole, &single] {
        namespace.kubectl("create secret generic redis --from-literal=password=x").passes();
        namespace.kubectl("create secret generic other --from-literal=password=x").passes();
    }
    let secrets = "watch.secrets.namespaces={chart-rights-whole},watch.secrets.names={chart-rights-single/redis}";
    let release = Release::new("chart-rights", secrets);
    let account = "--as=system:serviceaccount:chart-rights:chart-rights";
    let secrets = |namespace: &str, query: &str| {
        let path = format!("/api/v1/namespaces/{namespace}/secrets?{query}");
        release.namespace.kubectl(&format!("get --raw {path} {account}"))
    };
    // A list, and a watch that the API server ends after a second.
    for request in ["", "watch=1&timeoutSeconds=1&"] {
        let redis = format!("{request}fieldSelector=metadata.name%3Dredis");
        let other = format!("{request}fieldSelector=metadata.name%3Dother");
        for query in [request, &redis, &other] {
            secrets("chart-rights-whole", query).passes();
        }
        let seen = secrets("chart-rights-single", &redis).passes().stdout;
        assert!(seen.contains("\"redis\"") && !seen.contains("\"other\""), "{seen}");
        for query in [request, &other] {
            assert!(secrets("chart-rights-single", query).fails().stderr.contains("forbidden"), "{query}");
        }
        for namespace in ["chart-rights", "default", "kube-system"] {
            assert!(secrets(namespace, request).fails().stderr.contains("forbidden"), "{namespace}");
        }
    }
    let may = |[verb, resource, namespace, name]: [&str; 4]| {
        let (group, resource) = resource.split_once('/').expect("group/resource");
        let attributes =
            json!({"verb": verb, "group": group, "resource": resource, "namespace": namespace, "name": name});
        let user = "system:serviceaccount:chart-rights:chart-rights";
        let review = json!({"apiVersion": "authorization.k8s.io/v1", "kind": "SubjectAccessReview",
            "spec": {"user": user, "resourceAttributes": attributes}});
        release.namespace.send("create --output=json -f -", &review.to_string()).json()["status"]["allowed"] == true
    };
    let (own, reports) = ("chart-rights", "wgpolicyk8s.io/policyreports");
    for right in [
        ["list", "ray.io/rayclusters", "", ""],
        ["watch", "ray.io/rayclusters", "", ""],
        ["list", "ray.io/raycronjobs", "", ""],
        ["delete", reports, "default", "x"],
        ["get", "/secrets", own, "chart-rights-certificate"],
        ["patch", "coordination.k8s.io/leases", own, "chart-rights-audit"],
    ] {
        assert!(may(right), "{right:?}");
    }
    for right in [
        ["get", "/secrets", "chart-rights-whole", "redis"],
        ["get", "/secrets", "chart-rights-single", "redis"],
        ["list", "/secrets", "", ""],
        ["watch", "ray.io/rayjobs", "", ""],
        ["get", "ray.io/rayclusters", "default", "x"],
        ["patch", "ray.io/rayclusters", "default", "x"],
        ["get", reports, "default", "x"],
        ["patch", "coordination.k8s.io/leases", own, "other"],
        ["list", "/namespaces", "", ""],
        ["list", "/pods", own, ""],
    ] {
        assert!(!may(right), "{right:?}");
    }
}
