//! Disagreements with an example of each.

use std::collections::BTreeMap;
use std::fmt::{self, Write as _};

use rayguard_test_support::templates::Generated;

use crate::verdict::Comparison;

/// Each kind of disagreement, with the simplest object that shows it.
#[derive(Default)]
pub(crate) struct Examples(BTreeMap<String, Example>);

struct Example {
    /// The number of changes and errors. The simplest object has fewest.
    size: usize,
    text: String,
    count: usize,
}

impl Examples {
    pub(crate) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Records a disagreement.
    pub(crate) fn note(&mut self, kind: String, generated: &Generated, comparison: &Comparison) {
        let example = self.0.entry(kind).or_insert(Example { size: usize::MAX, text: String::new(), count: 0 });
        example.count += 1;
        let size = generated.changes.len() * 4 + comparison.faults.iter().map(Vec::len).sum::<usize>();
        if size < example.size {
            example.size = size;
            example.text = format!("  {} with {}\n", generated.object["kind"], generated.changes.join("\n    and "));
            for (index, faults) in comparison.faults.iter().enumerate() {
                for fault in faults.iter().take(6) {
                    let _ = writeln!(example.text, "    Kubernetes {index}: {}", fault.text);
                }
            }
            for finding in comparison.findings.iter().take(6) {
                let _ = writeln!(example.text, "    rayguard: {} {}: {finding}", finding.level, finding.rule.name);
            }
        }
    }
}

impl fmt::Display for Examples {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut examples: Vec<_> = self.0.iter().collect();
        examples.sort_by_key(|(_, example)| std::cmp::Reverse(example.count));
        examples
            .iter()
            .try_for_each(|(kind, example)| write!(formatter, "{:>6} × {kind}\n{}", example.count, example.text))
    }
}
