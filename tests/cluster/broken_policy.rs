//! An upgrade with a policy that rayguard cannot read.

use std::time::Instant;

use crate::load::Load;
use crate::release::{CHART, PODS, Release};
use crate::report::record_figure;
use rayguard_test_client::node::{Node, eventually};

const REASON: &str = "rules.no-such-rule: there is no such key";

#[test]
fn an_invalid_policy_stops_the_rollout_and_the_old_pods_keep_serving() {
    let release = Release::install("broken", &[]);
    let before = release.replicas(2);
    let load = Load::start("broken-policy");

    // As a user does who skips the chart's schema, which refuses this value.
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
    record_figure("from an upgrade with a broken policy to its reason in the log of a Pod", took);
    // Kubernetes restarts the Pods without success.
    release.kubectl.run("rollout status deployment rayguard --timeout 20s").fails();
    assert_eq!(release.ready_replicas(2), before, "the old Pods are still there");

    release.roll_back();
    let after = release.replicas(2);
    assert_eq!(after, before, "the rollback replaces no Pod");
    load.assert_nothing_lost("a rollout that a broken policy stops, and the rollback");
}
