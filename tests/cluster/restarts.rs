//! Pods come and go, and no call is lost.

use crate::load::Load;
use crate::release::Release;

const TIMES: usize = 10;

#[test]
fn ten_rolling_restarts_lose_no_call() {
    let release = Release::install("restarts", &[]);
    let mut before = release.replicas(2);
    let load = Load::start("restarts");
    for _ in 0..TIMES {
        release.kubectl.run("rollout restart deployment rayguard").passes();
        release.kubectl.run("rollout status deployment rayguard --timeout 120s").passes();
    }
    let after = release.replicas(2); // the last of the old ones has ended, under load too
    before.retain(|replica| after.contains(replica));
    assert!(before.is_empty(), "{before:?} are still there");
    load.lost_nothing(&format!("{TIMES} rolling restarts"));
}

#[test]
fn ten_deletions_of_pods_lose_no_call() {
    let release = Release::install("deletions", &[]);
    let mut victims = Vec::new();
    let load = Load::start("deletions");
    for turn in 0..TIMES {
        // Those that were deleted before may still drain.
        let victim = release.staying(2).swap_remove(turn % 2).name;
        release.kubectl.run(&format!("delete pod {victim} --wait=false")).passes();
        victims.push(victim);
    }
    // All of them have ended, under load too.
    assert!(release.replicas(2).iter().all(|replica| !victims.contains(&replica.name)));
    assert!(victims.iter().all(|victim| victims.iter().filter(|other| *other == victim).count() == 1), "{victims:?}");
    load.lost_nothing(&format!("{TIMES} deletions of Pods"));
}
