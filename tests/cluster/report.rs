//! Records the measured figures for docs/operations.md.

use std::fmt::Display;
use std::fs::OpenOptions;
use std::io::Write;

use rayguard_test_client::node::Node;

/// Adds a row to the table. `tests/cluster/run` prints the table at its end, and writes it into the page with UPDATE=1.
pub(crate) fn record_figure(what: &str, figure: impl Display) {
    let file = Node::get().file("figures");
    let mut file = OpenOptions::new().create(true).append(true).open(file).expect("a file in the cluster's folder");
    writeln!(file, "| {what} | {figure} |").expect("written");
}
