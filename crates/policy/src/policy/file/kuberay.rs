//! The key `kuberay`: the version of the operator, and its feature gates.

use rayguard_manifest::json::Json;
use rayguard_manifest::path::FieldPath;

use super::Reader;
use crate::kuberay::{FeatureGate, KubeRay, Version};

impl Reader {
    pub(super) fn kuberay(&mut self, json: &Json<'_>, path: &FieldPath) -> KubeRay {
        self.map(json, path, &["version", "featureGates"]);
        let mut kuberay = KubeRay::default();
        let version = match json.field("version") {
            Json::Null => Some(Version::NEWEST),
            Json::String(text) => Version::parse(text),
            // Without quotes, 1.6 is a number.
            Json::Number(number) => Version::parse(&number.to_string()),
            _ => None,
        };
        match version {
            Some(version) => kuberay.version = version,
            None => {
                let message = format!(
                    "write a version of KubeRay from \"{}\" to \"{}\", or \"{}\" for what is merged after it",
                    Version::OLDEST,
                    Version::NEWEST,
                    Version::NEXT
                );
                self.error(path.clone().field("version"), message);
            }
        }
        let (gates, path) = (json.field("featureGates"), path.clone().field("featureGates"));
        let names = FeatureGate::ALL.map(FeatureGate::as_str);
        self.map(gates, &path, &names);
        for (name, enabled) in gates.entries() {
            let Some(gate) = FeatureGate::ALL.into_iter().find(|gate| gate.as_str() == name) else { continue };
            let path = || path.clone().field(gate.as_str());
            match enabled.as_bool() {
                Some(enabled) => kuberay.feature_gates.push((gate, enabled)),
                None => self.error(path(), "write true or false"),
            }
            if let Some(version) = version.filter(|version| !gate.is_in(*version)) {
                let message = "does not have this feature gate, and does not start with it; remove it, or set \
                               kuberay.version to a version that has it";
                self.error(path(), format!("KubeRay {version} {message}"));
            }
        }
        kuberay
    }
}
