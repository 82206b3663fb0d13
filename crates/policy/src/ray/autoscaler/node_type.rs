//! What Ray's autoscaler reads of a group, and what makes it fail.

use rayguard_manifest::json::Json;
use rayguard_manifest::path::FieldPath;

use super::super::{Container, Group};
use super::custom_resources::CustomResources;
use super::number::{Reading, integer, quantity};
use super::reader::Reader;
use crate::spelling::quote;

pub(crate) const TPU_TOPOLOGY: &str = "cloud.google.com/gke-tpu-topology";
pub(crate) const TPU_ACCELERATOR: &str = "cloud.google.com/gke-tpu-accelerator";

/// What the autoscaler reads of a group (`_node_type_from_group_spec` of
/// `python/ray/autoscaler/_private/kuberay/autoscaling_config.py`).
#[derive(Clone, Copy, Debug)]
pub(crate) struct NodeType<'a> {
    pub(crate) group: Group<'a>,
    /// The Ray container
    container: Container<'a>,
    /// The group's own `resources`
    pub(crate) resources: &'a Json<'a>,
    limits: &'a Json<'a>,
    requests: &'a Json<'a>,
    params: Params<'a>,
}

/// The parameters of `ray start` that it reads.
#[derive(Clone, Copy, Debug, Default)]
struct Params<'a> {
    num_cpus: Option<&'a Json<'a>>,
    num_gpus: Option<&'a Json<'a>>,
    memory: Option<&'a Json<'a>>,
    resources: Option<&'a Json<'a>>,
}

/// A field that makes the autoscaler fail.
#[derive(Debug)]
pub(crate) struct Problem {
    pub(crate) path: FieldPath,
    pub(crate) message: String,
    pub(crate) help: String,
    /// The name that the field must have.
    pub(crate) name: Option<&'static str>,
    /// Whether the autoscaler fails only when it checks all groups together. Then it does not see a group whose name
    /// another group has too.
    pub(crate) is_late: bool,
}

