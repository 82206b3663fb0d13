//! When the server switches to another certificate.

use std::time::{Duration, SystemTime};

use super::{Certificate, Leaf, PublishedRoots, Root};

/// Whether to serve `next` in place of `current`.
///
/// A client that trusts the current certificate must trust the next one. So either the same root verifies both, or the
/// root of the next one has been in every `caBundle` for `settle`. If the current certificate is no longer valid or not
/// trusted, the switch does not wait. `now` is the wall-clock time, `at` the monotonic time of [`PublishedRoots`].
pub fn should_switch(
    current: Option<&Certificate>,
    next: &Leaf,
    own: &[Root],
    published: &PublishedRoots,
    settle: Duration,
    (now, at): (SystemTime, Duration),
) -> bool {
    let next = next.certificate();
    let Some(current) = current else { return true };
    if current.chain() == next.chain() || !next.is_valid_at(now) {
        return false;
    }
    if !current.is_valid_at(now) {
        return true;
    }
    let mut next_roots = own.iter().filter(|root| root.verifies(next)).peekable();
    if next_roots.peek().is_none() {
        return false;
    }
    let is_trusted = published.in_every_bundle().any(|root| root.verifies(current));
    let current_root = own.iter().find(|root| root.verifies(current));
    let settle = if is_trusted { settle } else { Duration::ZERO };
    next_roots.any(|root| Some(root) == current_root || published.is_published_for(settle, root, at))
}
