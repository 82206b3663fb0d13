//! What Kubernetes refuses in the Pods, Services and Jobs that KubeRay makes of an object.
//!
//! KubeRay's CRDs admit every Pod template whose fields have the right types. Kubernetes validates the Pods only when the
//! operator creates them, and the operator then reports one error in an event. This module finds all of them, as
//! `ValidatePodTemplateSpec` of `pkg/apis/core/validation` does after defaulting. It reads JSON and knows no object of
//! KubeRay.
//!
//! A value of the wrong type reads as absent, because the API server refuses it in the object itself. Where the minor
//! versions 1.30 to 1.37 of Kubernetes differ, a violation of only some of them is a warning.

mod affinity;
mod at;
mod certificates;
mod choice;
mod claim_template;
mod container;
mod container_security;
mod containers;
mod disks;
mod dns;
mod env;
mod env_name;
mod env_source;
mod file_path;
mod handler;
pub(crate) mod ingress;
pub(crate) mod job;
mod label_keys;
mod lifecycle;
mod lookup;
mod metadata;
mod network_storage;
mod operating_system;
mod pod;
mod pod_metadata;
mod pod_resources;
mod pod_security_context;
mod pod_spec;
mod pod_template;
mod port;
mod ports;
mod probe;
mod projected;
pub(crate) mod quantity;
mod resize_policy;
mod resource_name;
mod resources;
mod restart_policy;
mod security_profiles;
mod seen;
mod selector;
mod service;
mod some_versions;
mod syntax;
mod tolerations;
mod topology_spread;
mod violation;
mod volume_devices;
mod volume_files;
mod volume_mounts;
mod volume_path;
mod volumes;
mod windows_options;

pub(crate) use at::At;
pub(crate) use env::validate_value as validate_env_value;
pub(crate) use pod_metadata::Metadata;
pub(crate) use pod_template::{Added, ContainerOptions, Mount, PodTemplate};
pub(crate) use service::{Origin, Service, ServicePort};
pub use violation::{Subject, Violation, Violations};
