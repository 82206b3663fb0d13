//! rayguard beside KubeRay itself: what its operator's own validators refuse is refused, and nothing else by a rule that
//! stands for one of their checks.

#![allow(clippy::disallowed_methods, reason = "what the core must not do, tests may: they read files and run programs")]

mod differences;
mod disagreements;
mod recording;
mod table;
mod verdict;

use rayguard_test_support::validators;
use std::collections::BTreeMap;
use std::env;
use std::fmt::Write as _;
use std::io::Write as _;

use differences::Differences;
use disagreements::Disagreements;
use rayguard_policy::rule::Category;
use rayguard_test_support::generator::Generator;
use table::Table;
use verdict::{compare, denials};

/// How many objects both sides are asked about, and by which seed they are made.
const OBJECTS: u64 = 24_000;
const SEED: u64 = 4;

/// How many objects KubeRay's own tests refuse, and how many they accept.
const RECORDED: (usize, usize) = (107, 57);

/// A number that whoever runs the test may choose.
fn chosen(name: &str, default: u64) -> u64 {
    env::var(name).map_or(default, |text| text.parse().unwrap_or_else(|error| panic!("{name}={text}: {error}")))
}

#[test]
fn both_sides_refuse_the_same_objects_for_the_same_reasons() {
    let (seed, objects) = (chosen("SEED", SEED), chosen("OBJECTS", OBJECTS));
    let mut table = Table::new(validators::messages());
    let mut differences = Differences::new();
    let mut disagreements = Disagreements::default();
    let (mut refused, mut undecodable, mut crashed) = (0, 0, BTreeMap::<String, u64>::new());

    let generator = Generator::new(seed);
    let cases = (0..usize::try_from(objects).expect("a number of objects")).map(|index| generator.case(index));
    validators::judge(cases, |case, answer| {
        if answer.undecodable.is_some() {
            undecodable += 1;
            return;
        }
        answer.errors.iter().for_each(|error| table.count(&error.text));
        for panic in &answer.panics {
            *crashed.entry(format!("{}: {}", panic.validator, panic.text)).or_default() += 1;
        }
        refused += u64::from(!answer.errors.is_empty());
        let denials = denials(&case);
        let found = compare(&case, &answer, &denials, &table, &mut differences);
        disagreements.note(found, &case, &answer, &denials);
    });

    let version = validators::VERSION;
    let mut report = format!(
        "\n{objects} objects by seed {seed}; KubeRay {version} refuses {refused}, and could not store {undecodable}\n{table}"
    );
    for (panic, count) in &crashed {
        let _ = writeln!(report, "{count:>6}  crashes of {panic}");
    }
    for (reason, count) in differences.used() {
        let _ = writeln!(report, "{count:>6}  explained: {reason}");
    }
    // Past the test's capture, for whoever reads the log of a run that passes.
    std::io::stdout().lock().write_all(report.as_bytes()).expect("stdout is open");

    assert!(disagreements.is_empty(), "{disagreements}");
    assert_eq!(table.faults(), Vec::<String>::new(), "checks of KubeRay's that too little is known about");
    for (reason, count) in differences.used() {
        assert!(count > 0, "this explains nothing: {reason}");
    }
    assert!(
        undecodable * 20 < objects,
        "{undecodable} objects could not be stored, and said nothing about either side"
    );
}

/// KubeRay's own tests of its validators, with the objects in them recorded as the tests run.
#[test]
fn what_kuberays_own_tests_refuse_is_denied_and_what_they_accept_is_not() {
    let table = Table::new(validators::messages());
    let recorded = recording::objects();
    let refused = recorded.iter().filter(|recorded| recorded.error.is_some()).count();
    let mut differences = Differences::new();
    let (mut disagreements, mut faults) = (Disagreements::default(), Vec::new());
    let mut expected = recorded.iter();
    let cases: Vec<_> = recorded.iter().map(|recorded| recorded.case.clone()).collect();
    validators::judge(cases.into_iter(), |case, answer| {
        let error = &expected.next().expect("an answer to each question").error;
        // The whole object means to KubeRay what that part of it meant that its test had.
        let is_same = match error {
            Some(text) => answer.errors.iter().any(|said| text.contains(&said.text) || said.text.contains(text)),
            None => answer.errors.is_empty(),
        };
        if !is_same {
            faults.push(format!("{case}\nwas refused with {error:?}, and as a whole object with {:?}", answer.errors));
        }
        let denials = denials(&case);
        let found = compare(&case, &answer, &denials, &table, &mut differences);
        disagreements.note(found, &case, &answer, &denials);
        let of_kuberay = denials.iter().find(|finding| finding.rule.category == Category::Kuberay);
        if let (None, Some(finding)) = (error, of_kuberay) {
            faults.push(format!("{case}\nis accepted by KubeRay's own test, and denied: {finding}"));
        }
    });
    assert!(disagreements.is_empty(), "{disagreements}");
    assert_eq!(faults, Vec::<String>::new());
    assert_eq!((refused, recorded.len() - refused), RECORDED, "objects that KubeRay's tests refuse, and accept");
}
