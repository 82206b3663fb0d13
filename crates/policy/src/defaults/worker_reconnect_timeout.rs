//! The default reconnect timeout of workers.

use rayguard_manifest::patch::PatchBuilder;
use rayguard_manifest::path::FieldPath;

use super::{WorkerReconnectTimeout, env_var, reread};
use crate::ray::RayObject;
use crate::ray::timeout::{KUBERAY_WORKER_DEFAULT, RECONNECT_TIMEOUT, ReconnectTimeout, WORKER_MARGIN};
use crate::settings::Settings;

/// Adds a timeout that exceeds the head's to each selected worker group without one.
pub(super) fn write(
    mode: WorkerReconnectTimeout,
    settings: &Settings,
    builder: &mut PatchBuilder<'_>,
    selected: impl Fn(usize) -> bool,
) {
    let Some(object) = reread(builder) else { return };
    let Some(seconds) = seconds(mode, settings, &object) else { return };
    let missing: Vec<_> = object.cluster.workers.iter().enumerate().filter(|(index, _)| selected(*index)).collect();
    let missing: Vec<_> = missing.into_iter().filter_map(|(_, group)| missing_var(group)).collect();
    for path in missing {
        builder.add(&path, env_var(RECONNECT_TIMEOUT, seconds.to_string()));
    }
}

/// Returns the timeout for workers without one, in seconds; `None` where none is written.
pub(super) fn seconds(mode: WorkerReconnectTimeout, settings: &Settings, object: &RayObject<'_>) -> Option<u32> {
    if mode == WorkerReconnectTimeout::Off || !object.fault_tolerance.is_on() {
        return None;
    }
    let head = match object.reconnect_timeout(&object.cluster.head, settings) {
        ReconnectTimeout::Seconds(seconds, _) => seconds,
        // The rules report this timeout. The assumed value is the best guess.
        ReconnectTimeout::Invalid(_) | ReconnectTimeout::Unknown => settings.assumed_head_reconnect_timeout,
    };
    if mode == WorkerReconnectTimeout::Repair && head < KUBERAY_WORKER_DEFAULT {
        return None;
    }
    // No timeout exceeds that of a head that never gives up. Nothing is written then, and the rule denies the object.
    let seconds = head.saturating_add(WORKER_MARGIN).max(KUBERAY_WORKER_DEFAULT);
    (seconds > head).then_some(seconds)
}

/// Returns the path at which to add the variable; `None` where the group has the variable or no Ray container.
fn missing_var(group: &crate::ray::Group<'_>) -> Option<FieldPath> {
    let container = group.ray_container().filter(|container| container.json.as_object().is_some())?;
    let absent = container.env_var(RECONNECT_TIMEOUT).is_none();
    absent.then(|| container.env_path().index(container.json.field("env").items().len()))
}
