//! Compares rayguard with Ray's autoscaler. The autoscaler reads RayClusters as the API server stores them, and rayguard
//! denies none that it can read.

#![allow(clippy::disallowed_methods, reason = "unlike the core, tests may read files and run programs")]

mod clusters;
mod comparison;
mod resizes;

use std::env;

use comparison::{Comparison, Question};

/// The number of objects for each version of Ray. `SEED` is the seed of their generator.
const OBJECTS: u64 = 3000;
const SEED: u64 = 17;

/// The versions of Ray, unless the variable `RAY_VERSIONS` lists others. Together, they have every behaviour that the
/// rules know.
const VERSIONS: &str = "2.40.0 2.57.1 2.60.0";

fn from_env(name: &str, default: u64) -> u64 {
    env::var(name).map_or(default, |text| text.parse().unwrap_or_else(|error| panic!("{name}={text}: {error}")))
}

fn versions() -> Vec<String> {
    let versions = env::var("RAY_VERSIONS").unwrap_or_else(|_| VERSIONS.to_owned());
    versions.split_whitespace().map(str::to_owned).collect()
}

/// Returns the minor version of Ray 2.
fn minor(version: &str) -> u32 {
    version
        .split('.')
        .nth(1)
        .and_then(|minor| minor.parse().ok())
        .unwrap_or_else(|| panic!("{version} is no version of Ray"))
}

#[test]
fn the_autoscaler_reads_every_cluster_that_is_admitted() {
    let (seed, objects) = (from_env("SEED", SEED), from_env("OBJECTS", OBJECTS));
    for version in versions() {
        let mut comparison = Comparison::new(Question::Configuration, &version);
        comparison.run((0..objects).map(|index| clusters::cluster(seed, index, &version)));
        comparison.report(seed);
    }
}

#[test]
fn the_autoscaler_reads_every_resize_specification_that_is_admitted() {
    let (seed, objects) = (from_env("SEED", SEED), from_env("OBJECTS", OBJECTS));
    // Older versions do not read the annotation.
    for version in versions().into_iter().filter(|version| minor(version) >= 56) {
        let mut comparison = Comparison::new(Question::Resize, &version);
        comparison.run((0..objects).map(|index| resizes::cluster(seed, index, &version)));
        comparison.report(seed);
    }
}
