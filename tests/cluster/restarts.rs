//! No call is lost while Pods are restarted or deleted.

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
    let after = release.replicas(2); // the last old Pod has ended, also under load
    before.retain(|replica| after.contains(replica));
    assert!(before.is_empty(), "{before:?} are still there");
    load.assert_nothing_lost(&format!("{TIMES} rolling restarts"));
}

#[test]
fn ten_pod_deletions_lose_no_call() {
    let release = Release::install("deletions", &[]);
    let mut victims = Vec::new();
    let load = Load::start("deletions");
    for turn in 0..TIMES {
        // Pods that were deleted before may still drain.
        let victim = release.ready_replicas(2).swap_remove(turn % 2).name;
        release.kubectl.run(&format!("delete pod {victim} --wait=false")).passes();
        victims.push(victim);
    }
    // All deleted Pods have ended, also under load.
    assert!(release.replicas(2).iter().all(|replica| !victims.contains(&replica.name)));
    assert!(victims.iter().all(|victim| victims.iter().filter(|other| *other == victim).count() == 1), "{victims:?}");
    load.assert_nothing_lost(&format!("{TIMES} deletions of Pods"));
}
