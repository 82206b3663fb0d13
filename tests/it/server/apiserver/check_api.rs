//! Tests of `rayguard check-api` on installations that are right, or wrong in various ways.

use std::fs;
use std::net::TcpListener;
use std::process::{Command, Stdio};

use tempfile::TempDir;

use super::{ApiServer, Namespace, TOKEN};
use crate::server::process::{RAYGUARD, Rayguard, eventually};
use crate::server::tls::Authority;

pub(super) const GOOD: &str = "ok      a good RayCluster is admitted with the default \
                    RAY_gcs_rpc_server_reconnect_timeout_s=1440 for its workers";
pub(super) const BAD: &str = "ok      a bad RayCluster is refused by worker-reconnect-timeout";

/// The page that shows the output.
const PAGE: &str = include_str!("../../../../docs/install.md");

/// A run of `rayguard check-api` as some user, in a namespace.
pub(super) struct Run {
    folder: TempDir,
    command: Command,
}

/// The exit status and the output of a run.
pub(super) type End = (i32, String);

impl Run {
    /// Returns a run as the administrator.
    fn in_namespace(namespace: &Namespace<'_>) -> Self {
        Self::by(&fs::read_to_string(ApiServer::shared().kubeconfig_file()).expect("a kubeconfig"), &namespace.name)
    }

    pub(super) fn by(kubeconfig: &str, namespace: &str) -> Self {
        let folder = TempDir::new().expect("a folder");
        let file = folder.path().join("kubeconfig");
        fs::write(&file, kubeconfig).expect("a file");
        let mut command = Command::new(RAYGUARD);
        command.args(["check-api", "--namespace", namespace]).env_clear().env("KUBECONFIG", file);
        Self { folder, command }
    }

    fn with_policy(mut self, policy: &str) -> Self {
        let file = self.folder.path().join("policy.yaml");
        fs::write(&file, format!("apiVersion: rayguard.dev/v1alpha1\nkind: Policy\n{policy}")).expect("a file");
        self.command.arg("--config").arg(file);
        self
    }

    pub(super) fn end(mut self) -> End {
        let output = self.command.output().expect("the binary is built");
        let text = |bytes| String::from_utf8(bytes).expect("text");
        (output.status.code().expect("no signal"), text(output.stdout) + &text(output.stderr))
    }
}

/// Asserts that both checks fail, each with this help.
#[track_caller]
pub(super) fn fails((status, printed): &End, helps: [&str; 2]) {
    assert_eq!(*status, 1, "{printed}");
    assert_eq!(printed.lines().count(), 2, "{printed}");
    for ((line, help), example) in printed.lines().zip(helps).zip(["good", "bad"]) {
        assert!(line.starts_with(&format!("FAILED  a {example} RayCluster is ")) && line.contains(help), "{line}");
    }
}

/// Asserts that the command cannot run its checks, and prints this reason and this help.
#[track_caller]
fn cannot_check((status, printed): &End, reason: &str, help: &str) {
    assert_eq!((*status, printed.lines().count()), (2, 1), "{printed}");
    assert!(printed.starts_with("error: ") && printed.contains(reason) && printed.contains(help), "{printed}");
}

#[test]
fn check_api_reports_what_the_policy_does_in_a_working_installation() {
    assert!(PAGE.contains(&format!("\n{GOOD}\n{BAD}\n")), "docs/install.md shows another output");
    let warned = "with a warning of worker-reconnect-timeout";
    let silent = "admitted without a default, as the policy specifies, and as without rayguard";
    let admitted = "ok      a bad RayCluster is admitted without a default";
    let exempt = "exemptions: [{namespaces: [check-5], rules: [worker-reconnect-timeout], reason: a test}]";
    for (index, (policy, good, bad)) in [
        ("", GOOD.to_owned(), BAD.to_owned()),
        ("highestLevel: warn", GOOD.to_owned(), format!("{admitted}, {warned}")),
        ("highestLevel: audit", GOOD.to_owned(), format!("ok      a bad RayCluster is {silent}")),
        ("defaults: {workerReconnectTimeout: repair}", GOOD.to_owned(), BAD.to_owned()),
        ("defaults: {workerReconnectTimeout: off}", format!("ok      a good RayCluster is {silent}"), BAD.to_owned()),
        (exempt, GOOD.to_owned(), format!("ok      a bad RayCluster is {silent}")),
        ("defaults: {podTemplate: {worker: {spec: {priorityClassName: x}}}}", GOOD.to_owned(), BAD.to_owned()),
        // The API server has the fields of 1.6 nevertheless.
        ("kuberay: {version: '1.2'}", GOOD.to_owned(), BAD.to_owned()),
    ]
    .into_iter()
    .enumerate()
    {
        let namespace = ApiServer::shared().namespace(&format!("check-{index}"));
        let rayguard = Rayguard::with_policy(policy);
        namespace.guard(&rayguard);
        let end = Run::in_namespace(&namespace).with_policy(policy).end();
        assert_eq!(end, (0, format!("{good}\n{bad}\n")), "{policy}");
        assert_eq!(namespace.kubectl("get rayclusters --output name").passes().stdout, "", "nothing is stored");
    }
}

