//! The report on verdicts that differ.

use std::collections::BTreeMap;
use std::fmt;

use rayguard_policy::rule::Finding;
use rayguard_test_support::case::Case;
use rayguard_test_support::validators::Answer;

use crate::verdict::Disagreement;

/// The number of disagreements that are printed with an example object.
const SHOWN: usize = 6;

/// Each way in which verdicts differ, with the smallest object that shows it.
#[derive(Default)]
pub(crate) struct Disagreements(BTreeMap<Disagreement, Example>);

struct Example {
    size: usize,
    /// The object, and both verdicts.
    text: String,
    /// The number of objects with this disagreement.
    count: usize,
}

impl Disagreements {
    pub(crate) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Records the disagreements about one object.
    pub(crate) fn note(&mut self, found: Vec<Disagreement>, case: &Case, answer: &Answer, denials: &[Finding]) {
        for disagreement in found {
            let example =
                self.0.entry(disagreement).or_insert(Example { size: usize::MAX, text: String::new(), count: 0 });
            example.count += 1;
            let size = case.object.to_string().len();
            if size < example.size {
                let denials: Vec<_> = denials.iter().map(ToString::to_string).collect();
                example.size = size;
                example.text = format!("{case}\nKubeRay: {:#?}\nrayguard: {denials:#?}", answer.errors);
            }
        }
    }
}

impl fmt::Display for Disagreements {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (disagreement, example) in self.0.iter().take(SHOWN) {
            writeln!(formatter, "\n--- {disagreement}\n{}", example.text)?;
        }
        self.0
            .iter()
            .try_for_each(|(disagreement, example)| write!(formatter, "\n{:>6} × {disagreement}", example.count))
    }
}
