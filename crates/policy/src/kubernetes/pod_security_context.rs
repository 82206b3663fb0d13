//! The security context of a Pod.

use std::collections::HashSet;

use rayguard_manifest::json::Json;

use super::{At, Subject, Violations, choice, security_profiles, windows_options};
use crate::reason::Reason;

const SUBJECT: Subject = Subject::SecurityContext;

/// The maximum length of the name of a sysctl, in bytes (`SysctlMaxLength`).
const LONGEST_SYSCTL: usize = 253;

/// Which namespaces of the node a Pod uses.
#[derive(Clone, Copy, Default)]
pub(super) struct HostNamespaces {
    /// `hostNetwork`
    pub(super) network: bool,
    /// `hostIPC`
    pub(super) ipc: bool,
    /// `hostPID`
    pub(super) processes: bool,
}

/// Reports what Kubernetes refuses in the `securityContext` of a Pod (`validatePodSpecSecurityContext`).
pub(super) fn validate(context: &Json<'_>, host: HostNamespaces, at: &At<'_>, violations: &mut Violations) {
    for (name, value) in context.entries() {
        match &**name {
            "fsGroup" => security_profiles::check_id(value, &at.field("fsGroup"), violations),
            "runAsUser" => security_profiles::check_id(value, &at.field("runAsUser"), violations),
            "runAsGroup" => security_profiles::check_id(value, &at.field("runAsGroup"), violations),
            "supplementalGroups" => {
                for (index, group) in value.items().iter().enumerate() {
                    let at = at.field("supplementalGroups");
                    security_profiles::check_id(group, &at.index(index), violations);
                }
            }
            "sysctls" => sysctls(value, host, &at.field("sysctls"), violations),
            "fsGroupChangePolicy" => {
                let at = at.field("fsGroupChangePolicy");
                choice(value, &["Always", "OnRootMismatch"], false, &at, violations);
            }
            "seccompProfile" => security_profiles::check_seccomp(value, &at.field("seccompProfile"), violations),
            "appArmorProfile" => security_profiles::check_app_armor(value, &at.field("appArmorProfile"), violations),
            "windowsOptions" => windows_options::validate(value, &at.field("windowsOptions"), violations),
            // Kubernetes 1.30 ignores the two fields below.
            "supplementalGroupsPolicy" => {
                let at = at.field("supplementalGroupsPolicy");
                choice(value, &["Merge", "Strict"], true, &at, violations);
            }
            "seLinuxChangePolicy" => {
                let at = at.field("seLinuxChangePolicy");
                choice(value, &["Recursive", "MountOption"], true, &at, violations);
                if value.as_str() == Some("MountOption") {
                    let message = "MountOption is refused by Kubernetes 1.33 to 1.36";
                    violations.invalid(SUBJECT, &at, message, "write Recursive").in_some_versions();
                }
            }
            _ => {}
        }
    }
}

fn choice(value: &Json<'_>, known: &[&'static str], in_some_versions: bool, at: &At<'_>, violations: &mut Violations) {
    let Some(text) = value.as_str() else { return };
    if let Some(violation) = choice::check(text, known, SUBJECT, at, violations) {
        violation.is_uncertain = in_some_versions;
    }
}

/// Reports what Kubernetes refuses in `sysctls` (`validateSysctls`).
fn sysctls(sysctls: &Json<'_>, host: HostNamespaces, at: &At<'_>, violations: &mut Violations) {
    let mut names = HashSet::new();
    for (index, sysctl) in sysctls.items().iter().enumerate() {
        let Some(name) = sysctl.field("name").as_str() else { continue };
        let at = at.index(index);
        let at = at.field("name");
        if name.is_empty() {
            violations.required(SUBJECT, &at, "the sysctl has no name", "write a name such as net.core.somaxconn");
        } else if !is_sysctl(name) {
            let message = "this is not the name of a sysctl";
            let help = "write lower-case letters, digits, '-' and '_', separated by '.' or '/'";
            violations.invalid(SUBJECT, &at, message, help);
        } else if names.contains(name) {
            let message = "the sysctl occurs twice";
            violations.add(SUBJECT, Reason::Duplicate, &at, message, "remove one of the two");
        }
        let field = match namespace(name) {
            Some(Namespace::Network) if host.network => "hostNetwork",
            Some(Namespace::Ipc) if host.ipc => "hostIPC",
            _ => "",
        };
        if !field.is_empty() {
            let message = format!("the sysctl belongs to the node, because {field} is true");
            violations.invalid(SUBJECT, &at, message, format!("remove the sysctl or {field}"));
        }
        names.insert(name);
    }
}

