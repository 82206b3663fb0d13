//! The annotation `ray.io/ippr`: which groups version 2 of the autoscaler may resize in place.

mod specification;

use std::collections::HashMap;
use std::ops::Range;

use rayguard_manifest::json::Json;
use rayguard_manifest::path::FieldPath;

use super::super::release::Release;
use super::super::{Group, RayObject};
use super::number::{Reading, amount, quantity};
use super::{V2_SWITCH, is_on};
use crate::kuberay::Version;
use crate::spelling::quote;
pub(crate) use specification::Specification;

/// The annotation of a RayCluster that Ray's autoscaler reads
/// (`python/ray/autoscaler/v2/instance_manager/cloud_providers/kuberay/ippr_provider.py`).
pub(crate) const ANNOTATION: &str = "ray.io/ippr";

/// The first release of Ray that reads the annotation. The module exists in Ray 2.55 too, but nothing calls it.
pub(crate) const FIRST: Release = Release::v2(56, 0);

/// The name of the head in the annotation.
pub(crate) const HEAD: &str = "headgroup";

/// The number of errors after which no more are looked for. A location is found in linear time.
pub(crate) const MOST_FAULTS: usize = 100;

/// An error: at a field of the object, or within the annotation.
#[derive(Debug)]
pub(crate) struct Fault {
    /// The field; the annotation if there is none
    pub(crate) field: Option<FieldPath>,
    /// The span in the annotation's text, in bytes
    pub(crate) span: Option<Range<usize>>,
    pub(crate) message: String,
    pub(crate) help: String,
    /// Whether Python surely agrees.
    pub(crate) is_certain: bool,
}

impl Fault {
    fn within(span: Range<usize>, message: impl Into<String>, help: impl Into<String>) -> Self {
        Self { field: None, span: Some(span), message: message.into(), help: help.into(), is_certain: true }
    }

    fn at(field: FieldPath, message: impl Into<String>, help: impl Into<String>) -> Self {
        Self { field: Some(field), span: None, message: message.into(), help: help.into(), is_certain: true }
    }
}

impl<'a> RayObject<'a> {
    /// Returns the text of the annotation; `None` if it is missing or empty.
    pub(crate) fn in_place_resize(&self) -> Option<&'a str> {
        self.json.descend(["metadata", "annotations"]).field(ANNOTATION).as_nonempty_str()
    }

    /// Reports whether version 2 of the autoscaler runs, which Ray 2.48 and later choose under KubeRay; `None` where the
    /// object does not say it. Before KubeRay 1.7, the operator does not tell Ray about `version: v1`
    /// (<https://github.com/ray-project/kuberay/pull/4810>).
    pub(crate) fn runs_autoscaler_v2(&self, kuberay: Version) -> Option<bool> {
        match self.cluster.autoscaler_version() {
            Some("v2") => return Some(true),
            Some("v1") => return (kuberay >= Version::v1(7)).then_some(false),
            _ => {}
        }
        let ray = self.cluster.head.ray_container()?;
        let Some(switch) = ray.env_var(V2_SWITCH) else { return (!ray.has_env_from()).then_some(true) };
        switch.json.field("value").as_str().map(|_| is_on(&switch))
    }

    /// Returns the groups by their names in the annotation. Of several groups with one name, the last one counts, and the
    /// head before all.
    pub(crate) fn groups_of_resize(&self) -> HashMap<&'a str, Group<'a>> {
        let workers = self.cluster.workers.iter().filter_map(|group| Some((group.name()?, *group)));
        workers.chain([(HEAD, self.cluster.head)]).collect()
    }

    /// Returns the groups by their names in the autoscaler's configuration. Of several groups with one name, the last one
    /// counts, and the head after all.
    pub(crate) fn groups_of_autoscaler(&self) -> HashMap<&'a str, Group<'a>> {
        let workers = self.cluster.workers.iter().filter_map(|group| Some((group.name()?, *group)));
        std::iter::once((HEAD, self.cluster.head)).chain(workers).collect()
    }

    /// Returns the errors for which the autoscaler refuses the annotation.
    pub(crate) fn resize_faults(&self, text: &'a str) -> Vec<Fault> {
        let specification = match Specification::read(text) {
            Ok(specification) => specification,
            Err(fault) => return vec![fault],
        };
        let mut faults = specification.schema_faults();
        if !faults.is_empty() {
            return faults;
        }
        let groups = self.groups_of_resize();
        for (name, limits) in specification.groups() {
            if faults.len() > MOST_FAULTS {
                break;
            }
            if let Some(group) = groups.get(name) {
                specification.check_limits(name, limits, &mut faults);
                check_group(group, &mut faults);
            }
        }
        faults
    }
}

/// Checks what the autoscaler requires of a group that it may resize (`_build_ippr_group_spec`).
fn check_group(group: &Group<'_>, faults: &mut Vec<Fault>) {
    for (name, _) in group.ray_start_params() {
        if matches!(name, "num-cpus" | "memory") {
            let message = format!("the autoscaler refuses {name} in a group that it resizes in place");
            let help = "remove it: the autoscaler reads the requests of the Ray container";
            faults.push(Fault::at(group.ray_start_param_path(name), message, help));
        }
    }
    let Some(container) = group.ray_container() else { return };
    let resources = container.json.field("resources");
    let path = || container.path().field("resources");
    for name in ["cpu", "memory"] {
        let of = |list: &str| resources.field(list).field(name);
        if of("requests").is_null() {
            // Without resources, one finding names both.
            if resources.is_null() && name == "memory" {
                continue;
            }
            let message = format!("a group that is resized in place needs a {name} request, and limits are not enough");
            let help = format!("write the {name} request of the Ray container");
            let requests = path().field("requests");
            let missing = if resources.is_null() { requests } else { requests.key(name) };
            faults.push(Fault::at(missing, message, help));
            continue;
        }
        // An empty text or a 0 does not count as a limit.
        let is_set = match of("limits") {
            Json::Null => false,
            Json::String(text) => !text.is_empty(),
            Json::Number(number) => number.as_f64() != Some(0.0),
            _ => true,
        };
        let list = if is_set { "limits" } else { "requests" };
        if matches!(quantity(of(list)), Reading::Unreadable) {
            let message =
                format!("the autoscaler cannot read this quantity, {}", quote(of(list).as_str().unwrap_or_default()));
            faults.push(Fault::at(
                path().field(list).key(name),
                message,
                "write it without a fraction in the exponent",
            ));
        }
    }
    for (index, policy) in container.json.field("resizePolicy").items().iter().enumerate() {
        let is_read = matches!(policy.field("resourceName").as_str(), Some("cpu" | "memory"));
        if is_read && policy.field("restartPolicy").as_str().is_some_and(|policy| policy != "NotRequired") {
            let path = container.path().field("resizePolicy").index(index).field("restartPolicy");
            let message = "the autoscaler resizes a group in place only with NotRequired";
            faults.push(Fault::at(path, message, "write NotRequired, or remove the item"));
        }
    }
}

/// Reports whether a group is already at its maximum, so that it never grows.
pub(crate) fn never_grows(group: &Group<'_>, limits: &Json<'_>) -> bool {
    let Some(container) = group.ray_container() else { return false };
    let resources = container.json.field("resources");
    [("cpu", "max-cpu"), ("memory", "max-memory")].into_iter().all(|(name, maximum)| {
        let of = |list: &str| amount(resources.field(list).field(name)).filter(|amount| *amount != 0.0);
        let current = of("limits").or_else(|| of("requests"));
        current.zip(amount(limits.field(maximum))).is_some_and(|(current, maximum)| maximum <= current)
    })
}
