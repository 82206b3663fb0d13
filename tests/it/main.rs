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
mod listener;
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

// The generators of other tests, whose objects are judged here too, by the names that they have there.
#[cfg(feature = "server")]
#[allow(dead_code, unused_imports, reason = "not all of it is needed here")]
#[path = "../differential"]
mod differential {
    pub(crate) mod bases;
    pub(crate) mod blind;
    pub(crate) mod case;
    pub(crate) mod dice;
    pub(crate) mod generator;
    pub(crate) mod mutations;
    pub(crate) mod texts;
    pub(crate) mod validators;
}
#[cfg(feature = "server")]
#[allow(dead_code, reason = "not all of it is needed here")]
#[path = "../laws"]
mod laws {
    pub(crate) mod objects;
    pub(crate) mod policies;
    pub(crate) mod samples;
}
#[cfg(feature = "server")]
use differential::{bases, blind, case, dice, generator, mutations, texts, validators};
#[cfg(feature = "server")]
use laws::{objects, policies, samples};