/// Reports whether a text is the name of a sysctl (`IsValidSysctlName`).
fn is_sysctl(name: &str) -> bool {
    let is_outer = |byte: &u8| byte.is_ascii_lowercase() || byte.is_ascii_digit();
    let is_segment = |segment: &str| {
        let bytes = segment.as_bytes();
        bytes.first().is_some_and(is_outer)
            && bytes.last().is_some_and(is_outer)
            && bytes.iter().all(|byte| is_outer(byte) || matches!(byte, b'-' | b'_'))
    };
    name.len() <= LONGEST_SYSCTL && name.split(['.', '/']).all(is_segment)
}

/// A namespace of the Linux kernel to which a sysctl may belong.
#[derive(Debug, PartialEq, Eq)]
enum Namespace {
    Network,
    Ipc,
}

/// Returns the namespace of a sysctl (`GetNamespace` of `k8s.io/component-helpers/node/util/sysctl`).
fn namespace(name: &str) -> Option<Namespace> {
    const IPC: &[&str] = &[
        "kernel.sem",
        "kernel.shmall",
        "kernel.shmmax",
        "kernel.shmmni",
        "kernel.shm_rmid_forced",
        "kernel.shm",
        "kernel.msgmax",
        "kernel.msgmnb",
        "kernel.msgmni",
        "kernel.msg",
    ];
    // If the first separator is a slash, slashes separate the segments, and dots are part of them.
    let separator = name.chars().find(|char| matches!(char, '.' | '/'))?;
    let (first, rest) = name.split_once(separator)?;
    let second = rest.split(separator).next().unwrap_or_default();
    let is_named = |known: &&str| {
        let (known_first, known_second) = known.split_once('.').unwrap_or_default();
        first == known_first && rest == known_second
    };
    match (first, second) {
        ("net", _) => Some(Namespace::Network),
        ("fs", "mqueue") if rest.len() > second.len() => Some(Namespace::Ipc),
        _ => IPC.iter().any(is_named).then_some(Namespace::Ipc),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_sysctls_are_as_in_kubernetes() {
        for name in ["a", "net.core.somaxconn", "net/ipv4/conf/eth0.1/forwarding", "kernel.shm_rmid_forced", "a-b_c.d"]
        {
            assert!(is_sysctl(name), "{name}");
        }
        for name in ["", ".", "net..core", "Net.core", "net.", "_a.b", "net.ipv4.*", &"a".repeat(254)] {
            assert!(!is_sysctl(name), "{name}");
        }
    }

    #[test]
    fn the_namespaces_of_sysctls_are_as_in_kubernetes() {
        for (name, expected) in [
            ("net.core.somaxconn", Some(Namespace::Network)),
            ("net/core/somaxconn", Some(Namespace::Network)),
            ("kernel.sem", Some(Namespace::Ipc)),
            ("kernel/sem", Some(Namespace::Ipc)),
            ("kernel.shm_rmid_forced", Some(Namespace::Ipc)),
            ("fs.mqueue.msg_max", Some(Namespace::Ipc)),
            ("fs.mqueue", None),
            ("fs.mqueues.a", None),
            ("kernel.sem.a", None),
            ("vm.swappiness", None),
            ("network", None),
        ] {
            assert_eq!(namespace(name), expected, "{name}");
        }
    }
}
