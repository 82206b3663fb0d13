//! Years with several replicas, API servers that receive a `caBundle` late, and manual changes.

use std::collections::HashMap;
use std::sync::Arc;

use proptest::prelude::*;

use super::*;

/// The longest time until every API server uses a changed `caBundle`; less than [`CertificateConfig::settle`].
const LAG: Duration = Duration::from_secs(45);

#[derive(Clone, Debug)]
enum Event {
    /// Time passes. Each replica reconciles from time to time, in order from this one.
    Pass(Duration, usize),
    /// The machine is suspended: time passes, and no replica reconciles.
    Sleep(Duration),
    /// A replica restarts.
    Restart(usize),
    /// A replica can reach no API server for a while.
    CutOff(usize, Duration),
    /// Keys of the Secret are removed.
    Remove(Vec<&'static str>),
    /// A foreign CA is added to the `caBundle`s.
    ForeignRoot,
}

/// The `caBundle`s of the two configurations.
type Bundles = [Vec<Root>; 2];

#[derive(Default)]
struct Replica {
    current: Option<Arc<Certificate>>,
    published: PublishedRoots,
    cut_off_until: Duration,
}

struct World {
    now: SystemTime,
    /// The monotonic time since the start.
    at: Duration,
    data: Data,
    bundles: Bundles,
    /// The earlier `caBundle`s, and when each was replaced.
    past: Vec<(Bundles, Duration)>,
    replicas: Vec<Replica>,
    steps: Vec<RenewalStep>,
    /// Whether a root verifies a certificate, cached because verification is slow.
    verified: HashMap<(Vec<u8>, Vec<u8>), bool>,
}

impl World {
    fn new(replicas: usize) -> Self {
        let mut world = Self {
            now: begin(),
            at: Duration::ZERO,
            data: Data::new(),
            bundles: Bundles::default(),
            past: Vec::new(),
            replicas: (0..replicas).map(|_| Replica::default()).collect(),
            steps: Vec::new(),
            verified: HashMap::new(),
        };
        world.reconcile_all(0);
        world.pass(Duration::from_mins(3), 0);
        world
    }

    fn set_bundles(&mut self, bundles: Bundles) {
        if bundles != self.bundles {
            self.past.push((std::mem::replace(&mut self.bundles, bundles), self.at));
        }
    }

    /// Each replica reconciles once, in order from this one.
    fn reconcile_all(&mut self, first: usize) {
        for index in 0..self.replicas.len() {
            self.reconcile((first + index) % self.replicas.len());
        }
    }

    /// What a replica does in each reconciliation.
    fn reconcile(&mut self, index: usize) {
        let (now, at, config) = (self.now, self.at, config());
        let replica = &mut self.replicas[index];
        if at < replica.cut_off_until {
            return;
        }
        let mut store = read(&self.data);
        replica.published.observe(&self.bundles, &store.roots(now), at);
        let is_published = |root: &Root| replica.published.is_published_for(config.settle, root, at);
        while let Some(step) = RenewalStep::due(&store, is_published, &config, now) {
            store = step.apply(store, &config, now).expect("certificates can be made");
            write(&mut self.data, &store);
            self.steps.push(step);
        }
        let (own, leaf) = (store.roots(now), store.leaf().expect("a certificate"));
        replica.published.observe(&self.bundles, &own, at);
        if should_switch(replica.current.as_deref(), leaf, &own, &replica.published, config.settle, (now, at)) {
            replica.current = Some(Arc::clone(leaf.certificate()));
        }
        let desired = self.bundles.each_ref().map(|present| replica.published.desired_bundle(present, &own, now, at));
        replica.published.observe(&desired, &own, at);
        self.set_bundles(desired);
    }

    /// Time passes: in short intervals at first, when most steps happen, and then in longer ones.
    fn pass(&mut self, time: Duration, first: usize) {
        let end = self.at + time;
        let mut interval = Duration::from_secs(20);
        while self.at < end {
            let time = interval.min(end.saturating_sub(self.at));
            (self.now, self.at) = (self.now + time, self.at + time);
            interval = (interval * 2).min(2 * DAY);
            self.reconcile_all(first);
            self.check();
        }
    }

