//! Code that several test programs share: generated objects, policies, KubeRay's own files and validators, and the
//! laws.

#![recursion_limit = "1024"]
#![allow(missing_docs, clippy::missing_panics_doc, reason = "a test helper panics to fail the test")]

pub mod bases;
pub mod case;
pub mod creation;
pub mod dice;
pub mod document;
pub mod generated;
pub mod generator;
pub mod kuberay;
pub mod law;
pub mod mutations;
pub mod objects;
pub mod oracle;
pub mod packages;
pub mod policies;
pub mod ray;
pub mod samples;
pub mod templates;
pub mod texts;
pub mod untargeted;
pub mod validators;

use std::path::Path;

/// Returns the root folder of the project.
pub fn root() -> &'static Path {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent().and_then(Path::parent);
    root.expect("this crate is in tests/support")
}
