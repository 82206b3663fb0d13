//! Workers that give up on the GCS before it is back, and workers that wait a little longer.

use std::time::Duration;

use crate::actor::{Actor, Fate};
use crate::loss::Loss;
use crate::namespace::Namespace;
use crate::object::Cluster;
use crate::observation::Observation;
use crate::outage::Outage;
use crate::redis::{Persistence, Redis};
use crate::runs::runs;
use crate::wait::wait_until;

const LIMIT: Duration = Duration::from_mins(4);

/// The timeouts of a cluster, and what rayguard says of it.
struct Case {
    head: Option<&'static str>,
    worker: &'static str,
    loss: Loss,
    /// The name of the rule in rayguard's answer, and whether it refuses.
    rule: &'static str,
    is_refused: bool,
    /// Whether the actors of the worker are lost; `None` where the duration of the outage decides.
    is_lost: Option<bool>,
}

impl Case {
    fn name(&self) -> String {
        format!(
            "head {}, workers {} s",
            self.head.map_or("60 s (unset)".to_owned(), |it| format!("{it} s")),
            self.worker
        )
    }
}

/// Makes the cluster, loses its head, and looks for its actors.
fn lose(test: &str, case: &Case) {
    let namespace = Namespace::create(test);
    let _redis = Redis::start(&namespace, Persistence::AppendOnlyFile);
    let cluster = Cluster::new("hasty").worker_timeout(case.worker);
    let object = case.head.into_iter().fold(cluster, Cluster::head_timeout).object();
    let said = if case.is_refused { namespace.apply_exempt(&object) } else { namespace.apply(&object).stderr };
    assert!(said.contains(&format!("({})", case.rule)), "{said}");
    namespace.ready_workers("hasty", 1);
    for run in runs(1) {
        let mut actor = Actor::create(&namespace, "hasty", &format!("counter-{run}"), 0);
        let mut other = Actor::create(&namespace, "hasty", &format!("restarted-{run}"), -1);
        let outage = Outage::observe(&namespace, "hasty", LIMIT, |head| case.loss.happen(&namespace, head));
        let restarted = || (!outage.has_same_workers(&namespace, "hasty")).then_some(());
        // A worker may have given up just when the GCS came back; its end then takes some seconds.
        wait_until(Duration::from_secs(if case.is_lost == Some(true) { 60 } else { 15 }), restarted);
        let fate = actor.fate(&namespace, "hasty", Duration::from_secs(30));
        let other = other.fate(&namespace, "hasty", Duration::from_secs(40));
        let same = outage.has_same_workers(&namespace, "hasty");
        Observation::new(case.loss.event(), case.name())
            .outage(&outage)
            .same_workers(same)
            .actors(fate)
            .record(&object, &[]);
        if let Some(is_lost) = case.is_lost {
            let expected = if is_lost { (false, Fate::Gone, Fate::StateLost) } else { (true, Fate::Kept, Fate::Kept) };
            assert_eq!((same, fate, other), expected, "{}", case.name());
        }
        assert_eq!(fate == Fate::Kept, same, "{}", case.name());
        // The next loss meets a new Pod, without the back-off of kubelet.
        if run + 1 < runs(1).end {
            Outage::observe(&namespace, "hasty", LIMIT, |head| Loss::Removal.happen(&namespace, head));
            wait_until(Duration::from_secs(30), restarted);
            namespace.ready_workers("hasty", 1);
        }
    }
}

/// The worker waits for 30 s, the head for 60 s: `worker-reconnect-timeout` refuses it.
pub(crate) fn lose_a_worker_that_gives_up_before_the_head(test: &str) {
    let loss = Loss::Stop;
    let (rule, is_refused) = ("worker-reconnect-timeout", true);
    lose(test, &Case { head: None, worker: "30", loss, rule, is_refused, is_lost: Some(true) });
}

#[test]
fn a_worker_that_gives_up_before_the_head_loses_its_actors() {
    lose_a_worker_that_gives_up_before_the_head("timeout-30");
}

#[test]
fn one_second_more_than_the_head_is_too_little() {
    let (rule, is_refused) = ("short-reconnect-timeout", false);
    lose("timeout-61", &Case { head: None, worker: "61", loss: Loss::Stop, rule, is_refused, is_lost: Some(true) });
}

#[test]
fn thirty_seconds_more_than_the_head_are_enough_once() {
    let (rule, is_refused) = ("short-reconnect-timeout", false);
    lose("timeout-90", &Case { head: None, worker: "90", loss: Loss::Stop, rule, is_refused, is_lost: Some(false) });
}

/// Here chance decides: the GCS is away for 3 to 15 s, and the name of the new head takes up to 30 s.
#[test]
fn a_worker_with_5_s_may_or_may_not_survive() {
    let (rule, is_refused) = ("short-reconnect-timeout", false);
    for (test, loss) in [("timeout-5-crash", Loss::Crash), ("timeout-5-removal", Loss::Removal)] {
        lose(test, &Case { head: Some("3"), worker: "5", loss, rule, is_refused, is_lost: None });
    }
}