    /// Asserts that each API server trusts each replica, even if it uses an old `caBundle`.
    fn check(&mut self) {
        let recent = self.at.saturating_sub(LAG);
        self.past.retain(|(_, until)| *until > recent);
        let bundles = self.past.iter().map(|(bundles, _)| bundles).chain([&self.bundles]);
        for (index, replica) in self.replicas.iter().enumerate() {
            let current = replica.current.as_deref().expect("it has reconciled once");
            if self.at < replica.cut_off_until && !current.is_valid_at(self.now) {
                continue; // it cannot get another one
            }
            assert!(current.is_valid_at(self.now), "replica {index} serves an expired certificate");
            for bundle in bundles.clone().flatten() {
                let trusted = bundle.iter().filter(|root| root.is_valid_at(self.now)).any(|root| {
                    let pair = (root.der().to_vec(), current.chain()[0].to_vec());
                    *self.verified.entry(pair).or_insert_with(|| root.verifies(current))
                });
                assert!(trusted, "an API server does not trust replica {index} at {:?}: {:?}", self.at, self.steps);
            }
        }
    }

    fn apply(&mut self, event: &Event) {
        let count = self.replicas.len();
        match event {
            Event::Pass(time, first) => self.pass(*time, first % count),
            Event::Sleep(time) => {
                self.now += *time;
                self.at += Duration::from_secs(30); // the monotonic clock stops too
                self.reconcile_all(0);
            }
            Event::Restart(index) => {
                self.replicas[index % count] = Replica::default();
                self.reconcile(index % count);
            }
            Event::CutOff(index, time) => self.replicas[index % count].cut_off_until = self.at + *time,
            Event::Remove(keys) => self.data.retain(|key, _| !keys.contains(&key.as_str())),
            Event::ForeignRoot => {
                let foreign = CertificateAuthority::new(self.now, 100 * DAY).expect("a CA").root().clone();
                let mut bundles = self.bundles.clone();
                for bundle in &mut bundles {
                    bundle.push(foreign.clone());
                }
                self.set_bundles(bundles);
            }
        }
        self.check();
    }
}

fn time() -> impl Strategy<Value = Duration> {
    prop_oneof![
        (1..300u64).prop_map(Duration::from_secs),
        (1..72u64).prop_map(Duration::from_hours),
        (3..200u32).prop_map(|days| DAY * days),
    ]
}

fn pass() -> impl Strategy<Value = Event> {
    (time(), any::<usize>()).prop_map(|(time, first)| Event::Pass(time, first))
}

fn keys() -> impl Strategy<Value = Vec<&'static str>> {
    prop::sample::subsequence(&CertificateStore::KEYS[..], 1..=5)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 24, ..ProptestConfig::default() })]

    #[test]
    fn no_call_is_lost_in_years_of_restarts_and_partitions(events in prop::collection::vec(prop_oneof![
        6 => pass(),
        1 => (1..9u32).prop_map(|days| Event::Sleep(DAY * days)),
        2 => any::<usize>().prop_map(Event::Restart),
        1 => (any::<usize>(), 1..25u32).prop_map(|(index, days)| Event::CutOff(index, DAY * days)),
        1 => Just(Event::ForeignRoot),
        // This is how a user requests a new CA; the old one is still trusted.
        2 => Just(Event::Remove(vec!["ca.key"])),
    ], 1..30)) {
        let mut world = World::new(3);
        for event in &events {
            world.apply(event);
        }
    }

    #[test]
    fn no_call_is_lost_when_keys_are_removed_from_the_secret(events in prop::collection::vec(prop_oneof![
        3 => pass(),
        2 => keys().prop_map(Event::Remove),
        1 => Just(Event::ForeignRoot),
    ], 1..20)) {
        let mut world = World::new(3);
        for event in &events {
            world.apply(event);
        }
    }
}

#[test]
fn ten_years_without_events_need_fifteen_cas() {
    let mut world = World::new(2);
    world.pass(3650 * DAY, 0);
    let count = |wanted| world.steps.iter().filter(|step| **step == wanted).count();
    assert_eq!(count(RenewalStep::NewCa), 15, "one every eight months");
    assert_eq!(count(RenewalStep::DropOldCas), 14);
    assert!(
        (183..220).contains(&count(RenewalStep::NewLeaf)),
        "one every twenty days: {}",
        count(RenewalStep::NewLeaf)
    );
    assert_eq!(world.bundles[0].len(), 1);
}

#[test]
fn a_foreign_root_is_kept_for_a_rollout_and_then_removed() {
    let mut world = World::new(2);
    world.apply(&Event::ForeignRoot);
    world.pass(Duration::from_mins(10), 0);
    assert_eq!(world.bundles.each_ref().map(Vec::len), [2, 2]);
    world.pass(Duration::from_mins(10), 0);
    assert_eq!(world.bundles.each_ref().map(Vec::len), [1, 1]);
}
