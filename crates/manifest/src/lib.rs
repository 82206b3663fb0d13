//! Manifests as values that know where they are written.
//!
//! [`json`] is the one value type, [`yaml`] reads it from YAML with a position for every node, [`path`] names a place in
//! it, [`patch`] adds to it by JSON Patch, and [`fix`] and [`yaml::edit`] change the text and keep comments, order and
//! quotes. Nothing here does I/O.

pub mod fix;
pub mod json;
pub mod keyed;
pub mod patch;
pub mod path;
pub mod yaml;
