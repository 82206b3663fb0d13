//! Generates objects whose Pod templates, Services and submitters Kubernetes checks: most have one to three unusual
//! values, of which about half are errors.

#![allow(clippy::too_many_lines, reason = "the functions are lists of values")]

mod bases;
mod change;
mod containers;
mod environment;
mod metadata;
mod pods;
mod probes;
mod rare;
mod resources;
mod scheduling;
mod security;
mod services;
mod submitters;
mod text;
mod volume_sources;
mod volumes;

use rayguard_manifest::json::Json;
use rayguard_policy::kuberay::Version;
use rayguard_policy::schema::Schema;
use serde_json::Value;

use crate::dice::Dice;
use change::Change;

/// Generates objects. Equal seeds give equal objects.
pub struct Templates {
    seed: u64,
    bases: Vec<Value>,
    changes: Vec<Change>,
    /// Indexes into the list of changes, each as often as its weight.
    deck: Vec<usize>,
}

/// An object, and what was changed in it.
pub struct Generated {
    pub object: Value,
    pub changes: Vec<String>,
}

impl Templates {
    pub fn new(seed: u64) -> Self {
        let changes: Vec<Change> = [
            containers::changes(),
            environment::changes(),
            metadata::changes(),
            pods::changes(),
            probes::changes(),
            rare::changes(),
            resources::changes(),
            scheduling::changes(),
            security::changes(),
            services::changes(),
            submitters::changes(),
            volumes::changes(),
            volume_sources::changes(),
        ]
        .into_iter()
        .flatten()
        .collect();
        let weights = changes.iter().map(Change::weight).enumerate();
        let deck = weights.flat_map(|(at, weight)| std::iter::repeat_n(at, weight)).collect();
        Self { seed, bases: bases::all(), changes, deck }
    }

    /// Returns an object as the API server stores it, with the defaults of KubeRay's CRDs. The first ones are the
    /// unchanged bases.
    pub fn object(&self, index: usize) -> Generated {
        let mut dice = Dice::new(self.seed, index as u64);
        let mut object = match self.bases.get(index) {
            Some(base) => base.clone(),
            None => dice.pick(&self.bases).clone(),
        };
        let count = if index < self.bases.len() { 0 } else { [1, 1, 1, 1, 2, 2, 3][dice.below(7)] };
        let mut changes = Vec::new();
        while changes.len() < count {
            let change = &self.changes[*dice.pick(&self.deck)];
            if let Some(made) = change.apply(&mut object, &mut dice) {
                changes.push(made);
            } else if changes.is_empty() {
                // The first change chooses the object, so that each change is made equally often.
                object.clone_from(dice.pick(&self.bases));
            }
        }
        let text = object.to_string();
        let mut json: Json<'_> = serde_json::from_str(&text).expect("JSON");
        Schema::of(Version::v1(6)).conform(&mut json);
        Generated { object: Value::from(&json), changes }
    }
}
