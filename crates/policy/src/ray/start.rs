//! What `ray start` refuses in the parameters of a group.
//!
//! KubeRay writes `rayStartParams`, its own defaults, and what it derives from the group and from its container into one
//! command line. bash splits the line, click parses it, and Ray checks the values before it starts a process. This module
//! does the same for what the object contains. What it does not contain, such as the value of `$NAME`, is never refused.

mod command;
pub mod fault;
mod labels;
mod names;
mod options;
pub(crate) mod parameters;
mod plain;
mod ports;
mod python;
mod resources;
mod store;
mod unreadable;
mod values;
mod words;

use std::collections::{HashMap, HashSet};

use rayguard_manifest::path::FieldPath;

use command::Command;
use fault::Fault;

use super::{Group, RayObject};
use crate::kuberay::Version;

/// The number of faults after which no further group is read.
const MOST_FAULTS: usize = 10_000;

impl RayObject<'_> {
    /// Returns everything that `ray start` refuses in the groups, for a release of KubeRay. It is computed once and then
    /// cached for all rules, so every call must be for the same release.
    pub fn start_faults(&self, kuberay: Version) -> &[Fault] {
        self.start_faults.get_or_init(|| {
            let mut faults = Vec::new();
            for group in self.cluster.groups() {
                if faults.len() > MOST_FAULTS {
                    break;
                }
                if group.json.as_object().is_none() || plain::is_plain(self, group) && !store::has_tiny_limit(group) {
                    continue;
                }
                if let Some(fault) = unreadable::check(self, group, kuberay) {
                    faults.extend((!replaces_start(self, group)).then_some(fault));
                    continue;
                }
                let Some(mut command) = Command::parse(self, group, kuberay) else { continue };
                labels::check(&mut command);
                resources::check(&mut command);
                values::check(&mut command);
                ports::check(&mut command);
                store::check(&mut command);
                store::check_default(&mut command);
                if !command.faults.is_empty() && !replaces_start(self, group) {
                    faults.append(&mut without_echoes(command.faults));
                }
            }
            faults
        })
    }
}

/// Merges a warning and errors about one field, which are about one mistake: the first of them is kept, as an error.
fn without_echoes(mut faults: Vec<Fault>) -> Vec<Fault> {
    let mut levels: HashMap<FieldPath, (bool, bool)> = HashMap::new();
    for fault in &faults {
        let (warns, refuses) = levels.entry(fault.path.clone()).or_default();
        *warns |= fault.is_uncertain;
        *refuses |= !fault.is_uncertain;
    }
    let mut kept = HashSet::new();
    faults.retain_mut(|fault| {
        let has_both = levels.get(&fault.path) == Some(&(true, true));
        fault.is_uncertain &= !has_both;
        !has_both || kept.insert(fault.path.clone())
    });
    faults
}

/// Reports whether a group runs its own command instead of the one that KubeRay writes (`BuildPod`,
/// ray-operator/controllers/ray/common/pod.go:612-640 at v1.6.2).
fn replaces_start(object: &RayObject<'_>, group: &Group<'_>) -> bool {
    const OVERWRITE: &str = "ray.io/overwrite-container-cmd";
    let is_true = |value: &str| value.eq_ignore_ascii_case("true");
    if object.annotation(OVERWRITE).is_some_and(is_true) || group.pod_annotation(OVERWRITE).is_some_and(is_true) {
        return true;
    }
    // KubeRay searches for the two words in the command and the arguments, joined with two blanks.
    group.ray_container().is_some_and(|container| {
        let line = container.command_line().collect::<Vec<_>>().join("  ");
        // A command that runs KubeRay's by its variable gets other words, because bash removes no quotes in it.
        line.contains("ray start") || line.contains("KUBERAY_GEN_RAY_START_CMD")
    })
}
