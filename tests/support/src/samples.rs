//! KubeRay's samples as objects for the laws.

use std::sync::OnceLock;

use rayguard_manifest::yaml;
use rayguard_policy::ray::RayObject;
use serde_json::Value;

use crate::kuberay;

/// Returns every Ray object in the samples of three versions.
pub fn samples() -> &'static [Value] {
    static SAMPLES: OnceLock<Vec<Value>> = OnceLock::new();
    SAMPLES.get_or_init(|| {
        let mut objects = Vec::new();
        for version in ["1.3", "1.4", "1.6"] {
            for (_, text) in kuberay::samples(version) {
                let documents = yaml::documents(&text).into_iter().flatten();
                let ray = documents.filter(|document| RayObject::read(&document.json).is_some());
                objects.extend(ray.map(|document| Value::from(&document.json)));
            }
        }
        assert!(objects.len() > 150, "{} samples", objects.len());
        objects
    })
}
