//! When the server shows another certificate.

use std::time::{Duration, SystemTime};

use super::{Certificate, Leaf, Publication, Root};

/// Whether to show `next` in place of what is shown now.
///
/// Whoever trusts the certificate of now must trust the next one: either the same root vouches for both, or the root of
/// the next one has been in every `caBundle` for long enough. Where the certificate of now is of no use any more,
/// there is nothing to lose.
pub fn shows_next(
    shown: Option<&Certificate>,
    next: &Leaf,
    own: &[Root],
    publication: &Publication,
    settle: Duration,
    (now, at): (SystemTime, Duration),
) -> bool {
    let next = next.certificate();
    let Some(shown) = shown else { return true };
    if shown.chain() == next.chain() || !next.is_valid_at(now) {
        return false;
    }
    if !shown.is_valid_at(now) {
        return true;
    }
    let mut next_roots = own.iter().filter(|root| root.vouches_for(next)).peekable();
    if next_roots.peek().is_none() {
        return false;
    }
    let is_trusted = publication.everywhere().any(|root| root.vouches_for(shown));
    let shown_root = own.iter().find(|root| root.vouches_for(shown));
    // Who is not trusted now does not wait.
    let settle = if is_trusted { settle } else { Duration::ZERO };
    next_roots.any(|root| Some(root) == shown_root || publication.is_settled(root, settle, at))
}
