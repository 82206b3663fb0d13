//! Handlers of a container's start and stop.

use rayguard_manifest::json::Json;

use super::handler::Handlers;
use super::pod::Pod;
use super::{At, Violations};

/// Reports everything that Kubernetes refuses in `lifecycle` (`validateLifecycle`). By default, Kubernetes ignores
/// `stopSignal` (feature gate `ContainerStopSignals`, alpha up to 1.37).
pub(super) fn validate(lifecycle: &Json<'_>, pod: &Pod<'_>, at: &At<'_>, violations: &mut Violations) {
    for (name, handler) in lifecycle.entries() {
        let at = match &**name {
            "postStart" => at.field("postStart"),
            "preStop" => at.field("preStop"),
            _ => continue,
        };
        if handler.as_object().is_some() {
            let handlers = Handlers { grpc: &Json::Null, ..Handlers::read(handler) };
            handlers.validate(pod, &at, violations);
        }
    }
}
