//! Manifests as values with positions in their text.
//!
//! - [`json`] is the value type for JSON and YAML.
//! - [`yaml`] reads values from YAML and records the position of each node.
//! - [`path`] names a field within a value.
//! - [`list_map`] identifies the items of lists by key, as Kubernetes does.
//! - [`patch`] adds fields by JSON Patch.
//! - [`template_syntax`] finds out in which template language a text is written.
//! - [`fix`] and [`yaml::edit`] change the text and keep comments, order and quotes.
//!
//! This crate does no I/O.

pub mod fix;
pub mod json;
pub mod list_map;
pub mod patch;
pub mod path;
pub mod template_syntax;
pub mod yaml;
