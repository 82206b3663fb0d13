//! The size of the object store.

use rayguard_manifest::json::Json;

use super::command::Command;
use super::fault::Subject;
use crate::kubernetes::quantity::Quantity;
use crate::ray::{Container, Group};

/// The smallest object store (`OBJECT_STORE_MINIMUM_MEMORY_BYTES`, `python/ray/_private/ray_constants.py`).
const SMALLEST: i64 = 75 * 1024 * 1024;

/// Up to this size, Ray uses the disk if /dev/shm is too small (`REQUIRE_SHM_SIZE_THRESHOLD`,
/// `python/ray/_private/ray_constants.py`).
const NEEDS_SHM: i64 = 10_000_000_000;

/// The variable with which Ray uses the disk for a larger one, too.
const ALLOW_SLOW_STORAGE: &str = "RAY_OBJECT_STORE_ALLOW_SLOW_STORAGE";

/// The variable with the part of the memory that becomes the object store, if its size is not set.
const PROPORTION: &str = "RAY_DEFAULT_OBJECT_STORE_MEMORY_PROPORTION";

const SHM: &str = "/dev/shm";

/// Reports whether the memory limit of a group's container is too small for the smallest object store. Without a size, the
/// object store is 30 % of the memory (`resolve_object_store_memory`, `python/ray/_private/utils.py`).
pub(super) fn has_tiny_limit(group: &Group<'_>) -> bool {
    let Some(container) = group.ray_container() else { return false };
    let limit = container.json.descend(["resources", "limits", "memory"]);
    // Most limits are whole gigabytes.
    let is_large = limit.as_str().is_some_and(|text| text.ends_with(['i', 'G', 'T']) && is_whole_gigabytes(text));
    let is_tiny = |limit: Quantity| limit.whole() * 3 < i128::from(SMALLEST) * 10;
    !is_large
        && Quantity::read(limit).is_some_and(is_tiny)
        && container.env_var(PROPORTION).is_none()
        && !container.has_env_from()
}

fn is_whole_gigabytes(text: &str) -> bool {
    let number = text.trim_end_matches('i').trim_end_matches(['G', 'T']);
    number.len() < text.trim_end_matches('i').len() && number.bytes().all(|byte| byte.is_ascii_digit()) && number != "0"
}

/// Checks the default size of the object store.
pub(super) fn check_default(command: &mut Command<'_, '_>) {
    if !command.given.contains_key("object-store-memory") && has_tiny_limit(command.group) {
        let index = command.parameters.iter().position(|parameter| parameter.name == "block").unwrap_or_default();
        let message = "30 % of this is less than the smallest object store, and ray start ends";
        let help = "raise the limit to more than 250Mi, and better to 2Gi or more";
        let path = command.group.path().fields(["template", "spec", "containers"]).index(0);
        command.refuse(Subject::ObjectStore, index, message, help).path =
            path.fields(["resources", "limits", "memory"]);
    }
}

/// Checks the parameter `object-store-memory` (`determine_plasma_store_config`, `python/ray/_private/services.py`).
pub(super) fn check(command: &mut Command<'_, '_>) {
    let Some((size, index)) = command.integer("object-store-memory") else { return };
    if size < SMALLEST {
        let message = format!("an object store has at least {SMALLEST} bytes");
        command.refuse(Subject::InvalidValue, index, message, "write a larger number of bytes, or remove it");
        return;
    }
    let Some(container) = command.group.ray_container() else { return };
    if command.given.contains_key("plasma-directory") {
        return;
    }
    let resources = container.json.field("resources");
    let limit = Quantity::read(resources.descend(["limits", "memory"])).map(Quantity::whole);
    if limit.is_some_and(|limit| i128::from(size) > limit) {
        let message = "the object store is larger than the memory limit of the container, and ray start ends";
        command.refuse(Subject::ObjectStore, index, message, "write less than limits.memory, or remove it");
        return;
    }
    if size <= NEEDS_SHM || container.env_var(ALLOW_SLOW_STORAGE).is_some() || container.has_env_from() {
        return;
    }
    let request = Quantity::read(resources.descend(["requests", "memory"])).map(Quantity::whole);
    let Some(shm) = shm(&container, limit, request) else { return };
    // Before Ray 2.10, /dev/shm must be larger than the object store.
    let is_enough = |minor: u64| if minor >= 10 { shm >= i128::from(size) } else { shm > i128::from(size) };
    let message = "the object store is larger than /dev/shm, and ray start ends";
    let help = "write a smaller number of bytes, or a larger size of the volume at /dev/shm";
    command.refuse_in(is_enough, Subject::ObjectStore, index, message, help);
}

/// Returns the most bytes that /dev/shm can have; `None` if the object does not say it. KubeRay adds a volume of the
/// size of the memory limit or request (`addEmptyDir`, ray-operator/controllers/ray/common/pod.go:1138 at v1.6.2).
fn shm(container: &Container<'_>, limit: Option<i128>, request: Option<i128>) -> Option<i128> {
    let mounts = container.json.field("volumeMounts").items();
    let volumes = container.group.pod_spec().field("volumes").items();
    let named = |name: &str| volumes.iter().find(|volume| volume.field("name").as_str() == Some(name));
    // Without a mount, KubeRay adds one of a volume with this name, and the volume if there is none.
    let mount = mounts.iter().find(|mount| mount.field("mountPath").as_str() == Some(SHM));
    let volume = match mount {
        Some(mount) => Some(named(mount.field("name").as_str()?)?),
        None => named("shared-mem"),
    };
    let Some(volume) = volume else { return limit.or(request) };
    let directory = volume.field("emptyDir");
    let is_memory = directory.field("medium").as_str() == Some("Memory");
    is_memory.then(|| size_limit(directory))?
}

fn size_limit(directory: &Json<'_>) -> Option<i128> {
    Quantity::read(directory.field("sizeLimit")).map(Quantity::whole).filter(|size| *size > 0)
}
