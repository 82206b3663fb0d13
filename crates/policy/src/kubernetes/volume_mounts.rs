//! The volumes that a container mounts.

use rayguard_manifest::json::Json;

use super::pod::Pod;
use super::pod_template::Mount;
use super::seen::Seen;
use super::{At, Subject, Violations, choice, file_path};
use crate::reason::Reason;
use crate::spelling::quote;

pub(super) const SUBJECT: Subject = Subject::VolumeMount;

/// A mount of a volume.
struct VolumeMount<'m> {
    name: Option<&'m str>,
    path: Option<&'m str>,
    sub_path: &'m str,
    sub_path_expr: &'m str,
    propagation: Option<&'m str>,
    recursive_read_only: Option<&'m str>,
    read_only: bool,
}

impl<'m> VolumeMount<'m> {
    fn read(json: &'m Json<'_>) -> Self {
        let mut mount = Self {
            name: None,
            path: None,
            sub_path: "",
            sub_path_expr: "",
            propagation: None,
            recursive_read_only: None,
            read_only: false,
        };
        for (name, value) in json.entries() {
            match &**name {
                "name" => mount.name = value.as_str(),
                "mountPath" => mount.path = value.as_str(),
                "subPath" => mount.sub_path = value.as_str().unwrap_or_default(),
                "subPathExpr" => mount.sub_path_expr = value.as_str().unwrap_or_default(),
                "mountPropagation" => mount.propagation = value.as_str(),
                "recursiveReadOnly" => mount.recursive_read_only = value.as_str(),
                "readOnly" => mount.read_only = value.as_bool() == Some(true),
                _ => {}
            }
        }
        mount
    }
}

/// Reports everything that Kubernetes refuses in `volumeMounts` (`ValidateVolumeMounts`). Conflicts with `volumeDevices`
/// are reported here, at the mount. `added` are the mounts that KubeRay adds to the container.
pub(super) fn validate(
    mounts: &Json<'_>,
    devices: &Json<'_>,
    security: &Json<'_>,
    (added, pod): (&[Mount<'_>], &Pod<'_>),
    at: &At<'_>,
    violations: &mut Violations,
) {
    let mut paths = Seen::new();
    let devices = Devices::read(devices);
    for (index, json) in mounts.items().iter().enumerate() {
        let mount = VolumeMount::read(json);
        let at = at.index(index);
        check_name(mount.name, pod, &at, violations);
        if let Some(path) = mount.path {
            let at = at.field("mountPath");
            if path.is_empty() {
                violations.required(SUBJECT, &at, "the mount has no path", "write the path in the container");
            } else if added.iter().any(|mount| mount.path == path) {
                let message = format!("KubeRay mounts a volume at {}", quote(path));
                violations.add(SUBJECT, Reason::Duplicate, &at, message, "write another path, or remove the mount");
            } else if !paths.insert(path) {
                let message = format!("the container has another mount at {}", quote(path));
                violations.add(SUBJECT, Reason::Duplicate, &at, message, "write another path, or remove the mount");
            } else if devices.has_path(path) {
                let message = format!("the container has a device at {}", quote(path));
                violations.invalid(SUBJECT, &at, message, "write another path");
            }
        }
        if mount.name.is_some_and(|name| devices.has_name(name)) {
            let message = "the volume is also a device of the container";
            violations.invalid(SUBJECT, &at.field("name"), message, "remove the mount or the device");
        }
        check_sub_path(&mount, &at, violations);
        if let Some(propagation) = mount.propagation {
            check_propagation(propagation, security, &at.field("mountPropagation"), violations);
        }
        if let Some(mode) = mount.recursive_read_only {
            check_recursive_read_only(mode, &mount, &at.field("recursiveReadOnly"), violations);
        }
    }
}

/// The devices of a container, which are rare.
struct Devices<'d>(Option<(Seen<&'d str>, Seen<&'d str>)>);

impl<'d> Devices<'d> {
    fn read(devices: &'d Json<'_>) -> Self {
        if devices.items().is_empty() {
            return Self(None);
        }
        let (mut names, mut paths) = (Seen::new(), Seen::new());
        for device in devices.items() {
            device.field("name").as_str().map(|name| names.insert(name));
            device.field("devicePath").as_str().map(|path| paths.insert(path));
        }
        Self(Some((names, paths)))
    }

    fn has_name(&self, name: &'d str) -> bool {
        self.0.as_ref().is_some_and(|(names, _)| names.contains(name))
    }

    fn has_path(&self, path: &'d str) -> bool {
        self.0.as_ref().is_some_and(|(_, paths)| paths.contains(path))
    }
}

/// Checks that a volume exists.
pub(super) fn check_name(name: Option<&str>, pod: &Pod<'_>, at: &At<'_>, violations: &mut Violations) {
    match name {
        Some("") => {
            let help = "write the name of a volume of the Pod";
            violations.required(SUBJECT, &at.field("name"), "it names no volume", help);
        }
        Some(name) if !pod.has_volume(name) => {
            let message = format!("the Pod has no volume with the name {}", quote(name));
            let help = "add the volume to the Pod's volumes, or write the name of another one";
            violations.invalid(SUBJECT, &at.field("name"), message, help);
        }
        _ => {}
    }
}

fn check_sub_path(mount: &VolumeMount<'_>, at: &At<'_>, violations: &mut Violations) {
    for (field, path) in [("subPath", mount.sub_path), ("subPathExpr", mount.sub_path_expr)] {
        if path.is_empty() {
            continue;
        }
        if let Some(error) = file_path::descending_error(path) {
            let message = format!("the path {} {error}", quote(path));
            violations.invalid(SUBJECT, &at.field(field), message, "write a path below the volume, such as data/logs");
        }
    }
    if !mount.sub_path.is_empty() && !mount.sub_path_expr.is_empty() {
        let message = "a mount has either a subPath or a subPathExpr";
        violations.invalid(SUBJECT, &at.field("subPathExpr"), message, "remove one of them");
    }
}

/// Checks `mountPropagation` (`validateMountPropagation`).
fn check_propagation(propagation: &str, security: &Json<'_>, at: &At<'_>, violations: &mut Violations) {
    let choices = ["Bidirectional", "HostToContainer", "None"];
    let is_known = choice::check(propagation, &choices, SUBJECT, at, violations).is_none();
    let is_privileged = security.field("privileged").as_bool() == Some(true);
    if is_known && propagation == "Bidirectional" && !is_privileged {
        let message = "only a privileged container has mounts that are Bidirectional";
        violations.forbidden(SUBJECT, at, message, "write HostToContainer, or securityContext.privileged: true");
    }
}

/// Checks `recursiveReadOnly` (`validateMountRecursiveReadOnly`). By default, Kubernetes 1.30 ignores it.
fn check_recursive_read_only(mode: &str, mount: &VolumeMount<'_>, at: &At<'_>, violations: &mut Violations) {
    let choices = ["Disabled", "Enabled", "IfPossible"];
    if let Some(violation) = choice::check(mode, &choices, SUBJECT, at, violations) {
        violation.in_some_versions();
        return;
    }
    if mode == "Disabled" {
        return;
    }
    if !mount.read_only {
        let message = format!("the mode {mode} needs readOnly: true");
        violations.forbidden(SUBJECT, at, message, "write readOnly: true, or remove it").in_some_versions();
    }
    if mount.propagation.is_some_and(|propagation| propagation != "None") {
        let message = format!("the mode {mode} is not possible with this mountPropagation");
        violations.forbidden(SUBJECT, at, message, "remove mountPropagation, or remove it").in_some_versions();
    }
}
