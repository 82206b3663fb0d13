#![doc = include_str!("invalid_kueue_topology.md")]

use std::collections::BTreeMap;

use crate::context::Context;
use crate::name::{Syntax, sentence};
use crate::ray::kueue::PodSet;
use crate::rule::{Category, Cel, Findings, Input, Level, Rule, Scope};

pub(super) static RULE: Rule = Rule {
    name: "invalid-kueue-topology",
    summary: "annotations for Kueue's topology-aware scheduling that Kueue refuses",
    category: Category::Kueue,
    level: Level::Deny,
    scope: Scope::Admission,
    input: Input::Object,
    since: "0.1.0",
    docs: include_str!("invalid_kueue_topology.md"),
    cel: Cel::No("Kueue has this check as a webhook of its own"),
    check,
};

const REQUIRED: &str = "kueue.x-k8s.io/podset-required-topology";
const PREFERRED: &str = "kueue.x-k8s.io/podset-preferred-topology";
const UNCONSTRAINED: &str = "kueue.x-k8s.io/podset-unconstrained-topology";
const SLICE_REQUIRED: &str = "kueue.x-k8s.io/podset-slice-required-topology";
const SLICE_SIZE: &str = "kueue.x-k8s.io/podset-slice-size";
const CONSTRAINTS: &str = "kueue.x-k8s.io/podset-slice-required-topology-constraints";
const GROUP_NAME: &str = "kueue.x-k8s.io/podset-group-name";

fn check(context: &Context<'_, '_>, findings: &mut Findings) {
    let Context { object, settings, previous, .. } = *context;
    if !settings.installed.kueue || !object.is_known_to_kueue() || !object.cluster.exists() {
        return;
    }
    if previous.is_some() && object.kueue_queue().is_none() {
        return;
    }
    let sets = object.pod_sets();
    for set in &sets {
        unconstrained(set, findings);
        slice_size(set, findings);
        if !set.is_submitter {
            request(set, findings);
            grouped(set, findings);
        }
    }
    let mut groups: BTreeMap<&str, Vec<&PodSet<'_>>> = BTreeMap::new();
    for set in &sets {
        let is_placed = set.annotation(REQUIRED).or(set.annotation(PREFERRED)).is_some();
        if let Some(name) = set.annotation(GROUP_NAME).filter(|_| is_placed) {
            groups.entry(name).or_default().push(set);
        }
    }
    for sets in groups.values() {
        pair(sets, findings);
    }
}

/// Checks which annotations are there, and the names of the topology levels.
fn request(set: &PodSet<'_>, findings: &mut Findings) {
    let placements = [REQUIRED, PREFERRED, UNCONSTRAINED].into_iter().filter(|key| set.annotation(key).is_some());
    if placements.count() > 1 {
        findings.invalid(
            set.path.clone().field("annotations"),
            "Kueue accepts one topology annotation: podset-required-, -preferred- or -unconstrained-topology",
            "keep one of them",
        );
    }
    for key in [REQUIRED, PREFERRED, SLICE_REQUIRED] {
        let errors = set.annotation(key).map(|level| Syntax::QualifiedName.errors(level)).unwrap_or_default();
        if !errors.is_empty() {
            let message = format!("Kueue reads the value as the label of nodes, but it {}", sentence(&errors));
            let help = "write a level of the Topology, such as kubernetes.io/hostname";
            findings.invalid(set.annotation_path(key), message, help);
        }
    }
    match (set.annotation(SLICE_REQUIRED), set.annotation(SLICE_SIZE)) {
        (Some(_), None) => {
            let message = "Kueue needs the size of the slices too";
            findings.required(set.annotation_path(SLICE_SIZE), message, "write the number of Pods of a slice");
        }
        (None, Some(_)) => {
            let message = "Kueue refuses the size of slices without the annotation podset-slice-required-topology";
            findings.forbidden(set.annotation_path(SLICE_SIZE), message, "add that annotation, or remove this one");
        }
        _ => {}
    }
    if set.annotation(CONSTRAINTS).is_some() {
        let message = "Kueue refuses this annotation unless its feature gate TASMultiLayerTopology is on";
        let help = "enable the gate, or use podset-slice-required-topology";
        findings.forbidden(set.annotation_path(CONSTRAINTS), message, help).at_most_warn();
    }
}

