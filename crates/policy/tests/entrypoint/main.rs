//! Compares rayguard with bash: KubeRay's own code makes the submitter's line, and bash runs it with a `ray` that only
//! records its arguments. rayguard denies each entrypoint that never reaches `ray job submit`, and no other, and warns of
//! each of which a part runs in the submitter.

#![allow(clippy::disallowed_methods, reason = "unlike the core, tests may read files and run programs")]

mod fields;
mod generator;

use std::collections::BTreeMap;
use std::env;
use std::io::Write as _;

use rayguard_manifest::json::Json;
use rayguard_policy::policy::Policy;
use rayguard_policy::ray::RayObject;
use rayguard_policy::rule::Level;
use rayguard_test_support::validators::{self, Submission};

use generator::Case;

/// The number of entrypoints. `SEED` is the seed of their generator.
const ENTRYPOINTS: u64 = 4000;
const SEED: u64 = 17;

/// The known disagreements, none of which is a denial of what reaches the cluster:
///
/// - Of a thousand entrypoints that never reach the cluster, up to this many are not denied, because only bash 5.2 reads
///   the text in `$(…)` before it runs anything, or because the reason is a value: an invalid expression in `$((…))`, an
///   unset variable as the only word, a redirection to the result of a command.
/// - Of a thousand that reach it as a whole, up to this many get a warning, because the other command does not run or
///   runs nothing (`case x in y) b ;; esac`), or because the redirection is to the same place (`>&1`).
const MISSED: usize = 10;
const WARNED: usize = 30;

/// The errors of bash that depend on files.
const FILES: [&str; 3] = ["No such file or directory", "Is a directory", "ambiguous redirect"];

/// What becomes of an entrypoint.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Fate {
    /// All of it runs on the cluster.
    Whole,
    /// Bash acts on a part of it in the submitter.
    Split,
    /// Nothing of it runs on the cluster.
    Lost,
}

fn fate(case: &Case, submission: &Submission) -> Fate {
    let words = submission.submits.first().map(|words| {
        let at = words.iter().position(|word| word == "--").expect("KubeRay writes --");
        &words[at + 1..]
    });
    match words {
        None | Some([]) => Fate::Lost,
        Some(words) => {
            let is_blank =
                words.last().is_some_and(|last| last.ends_with(' ')) && case.entrypoint.trim().ends_with('\\');
            let acts = submission.redirected
                || submission.submits.len() > 1
                || !submission.others.is_empty()
                || !submission.complaint.is_empty();
            if acts || is_blank { Fate::Split } else { Fate::Whole }
        }
    }
}

/// Returns what rayguard says of an entrypoint.
fn verdict(case: &Case) -> Fate {
    let text = case.object();
    let json: Json<'_> = serde_json::from_str(&text).expect("JSON");
    let object = RayObject::read(&json).expect("a RayJob");
    let findings = Policy::default().validate(&object, None);
    let of = |name: &str, level| findings.iter().any(|found| found.rule.name == name && found.level == level);
    if of("unreadable-entrypoint", Level::Deny) {
        Fate::Lost
    } else if of("split-entrypoint", Level::Warn) {
        Fate::Split
    } else {
        Fate::Whole
    }
}

/// Returns the kind of an error of bash, without the words that it quotes.
fn kind(submission: &Submission) -> String {
    let text = submission.complaint.split(": ").skip(1).filter(|part| !part.starts_with("line ") && *part != "-c");
    let text = text.collect::<Vec<_>>().join(": ");
    match text.split_once("bad substitution") {
        Some(_) => "bad substitution".to_owned(),
        None => text,
    }
}

fn from_env(name: &str, default: u64) -> u64 {
    env::var(name).map_or(default, |text| text.parse().unwrap_or_else(|error| panic!("{name}={text}: {error}")))
}

#[test]
fn rayguard_finds_what_bash_does_with_an_entrypoint() {
    let (seed, count) = (from_env("SEED", SEED), from_env("ENTRYPOINTS", ENTRYPOINTS));
    let mut table = BTreeMap::<(Fate, String), [usize; 3]>::new();
    let (mut wrong, mut undecided) = (Vec::new(), 0);
    let cases = (0..count).map(|index| generator::case(seed, index));
    validators::submit(cases, Case::object, |case, submission| {
        assert_eq!(submission.refused, "", "{case:?}");
        // Whether bash can open a file depends on the image.
        if submission.endless || FILES.iter().any(|error| submission.complaint.contains(error)) {
            undecided += 1;
            return;
        }
        let (real, said) = (fate(&case, &submission), verdict(&case));
        let complaint = if real == Fate::Lost { kind(&submission) } else { String::new() };
        table.entry((real, complaint)).or_default()[said as usize] += 1;
        if real != said {
            wrong.push((real, said, case, submission));
        }
    });

    let mut out = std::io::stdout().lock();
    writeln!(out, "seed {seed}, {count} entrypoints, {undecided} of them undecided").expect("standard output");
    writeln!(out, "{:>8} {:>6} {:>6} {:>6}  error of bash", "real", "whole", "split", "lost").expect("standard output");
    for ((real, complaint), [whole, split, lost]) in &table {
        writeln!(out, "{:>8} {whole:>6} {split:>6} {lost:>6}  {complaint}", format!("{real:?}"))
            .expect("standard output");
    }
    // False denials first.
    wrong.sort_by_key(|(_, said, ..)| std::cmp::Reverse(*said));
    for (real, said, case, submission) in wrong.iter().take(40) {
        let (text, complaint) = (&case.entrypoint, &submission.complaint);
        writeln!(out, "{real:?} and not {said:?}: {:?} {text:?} {complaint}", case.mode).expect("standard output");
    }
    let total = |real: Fate, said: &[Fate]| -> usize {
        let rows = table.iter().filter(|((fate, _), _)| *fate == real);
        rows.map(|(_, counts)| said.iter().map(|said| counts[*said as usize]).sum::<usize>()).sum()
    };
    let all = [Fate::Whole, Fate::Split, Fate::Lost];
    let (lost, split) = (total(Fate::Lost, &all), total(Fate::Split, &all));
    let (whole, warned) = (total(Fate::Whole, &all), total(Fate::Whole, &[Fate::Split]));
    let denied = total(Fate::Lost, &[Fate::Lost]);
    let noticed = total(Fate::Split, &[Fate::Split, Fate::Lost]);
    writeln!(out, "denied {denied} of {lost} lost, warned of {noticed} of {split} split and {warned} of {whole} whole")
        .expect("standard output");
    drop(out);
    let false_denials = total(Fate::Whole, &[Fate::Lost]) + total(Fate::Split, &[Fate::Lost]);
    assert_eq!(false_denials, 0, "rayguard denies what reaches the cluster");
    assert!(lost > 500 && split > 500 && whole > 500, "the generator makes too few of one kind");
    assert!((lost - denied) * 1000 <= lost * MISSED, "rayguard denies {denied} of {lost}");
    assert_eq!(noticed, split, "rayguard reports every entrypoint of which a part runs in the submitter");
    assert!(warned * 1000 <= whole * WARNED, "rayguard warns of {warned} of {whole} that are whole");
}
