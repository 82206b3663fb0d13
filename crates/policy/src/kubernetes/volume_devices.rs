//! The block devices of a container.

use rayguard_manifest::json::Json;

use super::pod::Pod;
use super::seen::Seen;
use super::volume_mounts::{self, SUBJECT};
use super::{At, Violations, file_path};
use crate::reason::Reason;
use crate::spelling::quote;

/// Reports everything that Kubernetes refuses in `volumeDevices` (`ValidateVolumeDevices`, `validateHostUsers`), except
/// conflicts with `volumeMounts`.
pub(super) fn validate(devices: &Json<'_>, pod: &Pod<'_>, at: &At<'_>, violations: &mut Violations) {
    if pod.has_user_namespace() {
        let message = "a Pod with hostUsers: false has no block devices";
        violations.forbidden(SUBJECT, at, message, "remove it, or hostUsers").in_some_versions();
    }
    let (mut names, mut paths) = (Seen::new(), Seen::new());
    for (index, device) in devices.items().iter().enumerate() {
        let at = at.index(index);
        let name = device.field("name").as_str();
        volume_mounts::check_name(name, pod, &at, violations);
        if let Some(name) = name.filter(|name| !name.is_empty()) {
            let is_claim = |source: &str| matches!(source, "persistentVolumeClaim" | "ephemeral");
            let has_claim =
                |volume: &Json<'_>| volume.entries().iter().any(|(source, value)| is_claim(source) && !value.is_null());
            if pod.volume(name).is_some_and(|volume| !has_claim(volume)) {
                let message = format!("the volume {} is not a persistentVolumeClaim or ephemeral", quote(name));
                violations.invalid(
                    SUBJECT,
                    &at.field("name"),
                    message,
                    "write the name of a volume of one of these types",
                );
            }
            if !names.insert(name) {
                let message = format!("the volume {} is already a device of the container", quote(name));
                let at = at.field("name");
                violations.add(SUBJECT, Reason::Duplicate, &at, message, "remove one of the two devices");
            }
        }
        let Some(path) = device.field("devicePath").as_str() else { continue };
        let at = at.field("devicePath");
        if path.is_empty() {
            violations.required(SUBJECT, &at, "the device has no path", "write the path in the container");
        } else if file_path::has_backsteps(path) {
            let message = format!("the path {} contains '..'", quote(path));
            violations.invalid(SUBJECT, &at, message, "write a path without '..'");
        } else if !paths.insert(path) {
            let message = format!("the container has another device at {}", quote(path));
            violations.add(SUBJECT, Reason::Duplicate, &at, message, "write another path");
        }
    }
}
