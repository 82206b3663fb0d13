//! The defaults that the mutating webhook writes.

mod head_num_cpus;
mod pod_template;
mod stability;
mod unchanged;
mod worker_reconnect_timeout;

use std::borrow::Cow;

use json_patch::Patch;
use rayguard_manifest::json::Json;
use rayguard_manifest::patch::PatchBuilder;

use crate::kuberay::Kind;
use crate::ray::RayObject;
use crate::settings::Settings;
pub use pod_template::{PodTemplates, TemplateError};
pub(crate) use unchanged::is_unchanged;

/// The defaults of a policy.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Defaults {
    /// The reconnect timeout of workers that set none.
    pub worker_reconnect_timeout: WorkerReconnectTimeout,
    /// The `num-cpus` of a head that sets none.
    pub head_num_cpus: HeadNumCpus,
    /// The administrator's defaults for Pod templates.
    pub pod_template: PodTemplates,
}

/// The reconnect timeout that is written for workers of a fault-tolerant cluster that set none.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum WorkerReconnectTimeout {
    /// KubeRay's 600 s, or 540 s more than the head's timeout if that is longer. The object then shows the value.
    #[default]
    Explicit,
    /// 540 s more than the head's timeout, but only where KubeRay's 600 s would not exceed the head's.
    Repair,
    /// No timeout is written.
    Off,
}

/// The `num-cpus` that is written for the head of a fault-tolerant cluster that sets none.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum HeadNumCpus {
    /// `"0"`, so that it runs no tasks and no actors.
    Zero,
    /// No `num-cpus` is written.
    #[default]
    Off,
}

impl Defaults {
    /// Returns the patch that adds the missing defaults to an object.
    ///
    /// On an update, a group that the user did not change keeps its defaults, even if the policy has changed. A changed
    /// Pod template would make a RayService start a whole new cluster.
    pub(crate) fn patch(&self, settings: &Settings, object: &RayObject<'_>, old: Option<&RayObject<'_>>) -> Patch {
        let Some(old) = old else { return self.patch_new(settings, Cow::Borrowed(object.json)) };
        if !gets_defaults(object) {
            return Patch::default();
        }
        let mut builder = PatchBuilder::new(object.json);
        stability::update(self, settings, &mut builder, object, old);
        stability::record(&mut builder, Some(old));
        builder.finish()
    }

    /// Returns the patch that adds the missing defaults to a new object. An owned object is not copied.
    pub(crate) fn patch_new<'a>(&self, settings: &Settings, object: Cow<'a, Json<'a>>) -> Patch {
        if !RayObject::read(&object).is_some_and(|object| gets_defaults(&object)) {
            return Patch::default();
        }
        let mut builder = PatchBuilder::of(object);
        self.write(settings, &mut builder, |_| Wanted::ALL);
        stability::record(&mut builder, None);
        builder.finish()
    }

    /// Writes the wanted defaults of each group. `wanted` is called with the index of a worker group, or `None` for the
    /// head.
    ///
    /// The Pod template's defaults come first, because they may set the head's timeout, from which the workers' timeout
    /// is computed.
    fn write(&self, settings: &Settings, builder: &mut PatchBuilder<'_>, wanted: impl Fn(Option<usize>) -> Wanted) {
        let Some(object) = RayObject::read(builder.object()) else { return };
        let groups: Vec<_> = object.cluster.groups().map(|group| (group.index(), group.path())).collect();
        for (index, path) in groups {
            if wanted(index).pod_template {
                let template = if index.is_none() { &self.pod_template.head } else { &self.pod_template.worker };
                if let Some(template) = template {
                    pod_template::merge(builder, &path.field("template"), template);
                }
            }
        }
        if self.head_num_cpus == HeadNumCpus::Zero && wanted(None).head_num_cpus {
            head_num_cpus::write(builder);
        }
        let selected = |index| wanted(Some(index)).worker_reconnect_timeout;
        worker_reconnect_timeout::write(self.worker_reconnect_timeout, settings, builder, selected);
    }

    /// Returns defaults with every kind switched on, which includes those that an earlier policy may have written.
    fn all_on(&self) -> Self {
        Self {
            worker_reconnect_timeout: WorkerReconnectTimeout::Explicit,
            head_num_cpus: HeadNumCpus::Zero,
            pod_template: self.pod_template.clone(),
        }
    }
}

fn gets_defaults(object: &RayObject<'_>) -> bool {
    object.kind.gets_defaults() && !object.is_being_deleted()
}

/// The defaults that are written into a group.
#[derive(Clone, Copy, Debug)]
struct Wanted {
    pod_template: bool,
    head_num_cpus: bool,
    worker_reconnect_timeout: bool,
}

impl Wanted {
    const ALL: Self = Self { pod_template: true, head_num_cpus: true, worker_reconnect_timeout: true };
    const NONE: Self = Self { pod_template: false, head_num_cpus: false, worker_reconnect_timeout: false };
}

/// Reads a builder's object again, because later defaults depend on earlier ones.
fn reread<'o>(builder: &'o PatchBuilder<'_>) -> Option<RayObject<'o>> {
    RayObject::read(builder.object()).filter(|object| matches!(object.kind, Kind::RayCluster | Kind::RayService))
}

/// Returns an entry of a container's `env`.
fn env_var<'a>(name: &'static str, value: String) -> Json<'a> {
    [("name".into(), Json::from(name)), ("value".into(), Json::from(value))].into_iter().collect()
}
