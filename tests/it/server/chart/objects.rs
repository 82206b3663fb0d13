//! Whether the API server accepts every object of the chart.

use std::sync::LazyLock;

use super::{RELEASE, ROOT, Rendered, module, value_sets};
use crate::server::apiserver::{ApiServer, Namespace};
use crate::server::process::eventually;

/// CRDs of other projects whose objects the chart can contain: the module, its folder, and the CRD's name.
const DEFINITIONS: [(&str, &str, &str); 5] = [
    ("cert-manager", "deploy/crds", "cert-manager.io_certificates"),
    ("cert-manager", "deploy/crds", "cert-manager.io_issuers"),
    ("prometheus-operator", "example/prometheus-operator-crd", "monitoring.coreos.com_podmonitors"),
    ("prometheus-operator", "example/prometheus-operator-crd", "monitoring.coreos.com_prometheusrules"),
    ("prometheus-operator", "example/prometheus-operator-crd", "monitoring.coreos.com_servicemonitors"),
];

/// Returns the namespace of the release, in an API server with all kinds of the chart. It warns of Pods that violate
/// the strictest Pod security standard.
fn namespace() -> &'static Namespace<'static> {
    static NAMESPACE: LazyLock<Namespace<'static>> = LazyLock::new(|| {
        let namespace = ApiServer::shared().namespace(RELEASE);
        // The namespaces that everything-values.yaml names.
        for watched in ["ml", "team"] {
            namespace.kubectl(&format!("create namespace {watched}")).passes();
        }
        namespace.kubectl(&format!("label namespace {RELEASE} pod-security.kubernetes.io/warn=restricted")).passes();
        for (project, folder, name) in DEFINITIONS {
            let file = module(project).join(folder).join(format!("{name}.yaml"));
            namespace.kubectl(&format!("create --validate=false -f {}", file.display())).passes();
            let (group, resource) = name.split_once('_').expect("group and resource");
            // `kubectl wait` fails at once on an object that has no conditions yet.
            let wait = format!("wait --for=condition=Established crd/{resource}.{group} --timeout=60s");
            eventually("the CRD to be established", || namespace.kubectl(&wait).success().then_some(()));
        }
        namespace
    });
    &NAMESPACE
}

#[test]
fn the_api_server_accepts_every_object_of_every_value_set() {
    for (name, file) in value_sets() {
        let rendered = Rendered::with_values(file.as_deref());
        // With a default namespace, kubectl would refuse objects of other namespaces.
        let created = namespace().send("create --dry-run=server --validate=strict --namespace= -f -", &rendered.text);
        if name == "everything" {
            // This set of values uses the host network, which violates the standard.
            assert!(created.stderr.contains("would violate PodSecurity") && created.stderr.contains("host namespaces"));
            assert_eq!(created.stderr.lines().count(), 1, "{}", created.stderr);
        } else {
            assert_eq!(created.stderr, "", "{name}");
        }
        assert_eq!(created.passes().stdout.lines().count(), rendered.objects.len(), "{name}");
    }
}

#[test]
fn the_api_server_accepts_a_pod_monitor() {
    let rendered = Rendered::new(["--set", "podMonitor.enabled=true"]);
    assert!(rendered.has("PodMonitor"));
    namespace().send("create --dry-run=server --validate=strict -f -", &rendered.text).passes_silently();
}

#[test]
fn the_api_server_accepts_the_plain_manifest_and_the_cert_manager_objects() {
    // The namespace exists already.
    let applied = format!("apply --dry-run=server --validate=strict -f {ROOT}/charts/install.yaml");
    namespace().kubectl(&applied).passes();
    let created = format!("create --dry-run=server --validate=strict -f {ROOT}/certs/cert-manager.yaml");
    namespace().kubectl(&created).passes_silently();
}

#[test]
fn the_api_server_refuses_an_expression_that_does_not_compile() {
    let broken =
        Rendered::new(["--set", "webhooks.matchConditions[0].name=x,webhooks.matchConditions[0].expression=object.?"]);
    let refused = namespace().send("create --dry-run=server -f -", &broken.text).fails();
    assert!(refused.stderr.contains("compilation failed"), "{}", refused.stderr);
}
