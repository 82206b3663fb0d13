//! A steady stream of calls, none of which may be lost.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use kube::api::{Api, DynamicObject, PostParams};
use tokio::task::{JoinHandle, JoinSet};
use tokio::time::MissedTickBehavior;

use crate::manifest;
use crate::report::record_figure;
use crate::tally::Tally;
use rayguard_test_client::node::Node;

/// How many calls start per second, whether or not earlier ones have ended.
const RATE: u32 = 24;

/// How many calls per second must be answered on average.
const REQUIRED: f64 = 20.0;

/// Dry-run creates of a good and of a bad RayCluster in turn, through kube-apiserver. A call counts as answered if the
/// response has rayguard's default or its refusal, because kube-apiserver continues without a mutating webhook that it
/// cannot reach.
pub(crate) struct Load {
    stop: Arc<AtomicBool>,
    calls: JoinHandle<Calls>,
    before: Tally,
}

/// The results of the calls.
#[derive(Debug, Default)]
pub(crate) struct Calls {
    defaulted: u64,
    refused: u64,
    pub(crate) lost: Vec<LostCall>,
    pub(crate) slowest: Duration,
    took: Duration,
    /// What kube-apiserver counted meanwhile
    pub(crate) counted: Tally,
}

/// A call without rayguard's answer.
#[derive(Debug)]
pub(crate) struct LostCall {
    pub(crate) began: Instant,
    pub(crate) why: String,
}

impl Load {
    /// Starts the calls, in a new namespace.
    pub(crate) fn start(test: &str) -> Self {
        let node = Node::get();
        let namespace = format!("load-{test}");
        node.namespace(&namespace);
        let clusters = node.ray("RayCluster", &namespace);
        let stop = Arc::new(AtomicBool::new(false));
        let before = Tally::now();
        let calls = node.runtime.spawn(stream(clusters, Arc::clone(&stop)));
        Self { stop, calls, before }
    }

    /// Stops the calls, and returns their results once the last one has ended.
    pub(crate) fn stop(self) -> Calls {
        self.stop.store(true, Ordering::Relaxed);
        let mut calls = Node::get().runtime.block_on(self.calls).expect("no panic");
        calls.counted = Tally::now() - self.before;
        calls
    }

    /// Stops the calls and asserts that none was lost, neither for the client nor by kube-apiserver's own metrics.
    #[track_caller]
    pub(crate) fn assert_nothing_lost(self, during: &str) -> Tally {
        let calls = self.stop();
        let answered = calls.answered();
        let seconds = calls.took.as_secs_f64();
        #[expect(clippy::cast_precision_loss, reason = "there are fewer calls than that")]
        let rate = answered as f64 / seconds;
        let Calls { defaulted, refused, lost, slowest, counted, .. } = &calls;
        let figure = format!(
            "{} lost of {answered} calls in {seconds:.0} s; the slowest took {:.2} s",
            lost.len(),
            slowest.as_secs_f64()
        );
        record_figure(&format!("calls during {during}"), figure);
        assert!(lost.is_empty(), "lost {} calls; the first: {:#?}", lost.len(), &lost[..lost.len().min(5)]);
        assert_eq!((counted.failed, counted.failed_open), (0, 0), "{counted:?}");
        // Each call went to both webhooks.
        assert!(counted.answered >= 2 * answered, "{answered} calls, of which kube-apiserver counted {counted:?}");
        assert!(rate >= REQUIRED && *defaulted > 0 && *refused > 0, "{calls:?}");
        calls.counted
    }
}

async fn stream(clusters: Api<DynamicObject>, stop: Arc<AtomicBool>) -> Calls {
    let (good, bad) = (manifest::good("load"), manifest::bad("load"));
    let mut ticks = tokio::time::interval(Duration::from_secs(1) / RATE);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Burst);
    let (mut calls, mut under_way, begun) = (Calls::default(), JoinSet::new(), Instant::now());
    let mut turn = 0_u32;
    while !stop.load(Ordering::Relaxed) {
        ticks.tick().await;
        turn += 1;
        // Most of them are good, because a good one shows that both webhooks were called.
        let is_good = !turn.is_multiple_of(4);
        let object = if is_good { good.clone() } else { bad.clone() };
        let clusters = clusters.clone();
        under_way.spawn(async move {
            let start = Instant::now();
            let answer = call(&clusters, &object, is_good).await;
            (is_good, answer.map_err(|why| LostCall { began: start, why }), start.elapsed())
        });
        while let Some(done) = under_way.try_join_next() {
            calls.count(done.expect("no panic"));
        }
    }
    while let Some(done) = under_way.join_next().await {
        calls.count(done.expect("no panic"));
    }
    calls.took = begun.elapsed();
    calls
}

impl Calls {
    /// Returns the number of calls that rayguard answered.
    pub(crate) fn answered(&self) -> u64 {
        self.defaulted + self.refused
    }

    fn count(&mut self, (is_good, answer, took): (bool, Result<(), LostCall>, Duration)) {
        self.slowest = self.slowest.max(took);
        match answer {
            Ok(()) if is_good => self.defaulted += 1,
            Ok(()) => self.refused += 1,
            Err(call) => self.lost.push(call),
        }
    }
}

/// Makes one call, which has failed unless the response shows rayguard's work.
async fn call(clusters: &Api<DynamicObject>, object: &DynamicObject, is_good: bool) -> Result<(), String> {
    let dry_run = PostParams { dry_run: true, ..PostParams::default() };
    match clusters.create(&dry_run, object).await {
        Ok(cluster) if is_good => match manifest::worker_timeout(&cluster.data["spec"]) {
            Some(manifest::DEFAULTED) => Ok(()),
            other => Err(format!("a good RayCluster was admitted with {other:?} as its default")),
        },
        Ok(_) => Err("a bad RayCluster was admitted".to_owned()),
        Err(kube::Error::Api(status)) if !is_good && status.message.contains("(worker-reconnect-timeout)") => Ok(()),
        Err(kube::Error::Api(status)) => Err(format!("{}: {}", status.code, status.message)),
        Err(error) => Err(error.to_string()),
    }
}
