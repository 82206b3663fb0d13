//! A steady stream of calls, each of which counts.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use kube::api::{Api, DynamicObject, PostParams};
use tokio::task::{JoinHandle, JoinSet};
use tokio::time::MissedTickBehavior;

use crate::manifest;
use crate::node::Node;
use crate::report::measured;
use crate::tally::Tally;

/// How many calls are begun a second, whatever became of those before.
const RATE: u32 = 24;

/// How many have to have been answered a second, in the whole.
const REQUIRED: f64 = 20.0;

/// Dry-run creates of a good and of a bad RayCluster in turn, through kube-apiserver. One is answered if the answer has
/// rayguard's default, or its refusal: for where the mutating webhook cannot be reached, kube-apiserver goes on without it.
pub(crate) struct Load {
    over: Arc<AtomicBool>,
    calls: JoinHandle<Calls>,
    before: Tally,
}

/// What became of calls.
#[derive(Debug, Default)]
struct Calls {
    defaulted: u64,
    refused: u64,
    lost: Vec<String>,
    slowest: Duration,
    took: Duration,
}

impl Load {
    /// Begins, in a new namespace.
    pub(crate) fn start(test: &str) -> Self {
        let node = Node::get();
        let namespace = format!("load-{test}");
        node.namespace(&namespace);
        let clusters = node.ray("RayCluster", &namespace);
        let over = Arc::new(AtomicBool::new(false));
        let before = Tally::now();
        let calls = node.runtime.spawn(stream(clusters, Arc::clone(&over)));
        Self { over, calls, before }
    }

    /// Ends it, after which no call may have been lost: not as the client sees it, nor as kube-apiserver does, whose own
    /// count this is.
    #[track_caller]
    pub(crate) fn lost_nothing(self, during: &str) -> Tally {
        self.over.store(true, Ordering::Relaxed);
        let calls = Node::get().runtime.block_on(self.calls).expect("no panic");
        let counted = Tally::now() - self.before;
        let answered = calls.defaulted + calls.refused;
        let seconds = calls.took.as_secs_f64();
        #[expect(clippy::cast_precision_loss, reason = "nobody makes so many calls")]
        let rate = answered as f64 / seconds;
        let Calls { defaulted, refused, lost, slowest, .. } = &calls;
        let figure = format!(
            "{} lost of {answered} calls in {seconds:.0} s; the slowest took {:.2} s",
            lost.len(),
            slowest.as_secs_f64()
        );
        measured(&format!("calls during {during}"), figure);
        assert!(lost.is_empty(), "lost {} calls; the first: {:#?}", lost.len(), &lost[..lost.len().min(5)]);
        assert_eq!((counted.failed, counted.failed_open), (0, 0), "{counted:?}");
        // Each went to both webhooks.
        assert!(counted.answered >= 2 * answered, "{answered} calls, of which kube-apiserver saw {counted:?}");
        assert!(rate >= REQUIRED && *defaulted > 0 && *refused > 0, "{calls:?}");
        counted
    }
}

async fn stream(clusters: Api<DynamicObject>, over: Arc<AtomicBool>) -> Calls {
    let (good, bad) = (manifest::good("load"), manifest::bad("load"));
    let mut pace = tokio::time::interval(Duration::from_secs(1) / RATE);
    pace.set_missed_tick_behavior(MissedTickBehavior::Burst);
    let (mut calls, mut under_way, begun) = (Calls::default(), JoinSet::new(), Instant::now());
    let mut turn = 0_u32;
    while !over.load(Ordering::Relaxed) {
        pace.tick().await;
        turn += 1;
        // Most of them good, for a good one shows that both webhooks were asked.
        let is_good = !turn.is_multiple_of(4);
        let object = if is_good { good.clone() } else { bad.clone() };
        let clusters = clusters.clone();
        under_way.spawn(async move {
            let start = Instant::now();
            let answer = call(&clusters, &object, is_good).await;
            (is_good, answer.map_err(|why| format!("after {:.1?}: {why}", begun.elapsed())), start.elapsed())
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
    fn count(&mut self, (is_good, answer, took): (bool, Result<(), String>, Duration)) {
        self.slowest = self.slowest.max(took);
        match answer {
            Ok(()) if is_good => self.defaulted += 1,
            Ok(()) => self.refused += 1,
            Err(why) => self.lost.push(why),
        }
    }
}

/// One call, which has failed unless the answer shows rayguard's own work.
async fn call(clusters: &Api<DynamicObject>, object: &DynamicObject, is_good: bool) -> Result<(), String> {
    let dry_run = PostParams { dry_run: true, ..PostParams::default() };
    match clusters.create(&dry_run, object).await {
        Ok(cluster) if is_good => match manifest::worker_timeout(&cluster.data["spec"]) {
            Some(manifest::DEFAULTED) => Ok(()),
            other => Err(format!("a good RayCluster was admitted with {other:?} for its default")),
        },
        Ok(_) => Err("a bad RayCluster was admitted".to_owned()),
        Err(kube::Error::Api(status)) if !is_good && status.message.contains("(worker-reconnect-timeout)") => Ok(()),
        Err(kube::Error::Api(status)) => Err(format!("{}: {}", status.code, status.message)),
        Err(error) => Err(error.to_string()),
    }
}
