//! KubeRay's operator together with rayguard: neither changes what the other writes.

mod deletion;
mod objects;
mod operator;
mod reconciliation;
mod refusals;
mod upgrades;
mod view;
