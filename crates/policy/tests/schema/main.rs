//! Compares the embedded schema of KubeRay's objects with KubeRay's CRDs.

#![allow(clippy::disallowed_methods, reason = "tests read files")]

mod compact;

use rayguard_policy::kuberay::Version;
use rayguard_test_support::generated::assert_current;
use rayguard_test_support::kuberay;
use serde_json::Value;

#[test]
fn generated_schemas_match_kuberays_crds() {
    let whole_version = Version::WHOLE_SCHEMA.to_string();
    let nodes = |version: &str| compact::Nodes::of(&kuberay::module(version).join("config/crd/bases"));
    let whole = nodes(&whole_version);
    for version in kuberay::versions() {
        let label = kuberay::module_version(version);
        let text = if version == whole_version { whole.text(label) } else { nodes(version).over(&whole).text(label) };
        assert_current(&format!("crates/policy/src/schema/kuberay-{version}.json"), &text);
    }
}

/// Returns the YAML documents of a text.
fn objects(yaml: &str) -> Vec<Value> {
    let documents = rayguard_manifest::yaml::documents(yaml).into_iter();
    documents.map(|document| Value::from(&document.expect("KubeRay writes YAML").json)).collect()
}
