//! What was measured, for docs/operations.md.

use std::fmt::Display;
use std::fs::OpenOptions;
use std::io::Write;

use crate::node::Node;

/// Adds a row to the table, which `tests/cluster/run` prints at its end, and writes into the page with UPDATE=1.
pub(crate) fn measured(what: &str, figure: impl Display) {
    let file = Node::get().file("figures");
    let mut file = OpenOptions::new().create(true).append(true).open(file).expect("a file in the cluster's folder");
    writeln!(file, "| {what} | {figure} |").expect("written");
}
