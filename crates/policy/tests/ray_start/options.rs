//! The table of options agrees with the wheels.

use std::collections::BTreeSet;
use std::process::{Command, Stdio};

use rayguard_test_support::root;

/// The releases that other tests install too. `tests/ray/options` reads all.
const RELEASES: [&str; 2] = ["2.40.0", "2.60.0"];

#[test]
fn the_table_has_the_options_of_the_wheels() {
    let table = std::fs::read_to_string(root().join("crates/policy/src/ray/start/options.txt")).expect("the table");
    for release in RELEASES {
        let output = Command::new("bash")
            .arg(root().join("tests/ray/options"))
            .arg(release)
            .stderr(Stdio::inherit())
            .output()
            .expect("bash runs");
        assert!(output.status.success(), "tests/ray/options {release} failed; the reason is above");
        let minor: u64 = release.split('.').nth(1).and_then(|minor| minor.parse().ok()).expect("a minor version");
        let of_wheel = String::from_utf8(output.stdout).expect("UTF-8");
        assert_eq!(options(&table, minor), options(&of_wheel, minor), "run tests/ray/options; Ray {release} differs");
        assert!(table.contains(&format!(" {release}")), "the table names {release}");
    }
}

/// Returns the names and kinds of the options of a minor version.
fn options(table: &str, minor: u64) -> BTreeSet<(&str, &str)> {
    let mut options = BTreeSet::new();
    for line in table.lines().filter(|line| !line.starts_with(['#']) && !line.starts_with("releases ")) {
        let mut words = line.split(' ');
        let (Some(name), Some(kind), Some(minors)) = (words.next(), words.next(), words.next()) else {
            panic!("{line:?}")
        };
        let (first, last) = minors.split_once('-').expect("a range");
        let (first, last): (u64, u64) = (first.parse().expect("a number"), last.parse().expect("a number"));
        if (first..=last).contains(&minor) {
            options.insert((name, kind));
        }
    }
    options
}
