//! The containers, init containers and ephemeral containers of a Pod.

use rayguard_manifest::json::Json;

use super::pod::{Kind, Pod};
use super::pod_template::Added;
use super::seen::Seen;
use super::{At, Subject, Violations, container, ports, windows_options};
use crate::reason::Reason;
use crate::spelling::quote;

/// Reports everything that Kubernetes refuses in the containers of a Pod (`validateContainers`,
/// `validateInitContainers`, `ValidatePodCreate`). A list without containers is reported by another rule.
pub(super) fn validate(spec: &Json<'_>, added: Added<'_>, at: &At<'_>, violations: &mut Violations) {
    let pod = &Pod::read(spec, added);
    let mut names = Seen::new();
    let mut host_ports = ports::added_host_ports(pod);
    let list = at.field("containers");
    for (index, json) in pod.containers.iter().enumerate() {
        let at = list.index(index);
        let kind = if index == 0 { Kind::Ray } else { Kind::Other };
        container::validate(json, kind, pod, &at, violations);
        check_name(json, pod, &mut names, &at, violations);
        ports::check_conflicts(json, pod, &mut host_ports, &at, violations);
    }
    let list = at.field("initContainers");
    for (index, json) in pod.init_containers.iter().enumerate() {
        let at = list.index(index);
        container::validate(json, Kind::Init, pod, &at, violations);
        check_name(json, pod, &mut names, &at, violations);
        // Init containers run one after the other, so only the ports of one container are in conflict.
        ports::check_conflicts(json, pod, &mut Seen::new(), &at, violations);
    }
    for options in added.options {
        container::validate_options(options, pod, violations);
    }
    if !pod.ephemeral_containers.is_empty() {
        let message = "a new Pod cannot have ephemeral containers";
        let help = "remove it, and use kubectl debug on the running Pod";
        violations.forbidden(Subject::Container, &at.field("ephemeralContainers"), message, help);
    }
    windows_options::check_host_process(pod, at, violations);
}

/// Checks that no other container and no other init container has the same name.
fn check_name<'p>(
    container: &'p Json<'_>,
    pod: &Pod<'_>,
    names: &mut Seen<&'p str>,
    at: &At<'_>,
    violations: &mut Violations,
) {
    let Some(name) = container.field("name").as_nonempty_str() else { return };
    let Added { containers, init_containers, .. } = pod.added;
    let is_new = names.insert(name);
    let is_of_init_container = init_containers.contains(&name);
    let message = if is_of_init_container || containers.contains(&name) {
        format!("KubeRay adds a container with the name {}", quote(name))
    } else if !is_new {
        format!("another container of the Pod has the name {}", quote(name))
    } else {
        return;
    };
    let at = at.field("name");
    let violation = violations.add(Subject::Container, Reason::Duplicate, &at, message, "write another name");
    if is_of_init_container && is_new {
        // The operator can be configured to add no init containers.
        violation.in_some_versions();
    }
}
