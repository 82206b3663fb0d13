//! Whether the API servers can trust the certificate that is served, for the readiness probe.

use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

/// How long the server stays ready after a `caBundle` was wiped. The `caBundle` is written again in less time, while a
/// Pod that becomes unready is missing from the Service for much longer.
const GRACE_PERIOD: Duration = Duration::from_secs(10);

#[derive(Clone, Copy, Debug, Default)]
enum State {
    /// The `caBundle`s have never been in place.
    #[default]
    Pending,
    InPlace,
    /// The `caBundle`s have not been in place since this time.
    Lost(Instant),
}

/// Whether every `caBundle` holds a root that verifies the certificate that is served.
#[derive(Debug, Default)]
pub struct CaBundleReadiness(Mutex<State>);

impl CaBundleReadiness {
    /// Records whether the certificate is trusted now.
    pub(super) fn observe(&self, is_trusted: bool) {
        let mut state = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        *state = match *state {
            _ if is_trusted => State::InPlace,
            State::InPlace => State::Lost(Instant::now()),
            pending_or_lost => pending_or_lost,
        };
    }

    /// Whether the `caBundle`s allow the server to be ready.
    pub fn is_ready(&self) -> bool {
        match *self.0.lock().unwrap_or_else(PoisonError::into_inner) {
            State::Pending => false,
            State::InPlace => true,
            State::Lost(since) => since.elapsed() < GRACE_PERIOD,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_server_is_ready_after_the_first_ca_bundle_and_during_a_short_loss() {
        let readiness = CaBundleReadiness::default();
        assert!(!readiness.is_ready());
        readiness.observe(false);
        assert!(!readiness.is_ready(), "no grace period before the first caBundle");
        readiness.observe(true);
        readiness.observe(false);
        assert!(readiness.is_ready());
        let long_ago = Instant::now().checked_sub(GRACE_PERIOD).expect("the machine has run for longer");
        *readiness.0.lock().expect("not poisoned") = State::Lost(long_ago);
        assert!(!readiness.is_ready());
        readiness.observe(false);
        assert!(!readiness.is_ready(), "observing the loss again does not extend the grace period");
        readiness.observe(true);
        assert!(readiness.is_ready());
    }
}
