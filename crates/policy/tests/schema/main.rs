//! Compares the embedded schema of KubeRay's objects with KubeRay's CRDs.

#![allow(clippy::disallowed_methods, reason = "tests read files")]

mod compact;

use std::path::Path;

use serde_json::Value;

use rayguard_test_support::kuberay;

/// The release of KubeRay whose CRDs are embedded completely. Of the other releases only the differences are embedded.
const WHOLE: (&str, &str) = ("1.6", "v1.6.2");
const OTHERS: [(&str, &str); 5] =
    [("1.1", "v1.1.1"), ("1.2", "v1.2.2"), ("1.3", "v1.3.2"), ("1.4", "v1.4.2"), ("1.5", "v1.5.1")];

#[test]
fn the_embedded_schemas_match_kuberays_crds() {
    let nodes = |version| compact::Nodes::of(&kuberay::module(version).join("config/crd/bases"));
    let whole = nodes(WHOLE.1);
    check_or_update(WHOLE, &whole.text(WHOLE.1));
    for other in OTHERS {
        check_or_update(other, &nodes(other.1).over(&whole).text(other.1));
    }
}

/// Compares a file with its expected content, or writes it if `UPDATE` is set.
fn check_or_update((release, _): (&str, &str), made: &str) {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("src/schema/kuberay-{release}.json"));
    if std::env::var_os("UPDATE").is_some() {
        std::fs::write(&path, made).expect("the schema can be written");
    }
    let kept = std::fs::read_to_string(&path).unwrap_or_default();
    assert!(kept == made, "{} differs from KubeRay's CRDs; run this test with UPDATE=1 to write it", path.display());
}

/// Returns the YAML documents of a text.
fn objects(yaml: &str) -> Vec<Value> {
    let documents = rayguard_manifest::yaml::documents(yaml).into_iter();
    documents.map(|document| Value::from(&document.expect("KubeRay writes YAML").json)).collect()
}
