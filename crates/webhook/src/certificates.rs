//! The lifecycle of the certificates that rayguard makes: which change is due, and its result.
//!
//! The lifecycle is pure: it does no I/O and reads no clock. The input is the content of the Secret
//! ([`CertificateStore`]), the roots in the `caBundle`s of the cluster ([`PublishedRoots`]), the certificate that is
//! being served, and the time. The output is the next change of the Secret ([`RenewalStep`]), the roots for each
//! `caBundle`, and whether to switch to another certificate ([`should_switch`]). A test therefore runs years of the
//! lifecycle in a second.
//!
//! A rotation of the CA loses no admission request, because each change waits for the one before:
//!
//! 1. A new CA is due. It is written into the Secret next to the old one; the certificate stays.
//! 2. Every replica makes sure that every `caBundle` holds both.
//! 3. After the new CA has been in every `caBundle` for [`CertificateConfig::settle`], a certificate that it issued is
//!    written into the Secret.
//! 4. Each replica serves this certificate after it has itself seen the new CA in every `caBundle` for that time.
//! 5. When every certificate of the old CA has expired, the old CA is removed.
//!
//! Replicas need no order, and none of them must survive: each step follows from the Secret alone. If the certificate
//! that a replica serves disappears from the Secret for any reason, the replica serves it until the next one is
//! trusted.

mod authority;
mod certificate;
mod error;
mod leaf;
mod published_roots;
mod renewal;
mod root;
mod store;
mod switchover;
#[cfg(test)]
mod tests;

use std::time::Duration;

pub use authority::CertificateAuthority;
pub use certificate::{Certificate, Validity};
pub use error::TlsError;
pub use leaf::Leaf;
pub use published_roots::PublishedRoots;
pub use renewal::RenewalStep;
pub use root::Root;
pub use store::CertificateStore;
pub use switchover::should_switch;

/// How long before its creation a certificate becomes valid, because the clocks of a cluster differ.
pub const CLOCK_SKEW: Duration = Duration::from_hours(1);

/// The names and lifetimes of the certificates that rayguard makes.
#[derive(Clone, Debug)]
pub struct CertificateConfig {
    /// The DNS names and IP addresses of a certificate
    pub names: Vec<String>,
    /// How long a CA is valid
    pub ca_lifetime: Duration,
    /// How long a certificate is valid
    pub leaf_lifetime: Duration,
    /// How long a CA must be in every `caBundle` before a certificate that it issued is served, so that every API
    /// server knows the CA
    pub settle: Duration,
}
