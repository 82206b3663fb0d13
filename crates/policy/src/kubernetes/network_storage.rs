//! Volumes of network storage: NFS, `CephFS`, RBD, `GlusterFS`, Quobyte and iSCSI.

use rayguard_manifest::json::Json;

use super::syntax::Required;
use super::{At, Subject, Violations, syntax};

const SUBJECT: Subject = Subject::Volume;

/// The maximum length of the name of an iSCSI volume, a colon and its portal, in bytes.
const LONGEST_ISCSI_NAME: usize = 64;
/// The length that the tenant of Quobyte does not reach, in bytes.
const QUOBYTE_TENANT: usize = 65;

pub(super) fn validate_nfs(source: &Json<'_>, at: &At<'_>, violations: &mut Violations) {
    syntax::text(SUBJECT, source, Required::BySchema("server"), at, violations);
    syntax::text(SUBJECT, source, Required::BySchema("path"), at, violations);
    if source.field("path").as_nonempty_str().is_some_and(|path| !path.starts_with('/')) {
        violations.invalid(SUBJECT, &at.field("path"), "the path does not begin with '/'", "write an absolute path");
    }
}

pub(super) fn validate_glusterfs(source: &Json<'_>, at: &At<'_>, violations: &mut Violations) {
    syntax::text(SUBJECT, source, Required::BySchema("endpoints"), at, violations);
    syntax::text(SUBJECT, source, Required::BySchema("path"), at, violations);
}

pub(super) fn validate_cephfs(source: &Json<'_>, at: &At<'_>, violations: &mut Violations) {
    monitors(source, at, violations);
}

pub(super) fn validate_rbd(source: &Json<'_>, at: &At<'_>, violations: &mut Violations) {
    monitors(source, at, violations);
    syntax::text(SUBJECT, source, Required::BySchema("image"), at, violations);
}

fn monitors(source: &Json<'_>, at: &At<'_>, violations: &mut Violations) {
    if matches!(source.field("monitors"), Json::Array(monitors) if monitors.is_empty()) {
        violations.required(SUBJECT, &at.field("monitors"), "there is no monitor", "write the address of a monitor");
    }
}

pub(super) fn validate_quobyte(source: &Json<'_>, at: &At<'_>, violations: &mut Violations) {
    syntax::text(SUBJECT, source, Required::BySchema("registry"), at, violations);
    syntax::text(SUBJECT, source, Required::BySchema("volume"), at, violations);
    let Some(registry) = source.field("registry").as_nonempty_str() else { return };
    if source.field("tenant").as_str().is_some_and(|tenant| tenant.len() >= QUOBYTE_TENANT) {
        violations.invalid(SUBJECT, &at.field("tenant"), "the tenant has more than 64 characters", "write its UUID");
    } else if !registry.split(',').all(is_host_and_port) {
        let message = "this is no list of hosts with ports";
        violations.invalid(SUBJECT, &at.field("registry"), message, "write host:port, separated by commas");
    }
}

/// Reports whether Go's `net.SplitHostPort` accepts a text. The host and the port may be empty.
fn is_host_and_port(text: &str) -> bool {
    let Some((host, port)) = text.rsplit_once(':') else { return false };
    let host = match host.strip_prefix('[') {
        Some(bracketed) => match bracketed.split_once(']') {
            Some((host, "")) => host,
            _ => return false,
        },
        None if host.contains(':') => return false,
        None => host,
    };
    !host.contains(['[', ']']) && !port.contains(['[', ']'])
}

pub(super) fn validate_iscsi(source: &Json<'_>, at: &At<'_>, violations: &mut Violations) {
    syntax::text(SUBJECT, source, Required::BySchema("targetPortal"), at, violations);
    syntax::text(SUBJECT, source, Required::BySchema("iqn"), at, violations);
    for (field, name) in [("iqn", source.field("iqn").as_nonempty_str()), ("initiatorName", initiator(source))] {
        if name.is_some_and(|name| !is_iscsi_name(name)) {
            let message = "this is no name of the form iqn.…, eui.… or naa.…";
            violations.invalid(SUBJECT, &at.field(field), message, "write a name such as iqn.2001-04.com.example:disk");
        }
    }
    syntax::range(SUBJECT, source.field("lun"), 0..=255, &at.field("lun"), violations);
    let uses_secret = ["chapAuthDiscovery", "chapAuthSession"].map(|field| source.field(field).as_bool());
    if uses_secret.contains(&Some(true)) && source.entry("secretRef").is_none() {
        let message = "CHAP authentication needs a Secret";
        violations.required(SUBJECT, &at.field("secretRef"), message, "write the name of the Secret");
    }
}

