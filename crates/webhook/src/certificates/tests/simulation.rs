//! Years in the life of several replicas, of API servers that learn late, and of people who meddle.

use std::collections::HashMap;
use std::sync::Arc;

use proptest::prelude::*;

use super::*;

/// The longest that any API server takes to learn of a `caBundle`; less than [`Terms::settle`].
const LAG: Duration = Duration::from_secs(45);

#[derive(Clone, Debug)]
enum Event {
    /// Time passes, and each replica looks now and then, in this order.
    Pass(Duration, usize),
    /// A machine is suspended: the time passes, and nobody looks.
    Sleep(Duration),
    /// A replica starts anew.
    Restart(usize),
    /// A replica can reach no API server for a while.
    CutOff(usize, Duration),
    /// Keys of the Secret are removed.
    Remove(Vec<&'static str>),
    /// A CA of somebody else is put into the `caBundle`s, beside what is there.
    Guest,
}

/// The `caBundle`s of the two configurations.
type Bundles = [Vec<Root>; 2];

#[derive(Default)]
struct Replica {
    shown: Option<Arc<Certificate>>,
    publication: Publication,
    cut_off_until: Duration,
}

struct World {
    now: SystemTime,
    /// How long all this has been going on.
    at: Duration,
    data: Data,
    bundles: Bundles,
    /// What the `caBundle`s have been, and until when.
    past: Vec<(Bundles, Duration)>,
    replicas: Vec<Replica>,
    steps: Vec<Step>,
    /// Who vouches for whom, for that takes a while to find out.
    vouched: HashMap<(Vec<u8>, Vec<u8>), bool>,
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
            vouched: HashMap::new(),
        };
        world.look(0);
        world.pass(Duration::from_mins(3), 0);
        world
    }

    fn set_bundles(&mut self, bundles: Bundles) {
        if bundles != self.bundles {
            self.past.push((std::mem::replace(&mut self.bundles, bundles), self.at));
        }
    }

    /// Each replica looks once, beginning with this one.
    fn look(&mut self, first: usize) {
        for index in 0..self.replicas.len() {
            self.look_of((first + index) % self.replicas.len());
        }
    }

    /// What a replica does each time it looks.
    fn look_of(&mut self, index: usize) {
        let (now, at, terms) = (self.now, self.at, terms());
        let replica = &mut self.replicas[index];
        if at < replica.cut_off_until {
            return;
        }
        let mut store = read(&self.data);
        replica.publication.observe(&self.bundles, &store.roots(now), at);
        let settled = |root: &Root| replica.publication.is_settled(root, terms.settle, at);
        while let Some(step) = Step::due(&store, settled, &terms, now) {
            store = store.after(step, &terms, now).expect("certificates can be made");
            write(&mut self.data, &store);
            self.steps.push(step);
        }
        let (own, leaf) = (store.roots(now), store.leaf().expect("a certificate"));
        replica.publication.observe(&self.bundles, &own, at);
        if shows_next(replica.shown.as_deref(), leaf, &own, &replica.publication, terms.settle, (now, at)) {
            replica.shown = Some(Arc::clone(leaf.certificate()));
        }
        let wanted = self.bundles.each_ref().map(|present| replica.publication.wanted(present, &own, now, at));
        replica.publication.observe(&wanted, &own, at);
        self.set_bundles(wanted);
    }

    /// Time passes in small parts at first, when most happens, and then in large ones.
    fn pass(&mut self, time: Duration, first: usize) {
        let end = self.at + time;
        let mut part = Duration::from_secs(20);
        while self.at < end {
            let time = part.min(end.saturating_sub(self.at));
            (self.now, self.at) = (self.now + time, self.at + time);
            part = (part * 2).min(2 * DAY);
            self.look(first);
            self.check();
        }
    }

    /// Each API server trusts each replica, however late it has learnt of the `caBundle`s.
    fn check(&mut self) {
        let recent = self.at.saturating_sub(LAG);
        self.past.retain(|(_, until)| *until > recent);
        let views = self.past.iter().map(|(bundles, _)| bundles).chain([&self.bundles]);
        for (index, replica) in self.replicas.iter().enumerate() {
            let shown = replica.shown.as_deref().expect("it has looked once");
            if self.at < replica.cut_off_until && !shown.is_valid_at(self.now) {
                continue; // it cannot have another one
            }
            assert!(shown.is_valid_at(self.now), "replica {index} shows an expired certificate");
            for bundle in views.clone().flatten() {
                let trusted = bundle.iter().filter(|root| root.is_valid_at(self.now)).any(|root| {
                    let pair = (root.der().to_vec(), shown.chain()[0].to_vec());
                    *self.vouched.entry(pair).or_insert_with(|| root.vouches_for(shown))
                });
                assert!(trusted, "an API server does not trust replica {index} at {:?}: {:?}", self.at, self.steps);
            }
        }
    }

    fn happen(&mut self, event: &Event) {
        let count = self.replicas.len();
        match event {
            Event::Pass(time, first) => self.pass(*time, first % count),
            Event::Sleep(time) => {
                self.now += *time;
                self.at += Duration::from_secs(30); // its even clock stands still too
                self.look(0);
            }
            Event::Restart(index) => {
                self.replicas[index % count] = Replica::default();
                self.look_of(index % count);
            }
            Event::CutOff(index, time) => self.replicas[index % count].cut_off_until = self.at + *time,
            Event::Remove(keys) => self.data.retain(|key, _| !keys.contains(&key.as_str())),
            Event::Guest => {
                let guest = Authority::new(self.now, 100 * DAY).expect("a CA").root().clone();
                let mut bundles = self.bundles.clone();
                for bundle in &mut bundles {
                    bundle.push(guest.clone());
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
    prop::sample::subsequence(&Store::KEYS[..], 1..=5)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 24, ..ProptestConfig::default() })]

    #[test]
    fn no_call_is_lost_in_years_of_restarts_and_partitions(events in prop::collection::vec(prop_oneof![
        6 => pass(),
        1 => (1..9u32).prop_map(|days| Event::Sleep(DAY * days)),
        2 => any::<usize>().prop_map(Event::Restart),
        1 => (any::<usize>(), 1..25u32).prop_map(|(index, days)| Event::CutOff(index, DAY * days)),
        1 => Just(Event::Guest),
        // The way to ask for a new CA: the old one is still trusted.
        2 => Just(Event::Remove(vec!["ca.key"])),
    ], 1..30)) {
        let mut world = World::new(3);
        for event in &events {
            world.happen(event);
        }
    }

    #[test]
    fn no_call_is_lost_whatever_is_removed_from_the_secret(events in prop::collection::vec(prop_oneof![
        3 => pass(),
        2 => keys().prop_map(Event::Remove),
        1 => Just(Event::Guest),
    ], 1..20)) {
        let mut world = World::new(3);
        for event in &events {
            world.happen(event);
        }
    }
}

#[test]
fn ten_quiet_years_take_fifteen_cas() {
    let mut world = World::new(2);
    world.pass(3650 * DAY, 0);
    let count = |wanted| world.steps.iter().filter(|step| **step == wanted).count();
    assert_eq!(count(Step::NewAuthority), 15, "one each eight months");
    assert_eq!(count(Step::DropOld), 14);
    assert!((183..220).contains(&count(Step::NewLeaf)), "one each twenty days: {}", count(Step::NewLeaf));
    assert_eq!(world.bundles[0].len(), 1);
}

#[test]
fn a_guest_stays_for_a_rollout_and_then_leaves() {
    let mut world = World::new(2);
    world.happen(&Event::Guest);
    world.pass(Duration::from_mins(10), 0);
    assert_eq!(world.bundles.each_ref().map(Vec::len), [2, 2]);
    world.pass(Duration::from_mins(10), 0);
    assert_eq!(world.bundles.each_ref().map(Vec::len), [1, 1]);
}
