//! What Kubernetes refuses in the Pods, Services and Jobs that KubeRay makes of an object.
//!
//! KubeRay's CRDs admit every Pod template whose fields have the right types. Kubernetes validates the Pods only when the
//! operator creates them, and the operator then reports one error in an event. This module finds all of them, as
//! `ValidatePodTemplateSpec` of `pkg/apis/core/validation` does after defaulting. It reads JSON and knows no object of
//! KubeRay.
//!
//! A value of the wrong type reads as absent, because the API server refuses it in the object itself. Where the minor
//! versions 1.30 to 1.37 of Kubernetes differ, a violation of only some of them is a warning.

mod at;
mod container;
mod containers;
mod env;
mod pod_spec;
mod pod_template;
mod violation;

pub(crate) use at::At;
pub(crate) use pod_template::{Added, PodTemplate};
pub use violation::{Subject, Violation, Violations};
