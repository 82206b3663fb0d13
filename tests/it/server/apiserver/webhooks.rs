//! The registration of the webhook in the API server.

use std::net::SocketAddr;

use base64::Engine;
use base64::prelude::BASE64_STANDARD;

use super::namespace::Namespace;
use crate::server::process::{Rayguard, eventually};

impl Namespace<'_> {
    /// Registers both webhooks for this namespace only, or moves the registration to another rayguard, and waits until
    /// kube-apiserver calls this one. The rules are those of the chart, with two differences: a URL in place of a
    /// Service, and `failurePolicy: Fail` for both, so that no test passes because a webhook could not be reached.
    pub(crate) fn guard(&self, rayguard: &Rayguard) {
        self.register(rayguard.webhooks, Some(&rayguard.ca));
        // kube-apiserver notices a registration with a delay, and each of the two separately.
        eventually("kube-apiserver to call both webhooks", || {
            self.send("create --dry-run=server -f -", PROBE);
            let metrics = rayguard.ask_admin("/metrics").body;
            let called = |webhook| metrics.contains(&format!("duration_seconds_count{{webhook=\"{webhook}\"}}"));
            (called("mutate") && called("validate")).then_some(())
        });
    }

    /// Registers both webhooks for this namespace only. Without a CA, another component must set the `caBundle`.
    pub(crate) fn register(&self, address: SocketAddr, ca: Option<&str>) {
        let configurations =
            ["Mutating", "Validating"].map(|phase| self.configuration(phase, address, ca)).join("---\n");
        self.send("apply --server-side -f -", &configurations).passes();
    }

    fn configuration(&self, phase: &str, address: SocketAddr, ca: Option<&str>) -> String {
        let name = &self.name;
        let ca = ca.map(|ca| format!("\n    caBundle: {}", BASE64_STANDARD.encode(ca))).unwrap_or_default();
        let (path, reinvocation) = match phase {
            "Mutating" => ("mutate", "  reinvocationPolicy: IfNeeded\n"),
            _ => ("validate", ""),
        };
        format!(
            "apiVersion: admissionregistration.k8s.io/v1
kind: {phase}WebhookConfiguration
metadata:
  name: rayguard-{name}
webhooks:
- name: {path}.rayguard.dev
  clientConfig:
    url: https://{address}/{path}{ca}
  rules:
  - apiGroups: [ray.io]
    apiVersions: [v1]
    resources: [rayclusters, rayservices, rayjobs, raycronjobs]
    operations: [CREATE, UPDATE]
  matchPolicy: Equivalent
  namespaceSelector:
    matchLabels:
      kubernetes.io/metadata.name: {name}
  admissionReviewVersions: [v1]
  sideEffects: None
  failurePolicy: Fail
  timeoutSeconds: 10
{reinvocation}"
        )
    }
}

/// An object for which both webhooks are called.
pub(crate) const PROBE: &str = "
apiVersion: ray.io/v1
kind: RayCluster
metadata: {name: probe}
spec: {headGroupSpec: {template: {spec: {containers: [{name: ray-head, image: ray}]}}}}
";
