//! The roots in the `caBundle`s of the cluster, and the roots that a `caBundle` must hold.

use std::time::{Duration, SystemTime};

use super::Root;

/// How long a foreign root is kept in a `caBundle`. When an installation changes the origin of its certificate, Pods
/// with both origins run during the rollout. Kubernetes reports a rollout as failed after ten minutes
/// (`progressDeadlineSeconds`).
const FOREIGN_ROOT_RETENTION: Duration = Duration::from_mins(15);

/// The largest number of foreign roots that are kept in a `caBundle`.
const MAX_FOREIGN_ROOTS: usize = 8;

/// The roots in the `caBundle`s with the time at which each was first seen. Times are durations since the start of the
/// process on a monotonic clock.
#[derive(Debug, Default)]
pub struct PublishedRoots {
    /// The roots in every `caBundle`
    in_every_bundle: Vec<(Root, Duration)>,
    /// The roots in any `caBundle` that this installation does not own
    foreign_roots: Vec<(Root, Duration)>,
}

impl PublishedRoots {
    /// Records the content of all `caBundle`s, and the roots that this installation owns.
    pub fn observe(&mut self, bundles: &[Vec<Root>], own: &[Root], at: Duration) {
        let (first, others) = bundles.split_first().map_or((&[][..], &[][..]), |(first, others)| (&first[..], others));
        let in_every_bundle = first.iter().filter(|root| others.iter().all(|bundle| bundle.contains(root)));
        self.in_every_bundle = with_first_seen(in_every_bundle, &self.in_every_bundle, at);
        let foreign = bundles.iter().flatten().filter(|root| !own.contains(root));
        self.foreign_roots = with_first_seen(foreign, &self.foreign_roots, at);
    }

    /// Returns how long a root has been in every `caBundle`, or `None` if it is not.
    pub fn age(&self, root: &Root, at: Duration) -> Option<Duration> {
        let (_, since) = self.in_every_bundle.iter().find(|(known, _)| known == root)?;
        Some(at.saturating_sub(*since))
    }

    /// Whether a root has been in every `caBundle` for at least `duration`.
    pub fn is_published_for(&self, duration: Duration, root: &Root, at: Duration) -> bool {
        self.age(root, at).is_some_and(|age| age >= duration)
    }

    /// Whether a `caBundle` holds roots that this installation does not own.
    pub fn has_foreign_roots(&self) -> bool {
        !self.foreign_roots.is_empty()
    }

    /// Returns the roots that are in every `caBundle`.
    pub fn in_every_bundle(&self) -> impl Iterator<Item = &Root> {
        self.in_every_bundle.iter().map(|(root, _)| root)
    }

    /// Returns the roots that a `caBundle` must hold, which holds `present` now: always our own, and foreign ones for a
    /// limited time, because an installation may be changing the origin of its certificate.
    pub fn desired_bundle(&self, present: &[Root], own: &[Root], now: SystemTime, at: Duration) -> Vec<Root> {
        let is_kept = |root: &&Root| {
            let since = self.foreign_roots.iter().find(|(foreign, _)| foreign == *root).map_or(at, |(_, since)| *since);
            root.is_valid_at(now) && !own.contains(root) && at.saturating_sub(since) < FOREIGN_ROOT_RETENTION
        };
        own.iter().chain(present.iter().filter(is_kept).take(MAX_FOREIGN_ROOTS)).cloned().collect()
    }
}

/// Returns each root once, with the time at which it was first seen: the time in `known`, or `at`.
fn with_first_seen<'a>(
    roots: impl Iterator<Item = &'a Root>,
    known: &[(Root, Duration)],
    at: Duration,
) -> Vec<(Root, Duration)> {
    let mut seen: Vec<(Root, Duration)> = Vec::new();
    for root in roots {
        if !seen.iter().any(|(other, _)| other == root) {
            let since = known.iter().find(|(other, _)| other == root).map_or(at, |(_, since)| *since);
            seen.push((root.clone(), since));
        }
    }
    seen
}
