//! The security context of a container.

use rayguard_manifest::json::Json;

use super::pod::Pod;
use super::{At, Subject, Violations, choice, security_profiles, windows_options};

const SUBJECT: Subject = Subject::SecurityContext;

/// The fields that Windows does not have (`validateWindows`).
const LINUX_FIELDS: [&str; 10] = [
    "appArmorProfile",
    "seLinuxOptions",
    "seccompProfile",
    "capabilities",
    "readOnlyRootFilesystem",
    "privileged",
    "allowPrivilegeEscalation",
    "procMount",
    "runAsUser",
    "runAsGroup",
];

/// Reports everything that Kubernetes refuses in the `securityContext` of a container (`ValidateSecurityContext`,
/// `validateLinux`, `validateWindows`). Whether privileged containers are allowed depends on the cluster.
pub(super) fn validate(context: &Json<'_>, pod: &Pod<'_>, at: &At<'_>, violations: &mut Violations) {
    let (mut privileged, mut escalation, mut capabilities) = (None, None, &Json::Null);
    for (name, value) in context.entries() {
        match &**name {
            "privileged" => privileged = value.as_bool(),
            "allowPrivilegeEscalation" => escalation = value.as_bool(),
            "capabilities" => capabilities = value,
            "runAsUser" => security_profiles::check_id(value, &at.field("runAsUser"), violations),
            "runAsGroup" => security_profiles::check_id(value, &at.field("runAsGroup"), violations),
            "procMount" if pod.os != Some("windows") => {
                check_proc_mount(value, pod, &at.field("procMount"), violations);
            }
            "seccompProfile" => security_profiles::check_seccomp(value, &at.field("seccompProfile"), violations),
            "appArmorProfile" => security_profiles::check_app_armor(value, &at.field("appArmorProfile"), violations),
            "windowsOptions" => {
                let at = at.field("windowsOptions");
                if pod.os == Some("linux") && value.as_object().is_some() {
                    let message = "a Pod for linux has no options for Windows";
                    violations.forbidden(SUBJECT, &at, message, "remove it");
                }
                windows_options::validate(value, &at, violations);
            }
            _ => {}
        }
    }
    if escalation == Some(false) {
        let at = at.field("allowPrivilegeEscalation");
        if privileged == Some(true) {
            let message = "a privileged container can always escalate its privileges";
            violations.invalid(SUBJECT, &at, message, "remove it, or remove privileged");
        }
        if capabilities.field("add").items().iter().any(|added| added.as_str() == Some("CAP_SYS_ADMIN")) {
            let message = "a container with CAP_SYS_ADMIN can always escalate its privileges";
            violations.invalid(SUBJECT, &at, message, "remove it, or remove CAP_SYS_ADMIN from capabilities.add");
        }
    }
    if pod.os == Some("windows") {
        for field in LINUX_FIELDS {
            if !context.field(field).is_null() {
                let message = "a Pod for windows has no such setting";
                violations.forbidden(SUBJECT, &at.field(field), message, "remove it");
            }
        }
    }
}

/// Checks `procMount` (`ValidateProcMountType`). By default, Kubernetes before 1.33 ignores it.
fn check_proc_mount(mount: &Json<'_>, pod: &Pod<'_>, at: &At<'_>, violations: &mut Violations) {
    let Some(mount) = mount.as_str() else { return };
    if let Some(violation) = choice::check(mount, &["Default", "Unmasked"], SUBJECT, at, violations) {
        violation.in_some_versions();
    } else if mount == "Unmasked" && !pod.has_user_namespace() {
        let message = "the type Unmasked needs hostUsers: false in the Pod";
        violations.invalid(SUBJECT, at, message, "remove it, or write hostUsers: false").in_some_versions();
    }
}
