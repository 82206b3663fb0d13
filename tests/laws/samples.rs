//! KubeRay's samples, as objects to hold the laws over.

use std::fs;
use std::sync::OnceLock;

use rayguard::ray::RayObject;
use rayguard::yaml;
use serde_json::Value;

use crate::kuberay;

/// Every Ray object in the samples of three versions.
pub(crate) fn samples() -> &'static [Value] {
    static SAMPLES: OnceLock<Vec<Value>> = OnceLock::new();
    SAMPLES.get_or_init(|| {
        let mut objects = Vec::new();
        for version in ["v1.3.2", "v1.4.2", "v1.6.2"] {
            let folder = fs::read_dir(kuberay::module(version).join("config/samples")).expect("samples");
            for path in folder.map(|entry| entry.expect("an entry").path()) {
                if path.extension().is_some_and(|extension| extension == "yaml") {
                    let text = fs::read_to_string(path).expect("a sample");
                    let documents = yaml::documents(&text).into_iter().flatten();
                    let ray = documents.filter(|document| RayObject::read(&document.json).is_some());
                    objects.extend(ray.map(|document| Value::from(&document.json)));
                }
            }
        }
        assert!(objects.len() > 150, "{} samples", objects.len());
        objects
    })
}
