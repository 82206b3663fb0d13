//! The life of certificates in a cluster: replicas of rayguard, a real kube-apiserver, and the minimal rights.

mod balancer;
mod clock;
mod faults;
mod files;
mod installation;
mod observer;
mod outage;
mod rotation;
mod start;

pub(crate) use balancer::Balancer;
pub(crate) use installation::{Installation, ready};
pub(crate) use observer::Observer;
