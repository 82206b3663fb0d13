//! A policy that rayguard does not understand.

use std::time::Instant;

use crate::load::Load;
use crate::node::{Node, eventually};
use crate::release::{CHART, PODS, Release};
use crate::report::measured;

const REASON: &str = "rules.no-such-rule: there is no such key";

#[test]
fn a_policy_that_is_broken_stops_the_rollout_and_the_pods_of_before_go_on() {
    let release = Release::install("broken", &[]);
    let before = release.replicas(2);
    let load = Load::start("broken-policy");

    // As somebody would who knows better than the schema of the chart, which refuses it.
    let start = Instant::now();
    let upgrade = [
        "upgrade",
        "rayguard",
        CHART,
        "--reset-values",
        "--skip-schema-validation",
        "--set",
        "policy.rules.no-such-rule=deny",
    ];
    Node::get().helm(&release.namespace, upgrade).passes();
    eventually("the reason in the log of a new Pod", || {
        let logs = ["logs", "--selector", PODS, "--tail=-1", "--prefix"];
        release.kubectl.run_with(logs, "").stdout.contains(REASON).then_some(())
    });
    let took = format!("{:.1} s", start.elapsed().as_secs_f64());
    measured("from an upgrade with a broken policy to its reason in the log of a Pod", took);
    // Tried again, and in vain.
    release.kubectl.run("rollout status deployment rayguard --timeout 20s").fails();
    assert_eq!(release.staying(2), before, "those of before are still there");

    release.roll_back();
    let after = release.replicas(2);
    assert_eq!(after, before, "nothing was to be changed");
    load.lost_nothing("a rollout that a broken policy stops, and the one that mends it");
}