fn unconstrained(set: &PodSet<'_>, findings: &mut Findings) {
    const BOOLEANS: [&str; 12] = ["1", "t", "T", "TRUE", "true", "True", "0", "f", "F", "FALSE", "false", "False"];
    let is_wrong = set.annotation(UNCONSTRAINED).is_some_and(|value| !BOOLEANS.contains(&value));
    // Of the submitter, Kueue reads it only if no other annotation takes precedence.
    let is_read = !set.is_submitter || (set.annotation(REQUIRED).is_none() && set.annotation(PREFERRED).is_none());
    if is_wrong && is_read {
        let message = "Kueue reads the value as true or false";
        findings.invalid(set.annotation_path(UNCONSTRAINED), message, "write \"true\"");
    }
}

fn slice_size(set: &PodSet<'_>, findings: &mut Findings) {
    let Some(value) = set.annotation(SLICE_SIZE) else { return };
    let path = || set.annotation_path(SLICE_SIZE);
    match value.parse::<i32>() {
        Err(_) if set.is_submitter && set.annotation(SLICE_REQUIRED).is_none() => {}
        Err(_) => {
            findings.invalid(path(), "Kueue reads the value as a whole number", "write the number of Pods of a slice");
        }
        Ok(_) if set.is_submitter => {}
        Ok(size) if size < 1 => {
            findings.invalid(path(), "Kueue needs slices of at least one Pod", "write the number of Pods of a slice");
        }
        Ok(size) if i64::from(size) > set.count => {
            let message = format!("Kueue refuses slices of {size} Pods in a group of {} Pods", set.count);
            findings.invalid(path(), message, "write at most the number of Pods of the group, or add replicas");
        }
        Ok(_) => {}
    }
}

/// Checks the annotation that puts two sets of Pods into one topology domain, by itself.
fn grouped(set: &PodSet<'_>, findings: &mut Findings) {
    let Some(name) = set.annotation(GROUP_NAME) else { return };
    let path = || set.annotation_path(GROUP_NAME);
    let is_number = !name.starts_with('+') && name.parse::<u64>().is_ok();
    if is_number {
        findings.invalid(path(), "Kueue refuses a number as the name of a group", "write a name with a letter");
    }
    for key in [SLICE_SIZE, SLICE_REQUIRED] {
        if set.annotation(key).is_some() {
            let name = key.trim_start_matches("kueue.x-k8s.io/");
            let message = format!("Kueue refuses this annotation together with {name}");
            findings.forbidden(path(), message, "remove one of the two annotations");
        }
    }
    if set.annotation(REQUIRED).is_none() && set.annotation(PREFERRED).is_none() {
        let message = "Kueue needs podset-required-topology or podset-preferred-topology next to this annotation";
        findings.forbidden(path(), message, "add one of them, or remove this annotation");
    }
}

/// Checks the sets of Pods with the same group name against each other.
fn pair(sets: &[&PodSet<'_>], findings: &mut Findings) {
    let [first, second] = sets else {
        for set in sets {
            let message = format!("Kueue groups exactly 2 sets of Pods, but {} have this name", sets.len());
            findings.invalid(
                set.annotation_path(GROUP_NAME),
                message,
                "give the name to the head and one worker group",
            );
        }
        return;
    };
    if first.count != 1 && second.count != 1 {
        for set in sets {
            let message = "Kueue groups two sets of Pods only if one of them has a single Pod";
            findings.invalid(set.annotation_path(GROUP_NAME), message, "group the workers with the head");
        }
    }
    // With two of the annotations, Kueue has reported them already, and reads podset-required-topology.
    let placement = |set: &PodSet<'_>| match set.annotation(REQUIRED) {
        Some(level) => (Some(level.to_owned()), None),
        None => (None, set.annotation(PREFERRED).map(str::to_owned)),
    };
    if placement(first) != placement(second) {
        for set in sets {
            let message = "Kueue needs the same topology annotation in both groups of this podset-group-name";
            findings.invalid(
                set.path.clone().field("annotations"),
                message,
                "write the same annotation in both groups",
            );
        }
    }
}
