//! Whether the API server can trust what is shown, as far as readiness goes.

use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

/// How long readiness outlasts a `caBundle` that was wiped. It is healed in less, and a Pod that a probe takes out of the
/// Service for a moment is missing for much longer.
const GRACE: Duration = Duration::from_secs(10);

#[derive(Clone, Copy, Debug, Default)]
enum CaBundle {
    /// It has never been in place.
    #[default]
    Awaited,
    InPlace,
    Lost(Instant),
}

/// Whether every `caBundle` vouches for the certificate that is shown.
#[derive(Debug, Default)]
pub struct Standing(Mutex<CaBundle>);

impl Standing {
    /// Takes note of how it is.
    pub(super) fn observe(&self, is_trusted: bool) {
        let mut bundle = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        *bundle = match *bundle {
            _ if is_trusted => CaBundle::InPlace,
            CaBundle::InPlace => CaBundle::Lost(Instant::now()),
            missing => missing,
        };
    }

    /// Whether the server may call itself ready, for all that is known of the `caBundle`s.
    pub fn is_good(&self) -> bool {
        match *self.0.lock().unwrap_or_else(PoisonError::into_inner) {
            CaBundle::Awaited => false,
            CaBundle::InPlace => true,
            CaBundle::Lost(since) => since.elapsed() < GRACE,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn readiness_begins_with_the_first_ca_bundle_and_outlasts_a_short_loss() {
        let standing = Standing::default();
        assert!(!standing.is_good());
        standing.observe(false);
        assert!(!standing.is_good(), "no grace for what never was");
        standing.observe(true);
        standing.observe(false);
        assert!(standing.is_good());
        let long_ago = Instant::now().checked_sub(GRACE).expect("the machine has run for longer");
        *standing.0.lock().expect("nobody panics") = CaBundle::Lost(long_ago);
        assert!(!standing.is_good());
        standing.observe(false);
        assert!(!standing.is_good(), "the loss began when it began");
        standing.observe(true);
        assert!(standing.is_good());
    }
}
