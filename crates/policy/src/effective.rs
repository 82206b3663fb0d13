//! The values that are in effect in a cluster, each with its origin: the manifest, rayguard, KubeRay or Ray.
//!
//! A manifest shows what its author set. What is not set has a value too: rayguard's webhook, KubeRay's schema, KubeRay's
//! operator or Ray chooses it. An editor shows these values at the fields that decide about them.

mod redis;
mod replicas;
mod start;
mod timeouts;

use rayguard_manifest::json::Json;
use rayguard_manifest::path::{FieldPath, Step};

use crate::policy::{Outcome, Policy};
use crate::ray::{Group, RayObject};
use crate::settings::Settings;

/// A value that is in effect in the cluster.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EffectiveValue {
    /// What has the value, as a noun: `GCS reconnect timeout of the head`.
    pub name: String,
    /// The value with its unit. It never contains a password.
    pub value: String,
    /// Where the value comes from: `KubeRay's default, because the group sets none`.
    pub origin: String,
    /// The fields of the manifest at which an editor shows the value.
    anchors: Vec<Anchor>,
}

impl EffectiveValue {
    /// Reports whether an editor shows the value at a field of the manifest.
    pub fn is_about(&self, path: &FieldPath) -> bool {
        let is_at = |anchor: &Anchor| match anchor {
            Anchor::At(field) => field.steps().len() == path.steps().len() && begins_with(path, field),
            Anchor::Below(field) => begins_with(path, field),
        };
        self.anchors.iter().any(is_at)
    }
}

/// Reports whether a path leads through a field. A name is a field in one path and a key in another.
fn begins_with(path: &FieldPath, field: &FieldPath) -> bool {
    let is_same = |(a, b): (&Step, &Step)| match (a, b) {
        (Step::Index(a), Step::Index(b)) => a == b,
        (a, b) => a.name().is_some() && a.name() == b.name(),
    };
    path.steps().len() >= field.steps().len() && path.steps().iter().zip(field.steps()).all(is_same)
}

/// A field of the manifest at which a value is shown.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Anchor {
    /// Only at this field.
    At(FieldPath),
    /// At this field, and at all fields below it.
    Below(FieldPath),
}

/// Returns the values that are in effect for the object of a manifest; none for an object that is not KubeRay's.
/// `namespace` is the namespace of an object that names none.
pub fn effective_values(policy: &Policy, written: &Json<'_>, namespace: &str) -> Vec<EffectiveValue> {
    let Some(outcome) = policy.dry_run(written, Some(namespace)) else { return Vec::new() };
    let Some(mut object) = RayObject::read(&outcome.object) else { return Vec::new() };
    object.namespace = object.namespace.or(Some(namespace));
    if !object.cluster.exists() {
        return Vec::new();
    }
    let reader = Reader { object: &object, outcome: &outcome, written, settings: &policy.settings };
    let mut values = reader.redis();
    for group in object.cluster.groups().filter(|group| group.json.as_object().is_some()) {
        values.extend(reader.reconnect_timeout(group));
        values.extend(reader.replicas(group));
        values.extend(reader.start_parameters(group));
    }
    values
}

/// Reads the values of one object.
struct Reader<'r, 'o> {
    /// The object as the API server stores it.
    object: &'r RayObject<'o>,
    outcome: &'r Outcome<'o>,
    /// The object as the manifest has it.
    written: &'r Json<'o>,
    settings: &'r Settings,
}

impl Reader<'_, '_> {
    /// Reports whether the manifest has the value at a path of the stored object.
    fn is_written(&self, path: &FieldPath) -> bool {
        let written = self.outcome.as_written(path);
        written.steps().len() == path.steps().len() && written.value(self.written).is_some_and(|json| !json.is_null())
    }

    /// Returns the anchor at a field of the stored object.
    fn at(&self, path: &FieldPath) -> Anchor {
        Anchor::At(self.outcome.as_written(path))
    }

    /// Returns the anchor at a field of the stored object and below it.
    fn below(&self, path: &FieldPath) -> Anchor {
        Anchor::Below(self.outcome.as_written(path))
    }

    /// Returns the anchors of a whole group: its key or item, and its name.
    fn group(&self, group: &Group<'_>) -> Vec<Anchor> {
        vec![self.at(&group.path()), self.at(&group.path().field("groupName"))]
    }
}

/// Returns a group as a noun: `the head`, `the worker group gpu`.
fn noun(group: &Group<'_>) -> String {
    match (group.is_head(), group.name()) {
        (true, _) => "the head".to_owned(),
        (false, Some(name)) => format!("the worker group {name}"),
        (false, None) => "the worker group".to_owned(),
    }
}

/// Returns the last step of a path as the name of a field.
fn last(path: &FieldPath) -> &str {
    path.steps().last().and_then(Step::name).unwrap_or_default()
}

#[cfg(test)]
mod tests;
