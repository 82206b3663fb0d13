//! The options of security contexts for Windows.

use rayguard_manifest::json::Json;

use super::pod::Pod;
use super::{At, Subject, Violations};
use crate::name::{Syntax, sentence};
use crate::spelling::quote;

const SUBJECT: Subject = Subject::SecurityContext;

/// The maximum length of the contents of a GMSA credential spec, in bytes.
const LONGEST_CREDENTIAL_SPEC: usize = 64 * 1024;

/// The length in bytes that the domain of a user must be below.
const LONG_DOMAIN: usize = 256;

/// The maximum length of the name of a user, in bytes.
const LONGEST_USER: usize = 104;

/// Reports everything that Kubernetes refuses in `windowsOptions` (`validateWindowsSecurityContextOptions`).
pub(super) fn validate(options: &Json<'_>, at: &At<'_>, violations: &mut Violations) {
    for (name, value) in options.entries() {
        let Some(text) = value.as_str() else { continue };
        match &**name {
            "gmsaCredentialSpecName" => {
                let syntax = Syntax::Dns1123Subdomain;
                let errors = syntax.errors(text);
                if !errors.is_empty() {
                    let message = format!("no object can have the name {}: it {}", quote(text), sentence(&errors));
                    let at = at.field("gmsaCredentialSpecName");
                    violations.invalid(SUBJECT, &at, message, format!("write {}", syntax.form()));
                }
            }
            "gmsaCredentialSpec" if text.is_empty() || text.len() > LONGEST_CREDENTIAL_SPEC => {
                let message = "the credential spec is empty or has more than 64 KiB";
                violations.invalid(
                    SUBJECT,
                    &at.field("gmsaCredentialSpec"),
                    message,
                    "write its contents, or remove it",
                );
            }
            "runAsUserName" => {
                if let Some(error) = user_name_error(text) {
                    let help = "write USER or DOMAIN\\USER";
                    violations.invalid(SUBJECT, &at.field("runAsUserName"), format!("the user name {error}"), help);
                }
            }
            _ => {}
        }
    }
}

/// Returns what is wrong with the name of a user of Windows, as a predicate.
fn user_name_error(name: &str) -> Option<&'static str> {
    if name.is_empty() {
        return Some("is empty");
    }
    if name.bytes().any(|byte| byte.is_ascii_control()) {
        return Some("contains a control character");
    }
    let (domain, user) = match name.split_once('\\') {
        Some((domain, user)) => (Some(domain), user),
        None => (None, name),
    };
    if user.contains('\\') {
        return Some("contains '\\' more than once");
    }
    if let Some(domain) = domain {
        if domain.len() >= LONG_DOMAIN {
            return Some("has a domain that is too long");
        }
        if !is_net_bios(domain) && !is_dns(domain) {
            return Some("has a domain that is not a name of NetBIOS or DNS");
        }
    }
    if user.is_empty() {
        Some("has an empty user")
    } else if user.len() > LONGEST_USER {
        Some("has a user of more than 104 characters")
    } else if user.chars().all(|char| matches!(char, '.' | ' ')) {
        Some("has a user of periods and spaces only")
    } else if user.contains(['"', '/', '\\', ':', ';', '|', '=', ',', '+', '*', '?', '<', '>', '@', '[', ']']) {
        Some("has a user with one of \"/\\:;|=,+*?<>@[]")
    } else {
        None
    }
}

fn is_net_bios(domain: &str) -> bool {
    let is_forbidden = |char: char| matches!(char, '\\' | '/' | ':' | '*' | '?' | '"' | '<' | '>' | '|');
    (1..=15).contains(&domain.chars().count()) && !domain.starts_with('.') && !domain.contains(is_forbidden)
}

fn is_dns(domain: &str) -> bool {
    domain.split('.').all(|label| {
        let is_between = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-';
        (1..=63).contains(&label.len())
            && label.bytes().all(is_between)
            && !label.starts_with('-')
            && !label.ends_with('-')
    })
}

/// Reports containers whose `hostProcess` contradicts the Pod's, or not all of which are host processes
/// (`validateWindowsHostProcessPod`).
pub(super) fn check_host_process(pod: &Pod<'_>, at: &At<'_>, violations: &mut Violations) {
    let host_process =
        |json: &Json<'_>| json.field("securityContext").field("windowsOptions").field("hostProcess").as_bool();
    let of_pod = host_process(pod.spec);
    let lists = [("containers", pod.containers), ("initContainers", pod.init_containers)];
    let (mut count, mut processes) = (pod.added.containers.len() + pod.added.init_containers.len(), 0);
    for (list, containers) in lists {
        for (index, container) in containers.iter().enumerate() {
            let of_container = host_process(container);
            count += 1;
            processes += usize::from(of_container.or(of_pod) == Some(true));
            if let (Some(of_pod), Some(of_container)) = (of_pod, of_container)
                && of_pod != of_container
            {
                let list = at.field(list);
                let at = list.index(index);
                let at = at.field("securityContext");
                let at = at.field("windowsOptions");
                let message = format!("hostProcess of the Pod is {of_pod}");
                violations.invalid(SUBJECT, &at.field("hostProcess"), message, format!("write {of_pod}"));
            }
        }
    }
    if of_pod == Some(true) {
        processes += pod.added.containers.len() + pod.added.init_containers.len();
    }
    if processes > 0 {
        if processes < count {
            let message = "some containers of the Pod are host processes, so all must be";
            violations.invalid(SUBJECT, at, message, "write hostProcess: true in the Pod's securityContext");
        }
        if !pod.host_network {
            let message = "a Pod with host processes needs hostNetwork: true";
            violations.invalid(SUBJECT, &at.field("hostNetwork"), message, "write hostNetwork: true");
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The names are accepted or refused as by Kubernetes 1.37.2.
    #[test]
    fn names_of_users_may_have_a_domain() {
        let long = format!("{}\\user", "x".repeat(256));
        for (name, is_valid) in [
            ("user", true),
            ("DOMAIN\\user", true),
            ("a.example.com\\user", true),
            ("a b\\user", true),
            ("", false),
            ("\\user", false),
            ("user\\", false),
            ("a\\b\\c", false),
            (". .", false),
            ("user@example.com", false),
            ("us\ter", false),
            (".a\\user", false),
            ("a_name_that_is_too_long\\user", false),
            (long.as_str(), false),
        ] {
            assert_eq!(user_name_error(name).is_none(), is_valid, "{name}");
        }
    }
}
