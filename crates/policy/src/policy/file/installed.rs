//! The key `installed`: what else checks KubeRay's objects in the cluster.

use rayguard_manifest::json::Json;
use rayguard_manifest::path::FieldPath;

use super::Reader;
use crate::settings::Installed;
use crate::spelling::suggestion;

/// The names that the list may contain.
const NAMES: [&str; 1] = ["kueue"];

impl Reader {
    pub(super) fn installed(&mut self, json: &Json<'_>, path: &FieldPath) -> Installed {
        let mut installed = Installed::default();
        if !matches!(json, Json::Array(_) | Json::Null) {
            self.error(path.clone(), format!("write a list of {}", NAMES.join(", ")));
        }
        for (index, item) in json.items().iter().enumerate() {
            match item.as_str() {
                Some("kueue") => installed.kueue = true,
                other => {
                    let meant = other.map(|other| suggestion(other, &NAMES)).unwrap_or_default();
                    let message = format!("write one of {}{meant}", NAMES.join(", "));
                    self.error(path.clone().index(index), message);
                }
            }
        }
        installed
    }
}
