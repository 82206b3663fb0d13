//! What the `caBundle`s of the cluster say, and what they are to say.

use std::time::{Duration, SystemTime};

use super::Root;

/// How long a root that is not ours is left in a `caBundle`. Where the way to a certificate changes, Pods of both ways
/// run side by side for as long as a rollout takes, and Kubernetes gives a rollout ten minutes
/// (`progressDeadlineSeconds`) before it calls it stuck.
const GUEST_STAYS: Duration = Duration::from_mins(15);

/// As many roots of others are left in a `caBundle`.
const MOST_GUESTS: usize = 8;

/// Which roots are in the `caBundle`s, and since when. Times are those of a clock that runs on evenly from the start
/// of the process.
#[derive(Debug, Default)]
pub struct Publication {
    /// In every `caBundle`
    everywhere: Vec<(Root, Duration)>,
    /// In one or more, but not ours
    guests: Vec<(Root, Duration)>,
}

impl Publication {
    /// Takes note of every `caBundle` there is, and of the roots that are ours.
    pub fn observe(&mut self, bundles: &[Vec<Root>], own: &[Root], at: Duration) {
        let (first, others) = bundles.split_first().map_or((&[][..], &[][..]), |(first, others)| (&first[..], others));
        let everywhere = first.iter().filter(|root| others.iter().all(|bundle| bundle.contains(root)));
        self.everywhere = dated(everywhere, &self.everywhere, at);
        let guests = bundles.iter().flatten().filter(|root| !own.contains(root));
        self.guests = dated(guests, &self.guests, at);
    }

    /// How long a root has been in every `caBundle`.
    pub fn age(&self, root: &Root, at: Duration) -> Option<Duration> {
        let (_, since) = self.everywhere.iter().find(|(known, _)| known == root)?;
        Some(at.saturating_sub(*since))
    }

    /// Whether a root has been in every `caBundle` for so long.
    pub fn is_settled(&self, root: &Root, settle: Duration, at: Duration) -> bool {
        self.age(root, at).is_some_and(|age| age >= settle)
    }

    /// Whether there are roots of others.
    pub fn has_guests(&self) -> bool {
        !self.guests.is_empty()
    }

    /// The roots that are in every `caBundle`.
    pub fn everywhere(&self) -> impl Iterator<Item = &Root> {
        self.everywhere.iter().map(|(root, _)| root)
    }

    /// What a `caBundle` is to hold that holds `present` now. What was put there by others, as when the way to a
    /// certificate is being changed, stays for a while; what is ours comes in whatever happens.
    pub fn wanted(&self, present: &[Root], own: &[Root], now: SystemTime, at: Duration) -> Vec<Root> {
        let is_welcome = |root: &&Root| {
            let since = self.guests.iter().find(|(guest, _)| guest == *root).map_or(at, |(_, since)| *since);
            root.is_valid_at(now) && !own.contains(root) && at.saturating_sub(since) < GUEST_STAYS
        };
        own.iter().chain(present.iter().filter(is_welcome).take(MOST_GUESTS)).cloned().collect()
    }
}

/// Each root with the time since when it is known.
fn dated<'a>(roots: impl Iterator<Item = &'a Root>, known: &[(Root, Duration)], at: Duration) -> Vec<(Root, Duration)> {
    let mut dated: Vec<(Root, Duration)> = Vec::new();
    for root in roots {
        if !dated.iter().any(|(other, _)| other == root) {
            let since = known.iter().find(|(other, _)| other == root).map_or(at, |(_, since)| *since);
            dated.push((root.clone(), since));
        }
    }
    dated
}
