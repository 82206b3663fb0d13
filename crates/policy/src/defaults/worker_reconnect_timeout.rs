//! The workers' reconnect timeout.

use super::{WorkerReconnectTimeout, env_var, reread};
use crate::settings::Settings;
use crate::ray::RayObject;
use crate::ray::timeout::{KUBERAY_WORKER_DEFAULT, RECONNECT_TIMEOUT, ReconnectTimeout, WORKER_MARGIN};
use rayguard_manifest::patch::PatchBuilder;
use rayguard_manifest::path::FieldPath;

/// Gives each selected worker group that has none a timeout that exceeds the head's.
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

/// The timeout that workers without one get, in seconds; `None` where they get none.
pub(super) fn seconds(mode: WorkerReconnectTimeout, settings: &Settings, object: &RayObject<'_>) -> Option<u32> {
    if mode == WorkerReconnectTimeout::Off || !object.fault_tolerance.is_on() {
        return None;
    }
    let head = match object.reconnect_timeout(&object.cluster.head, settings) {
        ReconnectTimeout::Seconds(seconds, _) => seconds,
        // The rules say what is wrong with it. KubeRay's value is the best guess.
        ReconnectTimeout::Invalid(_) | ReconnectTimeout::Unknown => settings.assumed_head_reconnect_timeout,
    };
    if mode == WorkerReconnectTimeout::Repair && head < KUBERAY_WORKER_DEFAULT {
        return None;
    }
    // A head that never gives up cannot be outlasted; then nothing is written, and the rule refuses the object.
    let seconds = head.saturating_add(WORKER_MARGIN).max(KUBERAY_WORKER_DEFAULT);
    (seconds > head).then_some(seconds)
}

/// Where to add the variable, in a group that has a Ray container and a well-formed place for it.
fn missing_var(group: &crate::ray::Group<'_>) -> Option<FieldPath> {
    let container = group.ray_container().filter(|container| container.json.as_object().is_some())?;
    let absent = container.env_var(RECONNECT_TIMEOUT).is_none();
    absent.then(|| container.env_path().index(container.json.field("env").items().len()))
}
