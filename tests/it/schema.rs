//! The embedded schema of KubeRay's objects, and what is made of it, against KubeRay's CRDs and the API server.

mod compact;
#[cfg(feature = "server")]
mod damage;
#[cfg(feature = "server")]
mod parity;

use std::path::Path;

use serde_json::Value;

use crate::kuberay;

/// The version of KubeRay's module whose CRDs are embedded.
const KUBERAY: &str = "v1.6.2";

#[test]
fn the_embedded_schema_is_kuberays_own() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/schema/kuberay-1.6.json");
    let made = compact::schema(&kuberay::module(KUBERAY).join("config/crd/bases"), KUBERAY);
    if std::env::var_os("UPDATE").is_some() {
        std::fs::write(&path, &made).expect("the schema can be written");
    }
    let kept = std::fs::read_to_string(&path).unwrap_or_default();
    assert!(kept == made, "{} is not what KubeRay's CRDs say; run this test with UPDATE=1 to write it", path.display());
}

/// The documents of a text.
fn objects(yaml: &str) -> Vec<Value> {
    let documents = rayguard::yaml::documents(yaml).into_iter();
    documents.map(|document| Value::from(&document.expect("KubeRay writes YAML").json)).collect()
}
