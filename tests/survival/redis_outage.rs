//! A Redis that is away: its Pod deleted, with and without its data, hung, or with another password.

use std::thread;
use std::time::{Duration, Instant};

use crate::actor::{Actor, Fate};
use crate::loss::Loss;
use crate::namespace::Namespace;
use crate::object::Cluster;
use crate::observation::Observation;
use crate::outage::Outage;
use crate::redis::{Persistence, Redis};
use crate::runs::{runs, runs_at_once};
use crate::wait::{wait_for, wait_until};

const LIMIT: Duration = Duration::from_mins(20);

/// Takes Redis away for some seconds, and looks for the actor once the head is ready again.
fn take_away(test: &str, persistence: Persistence, seconds: u32, worker: Option<&'static str>, expected: Option<Fate>) {
    runs_at_once(3, |run| {
        let namespace = Namespace::create(&format!("{test}-{run}"));
        let redis = Redis::start(&namespace, persistence);
        let cluster = Cluster::new("stored");
        let object = worker.into_iter().fold(cluster, Cluster::worker_timeout).object();
        namespace.apply(&object);
        namespace.ready_workers("stored", 1);
        let mut actor = Actor::create(&namespace, "stored", "counter", 0);
        let outage = Outage::observe(&namespace, "stored", LIMIT, |_| {
            redis.stop();
            thread::sleep(Duration::from_secs(seconds.into()));
            redis.restart();
        });
        let kept = expected == Some(Fate::Kept);
        let restarted = || (!outage.has_same_workers(&namespace, "stored")).then_some(());
        wait_until(Duration::from_secs(if kept { 5 } else { 90 }), restarted);
        let fate = actor.fate(&namespace, "stored", Duration::from_secs(if kept { 60 } else { 20 }));
        let same = outage.has_same_workers(&namespace, "stored");
        let has_data = if persistence == Persistence::None { "without its data" } else { "with its data" };
        let workers = worker.unwrap_or("600");
        let event = if persistence == Persistence::None { "redis-data-loss" } else { "redis-outage" };
        Observation::new(event, format!("workers {workers} s; Redis away for {seconds} s, back {has_data}"))
            .outage(&outage)
            .same_workers(same)
            .actors(fate)
            .record(&object, &["--redis-outage", &seconds.to_string()]);
        if let Some(expected) = expected {
            assert_eq!((fate, same), (expected, expected == Fate::Kept));
        }
    });
}

#[test]
fn ten_seconds_without_redis() {
    take_away("redis-10", Persistence::AppendOnlyFile, 10, None, Some(Fate::Kept));
}

#[test]
fn one_minute_without_redis() {
    take_away("redis-60", Persistence::AppendOnlyFile, 60, None, Some(Fate::Kept));
}

#[test]
fn three_minutes_without_redis() {
    take_away("redis-180", Persistence::AppendOnlyFile, 180, None, Some(Fate::Kept));
}

/// Ten minutes are more than the workers wait.
#[test]
fn ten_minutes_without_redis() {
    take_away("redis-600", Persistence::AppendOnlyFile, 600, None, Some(Fate::Gone));
}

#[test]
fn ten_minutes_without_redis_are_covered_by_1200_s() {
    take_away("redis-600-1200", Persistence::AppendOnlyFile, 600, Some("1200"), Some(Fate::Kept));
}

#[test]
fn one_minute_without_redis_is_too_long_for_workers_of_61_s() {
    take_away("redis-60-61", Persistence::AppendOnlyFile, 60, Some("61"), Some(Fate::Gone));
}

#[test]
fn a_redis_without_its_data_is_a_new_cluster() {
    take_away("redis-empty", Persistence::None, 10, None, Some(Fate::Gone));
}

#[test]
fn a_redis_that_hangs_for_one_minute() {
    for run in runs(3) {
        let namespace = Namespace::create(&format!("redis-hangs-{run}"));
        let redis = Redis::start(&namespace, Persistence::AppendOnlyFile);
        let object = Cluster::new("stored").object();
        namespace.apply(&object);
        let workers = namespace.ready_workers("stored", 1);
        let head = namespace.ready_head("stored");
        let mut actor = Actor::create(&namespace, "stored", "counter", 0);
        redis.signal("STOP");
        let start = Instant::now();
        let mut not_ready = None;
        while start.elapsed() < Duration::from_mins(1) {
            if not_ready.is_none() && !namespace.heads("stored").iter().any(|head| head.is_ready) {
                not_ready = Some(start.elapsed().as_secs_f64());
            }
            thread::sleep(Duration::from_millis(200));
        }
        redis.signal("CONT");
        let fate = actor.fate(&namespace, "stored", Duration::from_mins(2));
        let heads = namespace.heads("stored");
        let same_head = heads.iter().any(|now| now.is_same_run(&head));
        let now = namespace.workers("stored");
        let same = workers.iter().all(|old| now.iter().any(|new| new.is_same_run(old)));
        println!("hung Redis: the head is the same: {same_head}; not ready after {not_ready:?}");
        Observation::new("redis-hang", "workers 600 s; Redis hangs for 60 s")
            .same_workers(same)
            .actors(fate)
            .note(if same_head { "the head does not restart" } else { "the head restarts" })
            .record(&object, &[]);
        assert_eq!((fate, same), (Fate::Kept, true));
    }
}

/// A changed password does nothing until the GCS connects anew. From then on each head fails.
#[test]
fn a_changed_password_hits_at_the_next_start_of_the_head() {
    let namespace = Namespace::create("redis-password");
    let redis = Redis::start(&namespace, Persistence::AppendOnlyFile);
    let object = Cluster::new("stored").object();
    namespace.apply(&object);
    namespace.ready_workers("stored", 1);
    let mut actor = Actor::create(&namespace, "stored", "counter", 0);
    redis.command(&["config", "set", "requirepass", "another"]);
    thread::sleep(Duration::from_secs(10));
    assert_eq!(actor.fate(&namespace, "stored", Duration::from_secs(20)), Fate::Kept);
    let head = namespace.ready_head("stored");
    Loss::Removal.happen(&namespace, &head);
    let exit = wait_for("a head that fails", Duration::from_mins(4), || {
        namespace.heads("stored").iter().find(|pod| pod.restarts > 0)?.last_exit
    });
    println!("the head with the old password: exit {exit}");
    assert_eq!(exit, 1);
}
