//! rayguard itself with what the chart gives it, though not on a node.

use serde_json::Value;

use super::Rendered;
use crate::apiserver::ApiServer;
use crate::certificates::ready;
use crate::process::Rayguard;

/// The arguments of the chart that have to do with certificates.
const CERTIFICATES: [&str; 4] = ["--certificate-secret=", "--webhook-configuration=", "--service=", "--namespace="];

#[test]
fn the_rights_and_arguments_of_the_chart_are_enough_to_become_ready() {
    let (server, name) = (ApiServer::shared(), "chart-running");
    let namespace = server.namespace(name);
    let nowhere = "webhooks.namespaceSelector.matchLabels.nowhere=x";
    let rendered = Rendered::new(["--set", "fullnameOverride=chart-running", "--set", nowhere]);
    // The release's namespace is another one.
    let manifest = rendered.text.replace("namespace: rayguard\n", &format!("namespace: {name}\n"));
    namespace.send("apply --server-side -f -", &manifest).passes_silently();
    let token = namespace.kubectl(&format!("create token {name}")).passes().stdout;

    let container = &rendered.only("Deployment")["spec"]["template"]["spec"]["containers"][0];
    let arguments = container["args"].as_array().expect("arguments").iter().filter_map(Value::as_str);
    let arguments = arguments.filter(|argument| CERTIFICATES.iter().any(|flag| argument.starts_with(flag)));
    let arguments: Vec<_> = arguments.map(|argument| argument.replace("=rayguard", "=chart-running")).collect();
    assert_eq!(arguments.len(), CERTIFICATES.len(), "{arguments:?}");
    let mut arguments: Vec<_> = arguments.iter().map(String::as_str).collect();
    arguments.push("--ca-settle=1s");

    let rayguard = Rayguard::with_kubeconfig(&server.kubeconfig(server.address(), token.trim(), name), &arguments);
    ready(&rayguard);
    assert_eq!(rayguard.metric("rayguard_cabundle_in_sync"), 1);
    for part in ["store", "lease", "ca_bundle", "watch"] {
        let failures = rayguard.metric(&format!("rayguard_certificate_errors_total{{part=\"{part}\"}}"));
        assert_eq!(failures, 0, "{part}: {}", rayguard.log());
    }
}
