//! How tests speak to rayguard and to an API server: raw HTTPS, and kubectl.

#![allow(missing_docs, clippy::missing_panics_doc, reason = "a helper of tests panics where a test is to fail")]

pub mod client;
pub mod kubectl;
