//! KubeRay's operator beside rayguard: what the one writes, the other leaves.

mod deletion;
mod objects;
mod operator;
mod reconciliation;
mod view;
