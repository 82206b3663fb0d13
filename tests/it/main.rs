//! The real binary: in a shell, over real sockets, and behind a real kube-apiserver with KubeRay's CRDs.

#![allow(clippy::disallowed_methods, reason = "what the core must not do, tests may: they read files")]

#[cfg(feature = "server")]
mod abuse;
#[cfg(feature = "server")]
mod apiserver;
#[cfg(feature = "server")]
mod beside;
#[cfg(feature = "server")]
mod caller;
#[cfg(feature = "server")]
mod certificates;
#[cfg(feature = "server")]
mod chart;
mod cli;
#[cfg(feature = "server")]
mod client;
#[cfg(feature = "server")]
mod daemon;
mod kuberay;
#[cfg(feature = "server")]
mod limits;
#[cfg(feature = "server")]
mod malformed;
#[cfg(feature = "server")]
mod mount;
mod packaging;
#[cfg(feature = "server")]
mod process;
#[cfg(feature = "server")]
mod review;
mod schema;
#[cfg(feature = "server")]
mod shutdown;
#[cfg(feature = "server")]
mod tls;
#[cfg(feature = "server")]
mod webhook;