/// Where the autoscaler finds an amount: the value, and its path.
enum Source<'a> {
    Group(&'a str, &'a Json<'a>),
    Param(&'static str, &'a Json<'a>),
    Container(&'static str, &'a str, &'a Json<'a>),
}

impl<'a> NodeType<'a> {
    /// Reads a group; `None` if it has no container, or its fields have the wrong types.
    pub(crate) fn read(group: &Group<'a>) -> Option<Self> {
        let container = group.ray_container()?;
        let mut params = Params::default();
        for (name, value) in group.ray_start_params() {
            match name {
                "num-cpus" => params.num_cpus = Some(value),
                "num-gpus" => params.num_gpus = Some(value),
                "memory" => params.memory = Some(value),
                "resources" => params.resources = Some(value),
                _ => {}
            }
        }
        let resources = container.json.field("resources");
        Some(Self {
            group: *group,
            container,
            resources: group.json.field("resources"),
            limits: resources.field("limits"),
            requests: resources.field("requests"),
            params,
        })
    }

    /// Returns why this autoscaler finds no CPU; `None` if it finds some.
    pub(crate) fn missing_cpu(&self, reader: Reader) -> Option<Problem> {
        if self.source(reader, "CPU", ("num-cpus", self.params.num_cpus), "cpu").is_some() {
            return None;
        }
        let is_misspelled = |name: &str| reader.reads_group_resources() && name.eq_ignore_ascii_case("CPU");
        if let Some((name, _)) = self.resources.entries().iter().find(|(name, _)| is_misspelled(name)) {
            return Some(Problem {
                path: self.group_resource_path(name),
                message: "the autoscaler finds no CPU of this group, because it reads only the name CPU".to_owned(),
                help: "write CPU in capital letters".to_owned(),
                name: Some("CPU"),
                is_late: false,
            });
        }
        let has_own = reader.reads_group_resources() && !self.resources.entries().is_empty();
        let (path, help) = if has_own {
            (self.group_resource_path("CPU"), "write the number of CPUs")
        } else if self.container.json.field("resources").is_null() {
            // A path leads to an existing map, or one below it.
            (
                self.container.path().fields(["resources", "limits"]),
                "write a CPU limit for the Ray container, or num-cpus in rayStartParams",
            )
        } else {
            (
                self.container_path("limits", "cpu"),
                "write a CPU limit for the Ray container, or num-cpus in rayStartParams",
            )
        };
        let is_requested = !self.requests.field("cpu").is_null();
        let message = if is_requested {
            "the autoscaler finds no CPU of this group and fails: before Ray 2.41 it reads no requests"
        } else if has_own || self.resources.entries().is_empty() {
            "the autoscaler finds no CPU of this group and fails"
        } else {
            "the autoscaler finds no CPU of this group and fails: before Ray 2.51 it reads no resources of a group"
        };
        Some(Problem { path, message: message.to_owned(), help: help.to_owned(), name: None, is_late: false })
    }

    /// Returns the values at which this autoscaler fails.
    pub(crate) fn unreadable(&self, reader: Reader) -> Vec<Problem> {
        let mut problems = Vec::new();
        if reader.needs_params() && self.group.json.field("rayStartParams").as_object().is_none() {
            problems.push(Problem {
                path: self.group.path().field("rayStartParams"),
                message: "before Ray 2.45, the autoscaler fails if a group has no rayStartParams".to_owned(),
                help: "write rayStartParams: {}".to_owned(),
                name: None,
                is_late: false,
            });
        }
        let params = &self.params;
        let amounts = [
            self.source(reader, "CPU", ("num-cpus", params.num_cpus), "cpu"),
            self.source(reader, "memory", ("memory", params.memory), "memory"),
            self.own(reader, "GPU").or_else(|| param(("num-gpus", params.num_gpus))),
            self.own(reader, "TPU"),
        ];
        for source in amounts.iter().flatten() {
            self.check(reader, source, &mut problems);
        }
        if amounts[2].is_none() {
            self.check_gpus(reader, &mut problems);
        }
        let has_custom_tpu = self.check_custom(reader, &mut problems);
        if amounts[3].is_some() || has_custom_tpu || reader.reads_tpus() && self.has_tpu_container(reader) {
            self.check_tpu_selectors(reader, &mut problems);
        }
        if reader.reads_labels() {
            self.check_labels(&mut problems);
        }
        problems
    }

    /// Reports whether this autoscaler fails at the group.
    pub(crate) fn fails(&self, reader: Reader) -> bool {
        self.missing_cpu(reader).is_some() || !self.unreadable(reader).is_empty()
    }

    /// Reports whether the Ray container has TPUs, and a node selector of GKE for them is missing.
    pub(crate) fn missing_tpu_selector(&self) -> Option<FieldPath> {
        if !self.has_tpu_container(Reader::NEWEST) {
            return None;
        }
        let selector = self.group.pod_spec().field("nodeSelector");
        let missing = [TPU_TOPOLOGY, TPU_ACCELERATOR].into_iter().find(|key| selector.field(key).is_null())?;
        Some(self.selector_path(missing))
    }

    /// Returns the path of one of the group's own `resources`.
    pub(crate) fn group_resource_path(&self, name: &str) -> FieldPath {
        self.group.path().field("resources").key(name)
    }

    fn container_path(&self, list: &'static str, name: &str) -> FieldPath {
        self.container.path().fields(["resources", list]).key(name)
    }

    fn selector_path(&self, key: &str) -> FieldPath {
        self.group.path().fields(["template", "spec", "nodeSelector"]).key(key)
    }

    /// Returns where the autoscaler finds an amount: in the group's own `resources`, else in a parameter, else in the
    /// limits and then in the requests of the Ray container.
    fn source(
        &self,
        reader: Reader,
        own: &'static str,
        parameter: (&'static str, Option<&'a Json<'a>>),
        name: &'static str,
    ) -> Option<Source<'a>> {
        self.own(reader, own).or_else(|| param(parameter)).or_else(|| {
            let of = |list: &'static str, amounts: &'a Json<'a>| {
                let value = amounts.field(name);
                (!value.is_null()).then_some(Source::Container(list, name, value))
            };
            of("limits", self.limits).or_else(|| of("requests", self.requests).filter(|_| reader.reads_requests()))
        })
    }

    fn own(&self, reader: Reader, name: &'static str) -> Option<Source<'a>> {
        let value = self.resources.field(name);
        (!value.is_null() && reader.reads_group_resources()).then_some(Source::Group(name, value))
    }

    /// Returns the parameter `resources`, if the autoscaler reads it.
    fn param_of_custom(&self, reader: Reader) -> Option<&'a Json<'a>> {
        let is_hidden = reader.reads_group_resources() && !self.resources.entries().is_empty();
        self.params.resources.filter(|_| !is_hidden)
    }

    /// Checks an amount, which must be a whole number as a parameter, and a quantity elsewhere.
    fn check(&self, reader: Reader, source: &Source<'_>, problems: &mut Vec<Problem>) {
        let (value, reading) = match source {
            Source::Param(_, value) => (value, value.as_str().map_or(Reading::Unknown, integer)),
            Source::Group(_, value) | Source::Container(_, _, value) => (value, quantity(value)),
        };
        // A custom resource can replace an amount that is only out of range.
        if !reading.is_no_amount() || reading == Reading::Negative && self.param_of_custom(reader).is_some() {
            return;
        }
        let value = match value {
            Json::String(text) => quote(text),
            _ => "it".to_owned(),
        };
        let (path, form, help) = match source {
            Source::Param("memory", _) => (
                self.group.ray_start_param_path("memory"),
                "whole number",
                "write the number of bytes, as \"2147483648\"",
            ),
            Source::Param(name, _) => {
                (self.group.ray_start_param_path(name), "whole number", "write a whole number, as \"4\"")
            }
            Source::Group(name, _) => {
                (self.group_resource_path(name), "quantity", "write a quantity, as \"4\" or \"4Gi\"")
            }
            Source::Container(list, name, _) => {
                (self.container_path(list, name), "quantity", "write a quantity, as \"4\" or \"4Gi\"")
            }
        };
        let message = format!("the autoscaler fails at {value}: it is not a {form} of at least 0");
        let is_late = reading == Reading::Negative;
        problems.push(Problem { path, message, help: help.to_owned(), name: None, is_late });
    }

    /// Checks the resources of the Ray container that the autoscaler takes for GPUs. It reads the first one above 0.
    fn check_gpus(&self, reader: Reader, problems: &mut Vec<Problem>) {
        let requests = if reader.reads_requests() { self.requests.entries() } else { &[] };
        let of = |list: &'static str| move |entry: &'a (_, Json<'a>)| (list, entry);
        let all = self.limits.entries().iter().map(of("limits")).chain(requests.iter().map(of("requests")));
        for (list, (name, value)) in all {
            if !name.ends_with("gpu") {
                continue;
            }
            match quantity(value) {
                Reading::Positive | Reading::Unknown => return,
                Reading::Negative | Reading::Zero => {}
                Reading::NotFinite | Reading::Unreadable => {
                    return self.check(reader, &Source::Container(list, name, value), problems);
                }
            }
        }
    }

    /// Checks the custom resources, and returns whether `TPU` is one of them.
    fn check_custom(&self, reader: Reader, problems: &mut Vec<Problem>) -> bool {
        let own = self.resources.entries();
        if reader.reads_group_resources() && !own.is_empty() {
            for (name, value) in own {
                if !matches!(&**name, "CPU" | "GPU" | "TPU" | "memory") {
                    self.check(reader, &Source::Group(name, value), problems);
                }
            }
            return false;
        }
        let Some(text) = self.param_of_custom(reader).and_then(Json::as_str) else { return false };
        let (reason, is_late) = match CustomResources::read(text) {
            CustomResources::Read { has_tpu } => return has_tpu && reader.reads_tpus(),
            CustomResources::Unreadable(reason) => (reason, false),
            CustomResources::Unfit(reason) => (reason, true),
        };
        problems.push(Problem {
            path: self.group.ray_start_param_path("resources"),
            message: format!("the autoscaler fails at this text: {reason}"),
            help: r#"write a JSON map of whole numbers in two pairs of quotes, as '"{\"name\": 1}"'"#.to_owned(),
            name: None,
            is_late,
        });
        false
    }

    fn has_tpu_container(&self, reader: Reader) -> bool {
        let has = |amounts: &Json<'_>| quantity(amounts.field("google.com/tpu")) == Reading::Positive;
        has(self.limits) || reader.reads_requests() && has(self.requests)
    }

    fn check_tpu_selectors(&self, reader: Reader, problems: &mut Vec<Problem>) {
        let selector = self.group.pod_spec().field("nodeSelector");
        let mut report = |key: &str, message: String, help: &str| {
            problems.push(Problem {
                path: self.selector_path(key),
                message,
                help: help.to_owned(),
                name: None,
                is_late: false,
            });
        };
        let [topology, accelerator] = [TPU_TOPOLOGY, TPU_ACCELERATOR].map(|key| selector.field(key));
        for (key, value) in [(TPU_TOPOLOGY, topology), (TPU_ACCELERATOR, accelerator)] {
            if value.is_null() && reader.needs_tpu_selectors() {
                let message = "before Ray 2.48, the autoscaler fails if a group with TPUs has no such node selector";
                return report(key, message.to_owned(), "write the value for the TPU slice of this group");
            }
        }
        let (Some(topology), Some(accelerator)) = (topology.as_nonempty_str(), accelerator.as_nonempty_str()) else {
            return;
        };
        if !reader.knows_accelerator(accelerator) {
            if reader.refuses_unknown_accelerators() {
                let message = format!(
                    "before Ray 2.56, the autoscaler fails at a TPU accelerator such as {}",
                    quote(accelerator)
                );
                report(
                    TPU_ACCELERATOR,
                    message,
                    "write the name of a TPU accelerator that this Ray knows, or use Ray 2.56",
                );
            }
            return;
        }
        let is_number = |text: &str| integer(text) != Reading::Unreadable;
        let is_topology = if reader.is_lenient_about_topology() {
            topology.split(['x', 'X']).all(is_number)
        } else {
            topology.split('x').all(is_number)
        };
        if !is_topology {
            let message = format!("the autoscaler fails at {}: it is not a TPU topology", quote(topology));
            report(TPU_TOPOLOGY, message, "write whole numbers with x between them, as 2x2x1");
        }
    }

    /// Checks the labels of the group. KubeRay refuses what both refuse, so this is about the rest: a part of a prefix
    /// with more than 63 characters.
    fn check_labels(&self, problems: &mut Vec<Problem>) {
        for (key, _) in self.group.json.field("labels").entries() {
            let prefix = key.rsplit_once('/').map_or("", |(prefix, _)| prefix);
            if prefix.len() <= 253 && prefix.split('.').any(|part| part.len() > 63) {
                problems.push(Problem {
                    path: self.group.path().field("labels").key(&**key),
                    message: "the autoscaler fails at this label: a part of its prefix has more than 63 characters"
                        .to_owned(),
                    help: "write a shorter prefix".to_owned(),
                    name: None,
                    is_late: false,
                });
            }
        }
    }
}

fn param<'a>((name, value): (&'static str, Option<&'a Json<'a>>)) -> Option<Source<'a>> {
    value.filter(|value| !value.is_null()).map(|value| Source::Param(name, value))
}
