//! Compares rayguard with KubeRay's own validators. rayguard refuses every object that they refuse, and a rule that
//! corresponds to one of their checks refuses no other object.

#![allow(clippy::disallowed_methods, reason = "unlike the core, tests may read files and run programs")]

mod differences;
mod disagreements;
mod recording;
mod table;
mod verdict;

use std::collections::BTreeMap;
use std::env;
use std::fmt::Write as _;
use std::io::Write as _;

use rayguard_policy::rule::Category;
use rayguard_test_support::generator::Generator;
use rayguard_test_support::{kuberay, validators};

use differences::Differences;
use disagreements::Disagreements;
use table::Table;
use verdict::{compare, denials};

/// The number of objects that both sides check. `SEED` is the seed of their generator.
const OBJECTS: u64 = 24_000;
const SEED: u64 = 4;

/// The number of objects that KubeRay's own tests refuse, and the number that they accept.
const RECORDED: (usize, usize) = (107, 57);

/// Reads a number from an environment variable, with a default.
fn from_env(name: &str, default: u64) -> u64 {
    env::var(name).map_or(default, |text| text.parse().unwrap_or_else(|error| panic!("{name}={text}: {error}")))
}

#[test]
fn rayguard_and_kuberay_refuse_the_same_objects_for_the_same_reasons() {
    let (seed, objects) = (from_env("SEED", SEED), from_env("OBJECTS", OBJECTS));
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

    let version = kuberay::module_version(kuberay::newest());
    let mut report = format!(
        "\n{objects} objects with seed {seed}; KubeRay {version} refuses {refused} and cannot decode {undecodable}\n{table}"
    );
    for (panic, count) in &crashed {
        let _ = writeln!(report, "{count:>6}  crashes of {panic}");
    }
    for (reason, count) in differences.used() {
        let _ = writeln!(report, "{count:>6}  explained: {reason}");
    }
    // Bypasses the capture of the test runner, so that the log of a run that passes has the report.
    std::io::stdout().lock().write_all(report.as_bytes()).expect("stdout is open");

    assert!(disagreements.is_empty(), "{disagreements}");
    assert_eq!(
        table.faults(),
        Vec::<String>::new(),
        "KubeRay checks that fired too rarely, or that two rules correspond to"
    );
    for (reason, count) in differences.used() {
        assert!(count > 0, "this difference was not used: {reason}");
    }
    assert!(undecodable * 20 < objects, "{undecodable} objects could not be decoded, so they were not compared");
}

/// Runs KubeRay's own tests of its validators, and compares rayguard on the objects in them.
#[test]
fn objects_that_kuberays_tests_refuse_are_denied_and_others_are_not() {
    let table = Table::new(validators::messages());
    let recorded = recording::objects();
    let refused = recorded.iter().filter(|recorded| recorded.error.is_some()).count();
    let mut differences = Differences::new();
    let (mut disagreements, mut faults) = (Disagreements::default(), Vec::new());
    let mut expected = recorded.iter();
    let cases: Vec<_> = recorded.iter().map(|recorded| recorded.case.clone()).collect();
    validators::judge(cases.into_iter(), |case, answer| {
        let error = &expected.next().expect("an answer for each case").error;
        // KubeRay must give the completed object the verdict that its test expects of the part.
        let is_same = match error {
            Some(text) => answer.errors.iter().any(|other| text.contains(&other.text) || other.text.contains(text)),
            None => answer.errors.is_empty(),
        };
        if !is_same {
            faults.push(format!(
                "{case}\nexpected {error:?}, and KubeRay refuses the completed object with {:?}",
                answer.errors
            ));
        }
        let denials = denials(&case);
        let found = compare(&case, &answer, &denials, &table, &mut differences);
        disagreements.note(found, &case, &answer, &denials);
        let of_kuberay = denials.iter().find(|finding| finding.rule.category == Category::Kuberay);
        if let (None, Some(finding)) = (error, of_kuberay) {
            faults.push(format!("{case}\nKubeRay's own test accepts it, and rayguard denies it: {finding}"));
        }
    });
    assert!(disagreements.is_empty(), "{disagreements}");
    assert_eq!(faults, Vec::<String>::new());
    assert_eq!((refused, recorded.len() - refused), RECORDED, "objects that KubeRay's tests refuse, and accept");
}
