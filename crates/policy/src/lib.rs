//! The policy of rayguard: it decides whether a RayCluster, RayService, RayJob or RayCronJob is denied, admitted with a
//! warning, or given defaults.
//!
//! The crate reads an object ([`ray`]), checks it against a [`policy`] of [`rules`] and [`defaults`], and returns
//! findings ([`rule::Finding`]) and patches. [`admission`] does this for the bytes of an `AdmissionReview`. The crate
//! does no I/O, reads no clock, starts no thread, and builds for `wasm32-unknown-unknown`.

pub mod admission;
pub mod bash;
pub mod cel;
pub mod cluster_context;
pub mod context;
pub mod defaults;
pub mod diagnosis;
pub mod effective;
pub mod go;
pub mod kuberay;
pub mod kubernetes;
pub mod name;
pub mod pattern;
pub mod placeholder;
pub mod policy;
pub mod ray;
pub mod reason;
pub mod refusal;
pub mod rule;
pub mod rule_set;
pub mod rules;
pub mod schema;
pub mod settings;
pub mod spelling;
pub mod survival;
