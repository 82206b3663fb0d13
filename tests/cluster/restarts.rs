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
    let mut before = release.replicas(2);
    let load = Load::start("deletions");
    for turn in 0..TIMES {
        let victim = before.swap_remove(turn % 2).name;
        release.kubectl.run(&format!("delete pod {victim}")).passes(); // ends when the Pod has
        before = release.replicas(2);
        assert!(before.iter().all(|replica| replica.name != victim), "{victim} is still there");
    }
    load.lost_nothing(&format!("{TIMES} deletions of Pods"));
}