#[test]
fn check_api_detects_a_policy_that_differs_from_the_installed_one() {
    let namespace = ApiServer::shared().namespace("check-other-policy");
    let rayguard = Rayguard::start(&[]);
    namespace.guard(&rayguard);
    for (policy, good, bad) in [
        (
            "highestLevel: warn",
            GOOD.to_owned(),
            "FAILED  a bad RayCluster is refused by worker-reconnect-timeout, but the policy expects: admitted without \
             a default, with a warning of worker-reconnect-timeout; is --config the policy that is installed, and this \
             the same version of rayguard?"
                .to_owned(),
        ),
        (
            "defaults: {podTemplate: {worker: {spec: {priorityClassName: x}}}}",
            format!(
                "FAILED{}, without the default at /spec/workerGroupSpecs/0/template/spec/priorityClassName; is --config \
                 the policy that is installed?",
                &GOOD[2 + 4..]
            ),
            BAD.to_owned(),
        ),
    ] {
        let end = Run::in_namespace(&namespace).with_policy(policy).end();
        assert_eq!(end, (1, format!("{good}\n{bad}\n")), "{policy}");
    }
}

#[test]
fn check_api_detects_webhooks_that_are_not_called() {
    let namespace = ApiServer::shared().namespace("check-unasked");
    let end = Run::in_namespace(&namespace).end();
    let see = |kind: &str| format!("see kubectl get {kind}webhookconfigurations --output yaml");
    fails(&end, [&see("mutating"), &see("validating")]);
    assert!(end.1.contains("the policy expects: refused by worker-reconnect-timeout;"), "{}", end.1);

    namespace.kubectl("label namespace check-unasked rayguard.dev/ignore=").passes();
    let end = Run::in_namespace(&namespace).end();
    fails(&end, ["namespace check-unasked is excluded by its label rayguard.dev/ignore: remove it"; 2]);
}

#[test]
fn check_api_detects_webhooks_that_cannot_be_reached() {
    let namespace = ApiServer::shared().namespace("check-uncallable");
    let rayguard = Rayguard::start(&[]);
    namespace.register(rayguard.webhooks, Some(&Authority::new().0.pem()));
    let by_unknown = "x509: certificate signed by unknown authority";
    let end = eventually("the API server to call", || {
        Some(Run::in_namespace(&namespace).end()).filter(|(_, printed)| printed.contains(by_unknown))
    });
    fails(&end, ["; the caBundle is not that of rayguard's certificate: see rayguard's log"; 2]);
    assert!(end.1.contains("failed calling webhook \"mutate.rayguard.dev\""), "{}", end.1);

    namespace.guard(&rayguard);
    assert_eq!(Run::in_namespace(&namespace).end(), (0, format!("{GOOD}\n{BAD}\n")));
    drop(rayguard);
    // The first call may still use a connection that the stopped process has closed.
    let end = eventually("new connections to be refused", || {
        Some(Run::in_namespace(&namespace).end())
            .filter(|(_, printed)| printed.matches("connection refused").count() == 2)
    });
    fails(&end, ["connection refused; no Pod of rayguard listens there: kubectl describe its Pods"; 2]);

    // With the chart's failure policies, the mutating webhook fails open, and the validating one still reports the
    // error.
    let policy = serde_json::json!([{"op": "replace", "path": "/webhooks/0/failurePolicy", "value": "Ignore"}]);
    namespace.json_patch("mutatingwebhookconfiguration/rayguard-check-uncallable", &policy).passes();
    let failed = "failed calling webhook \"validate.rayguard.dev\"";
    eventually("the mutating webhook to fail open", || {
        let end = Run::in_namespace(&namespace).end();
        (end.0 == 1 && end.1.matches(failed).count() == 2).then_some(())
    });
}

#[test]
fn check_api_distinguishes_refusals_by_other_policies() {
    let namespace = ApiServer::shared().namespace("check-quota");
    let rayguard = Rayguard::start(&[]);
    namespace.guard(&rayguard);
    let foreign = "apiVersion: admissionregistration.k8s.io/v1
kind: ValidatingAdmissionPolicy
metadata: {name: check-quota}
spec:
  failurePolicy: Fail
  matchConstraints: {resourceRules: [{apiGroups: [ray.io], apiVersions: [v1], operations: [CREATE], resources: [rayclusters]}]}
  validations: [{expression: 'false', message: no room}]
---
apiVersion: admissionregistration.k8s.io/v1
kind: ValidatingAdmissionPolicyBinding
metadata: {name: check-quota}
spec:
  policyName: check-quota
  validationActions: [Deny]
  matchResources: {namespaceSelector: {matchLabels: {kubernetes.io/metadata.name: check-quota}}}
";
    namespace.send("create -f -", foreign).passes();
    eventually("the foreign refusal", || {
        let (status, printed) = Run::in_namespace(&namespace).end();
        let help = "denied request: no room; this is not a refusal of rayguard, try another --namespace";
        (status == 1 && printed.starts_with("FAILED") && printed.contains(help)).then_some(())
    });
}

