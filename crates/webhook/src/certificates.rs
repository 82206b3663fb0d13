//! The life of the certificates that rayguard makes itself: what is to be done next, and with what.
//!
//! Nothing here waits, calls anybody or looks at a clock. What is known comes in as values: what the Secret holds
//! ([`Store`]), what the `caBundle`s of the cluster say ([`Publication`]), which certificate is being shown, and the
//! time. What is to be done comes out: a [`Step`] for the Secret, the roots for each `caBundle`, and whether to show
//! another certificate ([`shows_next`]). So years of a certificate's life pass in a test in a second.
//!
//! No call may be lost on the way, so each change waits for the one before:
//!
//! 1. A CA is due. A new one is written into the Secret beside the old one; the certificate stays.
//! 2. Every replica sees to it that both are in every `caBundle`.
//! 3. Once the new CA has been there for [`Terms::settle`], a certificate of it is written into the Secret.
//! 4. Each replica shows it as soon as it has itself seen the new CA in every `caBundle` for that long.
//! 5. When no certificate of the old CA can be valid any more, the old CA is dropped.
//!
//! There is no order in which replicas have to run, and none has to survive: each step follows from the Secret alone.
//! A replica whose certificate is gone from the Secret, by whatever hand, goes on showing it until the next one is
//! trusted.

mod authority;
mod certificate;
mod error;
mod leaf;
mod publication;
mod root;
mod show;
mod step;
mod store;
#[cfg(test)]
mod tests;

use std::time::{Duration, SystemTime};

pub use authority::Authority;
pub use certificate::{Certificate, Validity};
pub use error::TlsError;
pub use leaf::Leaf;
pub use publication::Publication;
pub use root::Root;
pub use show::shows_next;
pub use step::Step;
pub use store::Store;

/// The clocks of a cluster do not agree to the second, so what is made is valid from before it is made.
pub const SKEW: Duration = Duration::from_hours(1);

/// What certificates are made for, and how long they live.
#[derive(Clone, Debug)]
pub struct Terms {
    /// The DNS names and IP addresses that a certificate is valid for
    pub names: Vec<String>,
    /// How long a CA is valid
    pub ca: Duration,
    /// How long a certificate is valid
    pub leaf: Duration,
    /// How long a CA has to be in every `caBundle` before a certificate of it is shown, so that every API server has
    /// learnt of it
    pub settle: Duration,
}

/// When what is valid for such a time is to be replaced: after two thirds of its life.
fn due(not_before: SystemTime, not_after: SystemTime) -> SystemTime {
    let made = not_before + SKEW;
    made + not_after.duration_since(made).unwrap_or_default() / 3 * 2
}
