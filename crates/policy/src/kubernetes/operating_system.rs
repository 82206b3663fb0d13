//! The operating system of a Pod: fields that only Linux or only Windows has.

use rayguard_manifest::json::Json;

use super::{At, Subject, Violations};

const SUBJECT: Subject = Subject::SecurityContext;

/// Reports what Kubernetes refuses for the operating system of a Pod (`validateLinux` and `validateWindows`), except in
/// its containers.
pub(super) fn validate(system: &str, spec: &Json<'_>, context: &Json<'_>, at: &At<'_>, violations: &mut Violations) {
    match system {
        "linux" if context.field("windowsOptions").as_object().is_some() => {
            let at = at.field("securityContext");
            let message = "a Pod with os.name: linux allows no windowsOptions";
            violations.forbidden(SUBJECT, &at.field("windowsOptions"), message, "remove the options, or os");
        }
        "windows" => {
            for (field, value) in context.entries() {
                let known = LINUX_CONTEXT.iter().find(|(known, _)| known == field);
                let Some((known, in_some_versions)) = known.filter(|_| is_set(value)) else { continue };
                let at = at.field("securityContext");
                not_for_windows(SUBJECT, &at.field(known), *in_some_versions, violations);
            }
            for (field, value) in spec.entries() {
                let known = LINUX_SPEC.iter().find(|(known, _)| known == field);
                let Some((known, in_some_versions)) = known.filter(|_| is_set(value)) else { continue };
                let is_flag = matches!(*known, "hostPID" | "hostIPC");
                if !is_flag || value.as_bool() == Some(true) {
                    not_for_windows(Subject::PodSpec, &at.field(known), *in_some_versions, violations);
                }
            }
        }
        _ => {}
    }
}

/// The fields of a Pod's security context that a Pod for Windows does not allow, and whether only some versions refuse
/// them.
const LINUX_CONTEXT: &[(&str, bool)] = &[
    ("appArmorProfile", false),
    ("seLinuxOptions", false),
    ("seccompProfile", false),
    ("fsGroup", false),
    ("fsGroupChangePolicy", false),
    ("sysctls", false),
    ("runAsUser", false),
    ("runAsGroup", false),
    ("supplementalGroups", false),
    ("supplementalGroupsPolicy", true),
    ("seLinuxChangePolicy", true),
];

/// The fields of a Pod's spec that a Pod for Windows does not allow, and whether only some versions refuse them.
const LINUX_SPEC: &[(&str, bool)] = &[
    ("hostUsers", true),
    ("hostPID", false),
    ("hostIPC", false),
    ("shareProcessNamespace", false),
    ("resources", true),
];

/// Reports whether a field is sent to Kubernetes: KubeRay leaves out empty lists.
fn is_set(value: &Json<'_>) -> bool {
    match value {
        Json::Null => false,
        Json::Array(items) => !items.is_empty(),
        _ => true,
    }
}

fn not_for_windows(subject: Subject, at: &At<'_>, in_some_versions: bool, violations: &mut Violations) {
    let message = "a Pod with os.name: windows does not allow this field";
    let violation = violations.forbidden(subject, at, message, "remove the field, or os");
    violation.is_uncertain = in_some_versions;
}