#[test]
fn check_api_needs_only_the_rights_to_patch_and_create() {
    let namespace = ApiServer::shared().namespace("check-rights");
    let rayguard = Rayguard::start(&[]);
    namespace.guard(&rayguard);
    let token = namespace.account("checker");
    let server = ApiServer::shared();
    let run = |token: &str, name: &str| Run::by(&server.kubeconfig(server.address(), token, "default"), name).end();

    let help = "allow the user to patch and create rayclusters.ray.io in namespace check-rights";
    cannot_check(&run(&token, "check-rights"), "cannot patch resource \"rayclusters\"", help);
    namespace.kubectl("create role checker --verb=patch,create --resource=rayclusters.ray.io").passes();
    namespace.kubectl("create rolebinding checker --role=checker --serviceaccount=check-rights:checker").passes();
    let end = eventually("the right", || Some(run(&token, "check-rights")).filter(|(status, _)| *status == 0));
    assert_eq!(end.1, format!("{GOOD}\n{BAD}\n"));

    cannot_check(&run("nobody", "check-rights"), "Unauthorized", "log in, or use another KUBECONFIG");
    cannot_check(&run(TOKEN, "nowhere"), "namespaces \"nowhere\" not found", "use another --namespace");
}

#[test]
fn check_api_reports_an_unreachable_or_untrusted_api_server() {
    let server = ApiServer::shared();
    let closed = TcpListener::bind("127.0.0.1:0").expect("a port").local_addr().expect("its address");
    let end = Run::by(&server.kubeconfig(closed, TOKEN, "default"), "default").end();
    cannot_check(&end, "Connection refused", "is it running, is KUBECONFIG that of this cluster");

    let folder = TempDir::new().expect("a folder");
    let ca = folder.path().join("ca.crt");
    fs::write(&ca, Authority::new().0.pem()).expect("a file");
    let stranger = super::kubeconfig(&server.address().to_string(), &ca, TOKEN, "default");
    cannot_check(&Run::by(&stranger, "default").end(), "certificate", "take the kubeconfig of this cluster");

    cannot_check(
        &Run::by("{}", "default").end(),
        "cannot find the configuration of the API server",
        "; set KUBECONFIG",
    );
    let end = Run::by("{}", "default").with_policy("rulez: {}").end();
    assert_eq!(end.0, 2);
    assert!(end.1.contains("rulez: there is no such key"), "{}", end.1);
}

#[test]
fn check_api_reports_missing_or_old_kuberay_crds() {
    let server = ApiServer::start_without_kuberay(&[]);
    let kubeconfig = fs::read_to_string(server.kubeconfig_file()).expect("a kubeconfig");
    let end = Run::by(&kubeconfig, "default").end();
    cannot_check(&end, "there are no RayClusters of ray.io/v1", "install KubeRay's CRDs first");

    server.install_custom_resources("1.2");
    let namespace = server.namespace("old");
    let end = Run::by(&kubeconfig, "old").end();
    fails(&end, ["field not declared in schema; KubeRay's CRDs are older than kuberay.version in the policy"; 2]);

    let policy = "kuberay: {version: '1.2'}";
    let rayguard = Rayguard::with_policy(policy);
    namespace.register(rayguard.webhooks, Some(&rayguard.ca));
    let end = eventually("kube-apiserver to call both webhooks", || {
        Some(Run::by(&kubeconfig, "old").with_policy(policy).end()).filter(|(status, _)| *status == 0)
    });
    assert_eq!(end.1, format!("{GOOD}\n{BAD}\n"));
}

#[test]
fn check_api_waits_for_the_installation() {
    let namespace = ApiServer::shared().namespace("check-wait");
    let rayguard = Rayguard::start(&[]);
    let mut run = Run::in_namespace(&namespace);
    let child = run.command.args(["--wait", "60s"]).stdout(Stdio::piped()).spawn().expect("the binary is built");
    namespace.guard(&rayguard);
    let output = child.wait_with_output().expect("it ends");
    assert_eq!(String::from_utf8(output.stdout).expect("text"), format!("{GOOD}\n{BAD}\n"));
    assert_eq!(output.status.code(), Some(0));
}
