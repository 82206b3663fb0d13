//! Compares rayguard with Kubernetes' own validation of what KubeRay's operator creates: Pods, Services, and the Jobs
//! that submit RayJobs. A rule about Kubernetes denies nothing that a supported version accepts, and the rules find
//! nearly everything that all of them refuse.
//!
//! ```console
//! cargo test -p rayguard-policy --test kubernetes                           # as CI does
//! SEED=7 OBJECTS=50000 cargo test -p rayguard-policy --test kubernetes      # other objects
//! # other versions, which are compiled first:
//! RAYGUARD_KUBERNETES_VERSIONS='1.30.14 1.33.0 1.35.4' cargo test -p rayguard-policy --test kubernetes
//! ```

#![allow(clippy::disallowed_methods, reason = "unlike the core, tests may read files and run programs")]

mod differences;
mod examples;
mod location;
mod table;
mod verdict;

use std::collections::BTreeMap;
use std::env;
use std::fmt::Write as _;
use std::io::Write as _;
use std::thread;

use rayguard_policy::rule::Level;
use rayguard_test_support::creation::{self, Answer};
use rayguard_test_support::templates::{Generated, Templates};

use differences::Differences;
use examples::Examples;
use table::Table;
use verdict::{Comparison, faults, findings};

/// The number of objects that both sides check. `SEED` is the seed of their generator.
const OBJECTS: usize = 12_000;
const SEED: u64 = 17;

/// The least share of the objects that all versions refuse which rayguard must deny, in percent.
const RECALL: usize = 99;

/// The largest share of the objects that all versions accept of which a rule about Kubernetes may warn, in percent.
const WARNED: usize = 5;

/// Reads a number from an environment variable, with a default.
fn from_env<N: std::str::FromStr<Err: std::fmt::Display>>(name: &str, default: N) -> N {
    env::var(name).map_or(default, |text| text.parse().unwrap_or_else(|error| panic!("{name}={text}: {error}")))
}

/// Counts of objects.
#[derive(Debug, Default)]
struct Counts {
    /// Refused by the schema of KubeRay's CRD.
    malformed: usize,
    undecodable: usize,
    panicked: usize,
    refused: usize,
    denied: usize,
    accepted: usize,
    warned: usize,
    /// Refused by some versions and accepted by others.
    disputed: usize,
    /// Disputed, and warned about.
    disputed_warned: usize,
}

#[test]
fn rayguard_denies_only_what_every_version_of_kubernetes_refuses() {
    let (seed, count) = (from_env("SEED", SEED), from_env("OBJECTS", OBJECTS));
    let versions = creation::versions();
    creation::prepare(&versions);
    let templates = Templates::new(seed);
    let objects: Vec<Generated> = (0..count).map(|index| templates.object(index)).collect();
    let texts: Vec<String> = objects.iter().map(|generated| generated.object.to_string()).collect();

    // Each version of Kubernetes works at the same time as rayguard.
    let (mut answers, found) = thread::scope(|scope| {
        let asked: Vec<_> =
            versions.iter().map(|version| scope.spawn(|| creation::judge(version, &texts).into_iter())).collect();
        let found: Vec<_> = texts.iter().map(|text| findings(text)).collect();
        (asked.into_iter().map(|thread| thread.join().expect("the programs work")).collect::<Vec<_>>(), found)
    });

    let (mut counts, mut table, mut differences) = (Counts::default(), Table::default(), Differences::new());
    let (mut denials, mut misses) = (Examples::default(), Examples::default());
    let mut others = BTreeMap::<&str, usize>::new();
    for (generated, findings) in objects.iter().zip(found) {
        let answers: Vec<Answer> = answers.iter_mut().map(|answers| answers.next().expect("an answer")).collect();
        let Some(findings) = findings else {
            counts.malformed += 1;
            continue;
        };
        if answers[0].undecodable.is_some() || answers[0].panic.is_some() {
            counts.undecodable += usize::from(answers[0].undecodable.is_some());
            counts.panicked += usize::from(answers[0].panic.is_some());
            continue;
        }
        let faults = answers.iter().map(|answer| faults(answer, &generated.object)).collect();
        let comparison = Comparison { faults, findings };
        for (fault, is_found) in comparison.common_faults() {
            let is_explained = !is_found && differences.explain(fault, &comparison);
            table.count(fault.check.clone(), is_found || is_explained);
            if !is_found && !is_explained {
                misses.note(fault.check.clone(), generated, &comparison);
            }
        }
        for finding in comparison.false_denials() {
            let message: String = finding.message.chars().filter(|letter| !letter.is_ascii_digit()).collect();
            denials.note(format!("{}: {message}", finding.rule.name), generated, &comparison);
        }
        if comparison.is_refused() {
            counts.refused += 1;
            counts.denied += usize::from(comparison.is_denied());
        } else if comparison.is_accepted() {
            counts.accepted += 1;
            counts.warned += usize::from(comparison.is_warned());
            for finding in comparison.findings.iter().filter(|finding| finding.level == Level::Deny) {
                *others.entry(finding.rule.name).or_default() += 1;
            }
        } else {
            counts.disputed += 1;
            counts.disputed_warned += usize::from(comparison.is_warned());
        }
    }

    let (fired, found) = table.sums();
    let mut report = format!(
        "\n{count} objects with seed {seed}, Kubernetes {}\n{table}{} checks fired {fired} times, rayguard found {found}\n\
         {counts:?}\n",
        versions.join(" and "),
        table.len(),
    );
    for (rule, count) in others {
        let _ = writeln!(report, "{count:>6}  denials by {rule} of objects that Kubernetes accepts");
    }
    for (reason, count) in differences.used() {
        let _ = writeln!(report, "{count:>6}  explained: {reason}");
    }
    let _ = writeln!(report, "\nerrors that rayguard does not find:\n{misses}");
    // Bypasses the capture of the test runner, so that the log of a run that passes has the report.
    std::io::stdout().lock().write_all(report.as_bytes()).expect("stdout is open");

    assert!(denials.is_empty(), "denials where a version of Kubernetes has no error:\n{denials}");
    for (reason, count) in differences.used() {
        assert!(count > 0, "this difference was not used: {reason}");
    }
    let Counts { malformed, undecodable, panicked, refused, denied, accepted, warned, .. } = counts;
    assert!((malformed + undecodable + panicked) * 20 < count, "too many objects could not be compared: {counts:?}");
    assert!(refused * 4 > count && accepted * 4 > count, "the generator must make both kinds of objects: {counts:?}");
    assert!(denied * 100 >= refused * RECALL, "rayguard denies {denied} of {refused} refused objects");
    assert!(warned * 100 <= accepted * WARNED, "rayguard warns of {warned} of {accepted} accepted objects");
}
