//! The check of manifests: from the text of a file to findings with locations, fixes, and the defaults of the webhook.
//!
//! [`checker::Checker`] reads all documents of a text, runs a dry run of each KubeRay object, and returns a
//! [`report::Report`]. [`fix`] writes safe fixes and defaults into a text. The command, its language server and the
//! playground share this crate, so they have the same findings. The crate does no I/O and starts no thread. It builds for
//! `wasm32-unknown-unknown`.

pub mod assumptions;
pub mod checker;
pub mod evaluation;
pub mod excerpt;
pub mod fix;
pub mod locator;
pub mod object;
pub mod patch_directive;
pub mod report;
pub mod secret;
pub mod storage;