fn initiator<'s>(source: &'s Json<'_>) -> Option<&'s str> {
    source.field("initiatorName").as_str()
}

/// Reports the name of an iSCSI volume that is too long together with its portal.
pub(super) fn validate_iscsi_name(volume: &Json<'_>, at: &At<'_>, violations: &mut Violations) {
    let (name, source) = (volume.field("name").as_str().unwrap_or_default(), volume.field("iscsi"));
    let portal = source.field("targetPortal").as_str().unwrap_or_default();
    if initiator(source).is_some() && name.len() + 1 + portal.len() > LONGEST_ISCSI_NAME {
        let message = "the name and iscsi.targetPortal together have more than 63 characters";
        violations.invalid(SUBJECT, &at.field("name"), message, "write a shorter name, or remove initiatorName");
    }
}

/// Reports whether a text is the name of an iSCSI target or initiator.
fn is_iscsi_name(name: &str) -> bool {
    let has_form = |length: usize| {
        let mut chars = name.chars().skip(3);
        // The pattern has '.' without a backslash, so that every character but a line break is valid there.
        chars.next().is_some_and(|char| char != '\n')
            && chars.clone().take(length + 1).count() == length
            && chars.all(|char| char.is_ascii_alphanumeric())
    };
    match name.as_bytes() {
        [b'i', b'q', b'n', ..] => has_iqn(name),
        [b'e', b'u', b'i', ..] => has_form(16),
        [b'n', b'a', b'a', ..] => has_form(32),
        _ => false,
    }
}

/// Reports whether a text ends as `iqn\.\d{4}-\d{2}\.([[:alnum:]-.]+)(:[^,;*&$|\s]+)$` requires.
fn has_iqn(name: &str) -> bool {
    let is_in_authority = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.');
    let is_in_identifier = |char: char| !",;*&$|\t\n\u{c} \r".contains(char);
    // The identifier begins after a colon and extends to the end.
    let identifiers = name.rfind(|char| !is_in_identifier(char)).map_or(0, |last| last + 1);
    let colons = name.bytes().enumerate().filter(|(index, byte)| *byte == b':' && *index >= identifiers);
    colons.filter(|(index, _)| index + 1 < name.len()).any(|(colon, _)| {
        let bytes = &name.as_bytes()[..colon];
        let start = bytes.iter().rposition(|byte| !is_in_authority(*byte)).map_or(0, |last| last + 1);
        bytes[start..].windows(13).any(is_iqn_prefix)
    })
}

/// Reports whether bytes begin as `iqn.2001-04.`, and at least one byte follows.
fn is_iqn_prefix(bytes: &[u8]) -> bool {
    let form = b"iqn.0000-00.";
    form.iter().zip(bytes).all(|(form, byte)| if *form == b'0' { byte.is_ascii_digit() } else { form == byte })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_iscsi_are_as_in_kubernetes() {
        for name in [
            "iqn.2001-04.com.example:storage.kube.sys1.xyz",
            "iqn.iqn.2001-04.com.example:a:b",
            "iqn: iqn.2001-04.a:b",
            "eui.0123456789abcdef",
            "naa.62004567BA64678D0123456789ABCDEF",
        ] {
            assert!(is_iscsi_name(name), "{name}");
        }
        for name in [
            "",
            "iqn",
            "iqn.2001-04.:a",
            "iqn.2001-04.com.example",
            "iqn.2001-04.com.example:",
            "iqn.2001-04.com.example:a b",
            "iqn.2001-04.com_example:a",
            "iqn.201-04.com.example:a",
            "eui.0123456789abcde",
            "eui.0123456789abcdeff",
            "naa.62004567BA64678D",
            "abc.2001-04.com.example:a",
        ] {
            assert!(!is_iscsi_name(name), "{name}");
        }
    }

    #[test]
    fn hosts_with_ports_are_as_in_go() {
        for text in ["a:1", ":", "a:", ":1", "[::1]:1", "a b:c"] {
            assert!(is_host_and_port(text), "{text}");
        }
        for text in ["", "a", "a:b:1", "[::1]", "[::1]a:1", "[::1:1", "a]:1", "[a]:1]", "[[a]:1"] {
            assert!(!is_host_and_port(text), "{text}");
        }
    }
}
