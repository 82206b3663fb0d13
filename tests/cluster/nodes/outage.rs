//! What the loss of a node did to calls, as a row of the table in docs/reliability.md.

use std::fs::OpenOptions;
use std::io::Write;
use std::time::{Duration, Instant};

use super::connections::Attempt;
use super::worker::Lost;
use crate::load::Calls;
use rayguard_test_client::node::Node;

/// One loss of a node.
pub(crate) struct Outage<'a> {
    /// What was lost and how
    pub(crate) what: &'a str,
    pub(crate) replicas: usize,
    pub(crate) lost: &'a Lost,
    pub(crate) calls: &'a Calls,
    pub(crate) attempts: &'a [Attempt],
    /// When the Pod was no longer ready in the `EndpointSlice`
    pub(crate) unlisted: Instant,
    /// When there were as many ready Pods as before
    pub(crate) replaced: Instant,
}

impl Outage<'_> {
    /// Adds the row. `tests/cluster/three-nodes` prints the table at its end, and writes it into the page with UPDATE=1.
    pub(crate) fn record(&self) {
        let Self { what, replicas, lost, calls, attempts, .. } = self;
        let unanswered: Vec<_> = attempts.iter().filter(|attempt| !attempt.is_answered).collect();
        let row = [
            (*what).to_owned(),
            replicas.to_string(),
            format!("{} of {}", calls.lost.len(), calls.lost.len() as u64 + calls.answered()),
            format!("{}, {}", calls.counted.failed, calls.counted.failed_open),
            self.last(calls.lost.iter().map(|call| call.began)),
            seconds(calls.slowest),
            format!("{} of {}", unanswered.len(), attempts.iter().filter(|attempt| attempt.began >= lost.at).count()),
            self.last(unanswered.iter().map(|attempt| attempt.began)),
            seconds(lost.until(self.unlisted)),
            seconds(lost.until(self.replaced)),
        ];
        let file = Node::get().file("losses");
        let mut file = OpenOptions::new().create(true).append(true).open(file).expect("a file in the cluster's folder");
        writeln!(file, "| {} |", row.join(" | ")).expect("written");
    }

    /// Returns how long after the loss the last of these moments was.
    fn last(&self, moments: impl Iterator<Item = Instant>) -> String {
        moments.max().map_or_else(|| "–".to_owned(), |last| seconds(self.lost.until(last)))
    }
}

fn seconds(time: Duration) -> String {
    format!("{:.1} s", time.as_secs_f64())
}
