//! The verdicts of both sides, and a table of them.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::io::Write as _;

use rayguard_manifest::json::Json;
use rayguard_policy::kuberay::Version;
use rayguard_policy::policy::Policy;
use rayguard_policy::ray::RayObject;
use rayguard_policy::rule::Level;
use rayguard_policy::schema::Schema;
use rayguard_test_support::{oracle, ray, root};
use serde::Deserialize;
use serde_json::Value;

/// How often each error must occur. A rarer one is only printed.
const ENOUGH: usize = 20;

/// What the autoscaler is asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Question {
    /// To make its configuration.
    Configuration,
    /// To read the annotation `ray.io/ippr`.
    Resize,
}

impl Question {
    /// The rules that are about it.
    fn rules(self) -> &'static [&'static str] {
        match self {
            Self::Configuration => &[
                "autoscaler-without-workers",
                "autoscaled-group-without-cpu",
                "unreadable-group-resources",
                "hidden-group-resources",
                "worker-group-named-headgroup",
            ],
            Self::Resize => &["invalid-in-place-resize", "ineffective-in-place-resize"],
        }
    }

    /// Errors of the autoscaler that rules about KubeRay find, because KubeRay refuses the objects first.
    fn found_by_others(self) -> &'static [&'static str] {
        match self {
            // What `ray start` refuses in a parameter is reported once, by the rules about `ray start`.
            Self::Configuration => &[
                "invalid-replica-bounds",
                "invalid-idle-timeout",
                "invalid-group-label",
                "missing-container",
                "invalid-ray-start-parameter",
                "invalid-custom-resources",
            ],
            Self::Resize => &["missing-container"],
        }
    }

    /// Parts of the errors that must occur often enough, so that the test covers them.
    fn expected(self, version: &str) -> Vec<&'static str> {
        let mut expected = match self {
            Self::Configuration => vec![
                "KeyError: 'workerGroupSpecs'",
                "failed to detect `CPU`",
                "invalid literal for int()",
                "JSONDecodeError",
                "AssertionError",
                "is less than the minimum of 0",
                "is not of type 'integer'",
            ],
            Self::Resize => vec![
                "JSONDecodeError",
                "is a required property",
                "is not of type",
                "should not have 'num-cpus'",
                "should have 'cpu' and 'memory'",
                "restartPolicy=NotRequired",
                "Invalid number format",
            ],
        };
        if self == Self::Configuration {
            if crate::minor(version) < 45 {
                expected.push("KeyError: 'rayStartParams'");
            }
            // Older versions read no quantities that the API server has not checked.
            if crate::minor(version) >= 51 {
                expected.push("Invalid number format");
            }
        }
        expected
    }
}

/// The autoscaler's answer about an object.
#[derive(Deserialize)]
struct Answer {
    config: Option<String>,
    resize: Option<String>,
}

/// An object as the API server stores it, and what rayguard says.
struct Case {
    object: String,
    /// Whether the object says which Ray it runs.
    is_stated: bool,
    denied_by: Vec<&'static str>,
    warned_by: Vec<&'static str>,
}

/// How often an error occurred, and who found it.
#[derive(Default)]
struct Row {
    fired: usize,
    found: usize,
    by_others: usize,
    /// Objects with a warning or nothing, because they do not say which Ray they run.
    unstated: usize,
}

pub(crate) struct Comparison {
    question: Question,
    version: String,
    rows: BTreeMap<String, Row>,
    refused_by_schema: usize,
    accepted: usize,
    warned: BTreeMap<&'static str, usize>,
    accepted_with_warning: usize,
    false_denials: Vec<String>,
    missed: Vec<String>,
}

impl Comparison {
    pub(crate) fn new(question: Question, version: &str) -> Self {
        Self {
            question,
            version: version.to_owned(),
            rows: BTreeMap::new(),
            refused_by_schema: 0,
            accepted: 0,
            warned: BTreeMap::new(),
            accepted_with_warning: 0,
            false_denials: Vec::new(),
            missed: Vec::new(),
        }
    }

    /// Asks both sides about each object that the API server stores.
    pub(crate) fn run(&mut self, objects: impl Iterator<Item = Value>) {
        let cases: Vec<_> = objects.map(|object| case(&object)).collect();
        self.refused_by_schema = cases.iter().filter(|case| case.is_none()).count();
        let program = ray::python(&self.version, &root().join("tests/ray/autoscaler.py"));
        let question = |case: &Case| case.object.clone();
        oracle::ask(program, cases.into_iter().flatten(), question, |case, answer| self.note(&case, answer));
    }

    fn note(&mut self, case: &Case, answer: Answer) {
        let own = self.question.rules();
        let is_of = |rules: &[&str], found: &[&'static str]| found.iter().any(|rule| rules.contains(rule));
        let error = match self.question {
            Question::Configuration => answer.config,
            Question::Resize => answer.resize,
        };
        let Some(error) = error else {
            self.accepted += 1;
            if is_of(own, &case.denied_by) {
                self.false_denials.push(format!("{:?} deny {}", case.denied_by, case.object));
            }
            self.accepted_with_warning += usize::from(is_of(own, &case.warned_by));
            for rule in case.warned_by.iter().filter(|rule| own.contains(rule)) {
                *self.warned.entry(rule).or_default() += 1;
            }
            return;
        };
        let row = self.rows.entry(kind(&error)).or_default();
        row.fired += 1;
        if is_of(own, &case.denied_by) {
            row.found += 1;
        } else if is_of(self.question.found_by_others(), &case.denied_by) {
            row.by_others += 1;
        } else if !case.is_stated {
            row.unstated += 1;
        } else {
            self.missed.push(format!("{error}: {:?} warn of {}", case.warned_by, case.object));
        }
    }

    /// Prints the table, and fails if rayguard denies what the autoscaler reads, or admits too much of what it cannot read.
    pub(crate) fn report(&self, seed: u64) {
        let Self { question, version, rows, accepted, .. } = self;
        let refused: usize = rows.values().map(|row| row.fired).sum();
        let left_out: usize = rows.values().map(|row| row.by_others + row.unstated).sum();
        let found: usize = rows.values().map(|row| row.found).sum();
        let mut text = format!(
            "\n{question:?} by Ray {version}, seed {seed}: fails for {refused}, reads {accepted}; the API server refuses {}\n\
             fired  found  by other rules  unstated  error of the autoscaler\n",
            self.refused_by_schema
        );
        for (kind, Row { fired, found, by_others, unstated }) in rows {
            let _ = writeln!(text, "{fired:>5} {found:>6} {by_others:>15} {unstated:>9}  {kind}");
        }
        for (rule, count) in &self.warned {
            let _ = writeln!(text, "{count:>5} of what it reads have a warning of {rule}");
        }
        for missed in self.missed.iter().take(5) {
            let _ = writeln!(text, "missed: {missed}");
        }
        for denial in self.false_denials.iter().take(5) {
            let _ = writeln!(text, "false denial: {denial}");
        }
        // Bypasses the capture of the test runner, so that the log of a run that passes has the table.
        std::io::stdout().lock().write_all(text.as_bytes()).expect("stdout is open");
        assert!(self.false_denials.is_empty(), "{} false denials; the first are above", self.false_denials.len());
        assert!(
            found * 100 >= (refused - left_out) * 99,
            "{} errors are missed; the first are above",
            self.missed.len()
        );
        assert!(self.accepted_with_warning * 20 <= *accepted, "{} warnings", self.accepted_with_warning);
        for part in question.expected(version) {
            let fired: usize = rows.iter().filter(|(kind, _)| kind.contains(part)).map(|(_, row)| row.fired).sum();
            assert!(fired >= ENOUGH, "{part:?} occurred {fired} times");
        }
        assert!(*accepted * 4 >= refused, "too few objects that the autoscaler reads: {accepted}");
    }
}

/// Returns an object as the API server stores it, and rayguard's verdict; `None` if the API server refuses it.
fn case(object: &Value) -> Option<Case> {
    let text = object.to_string();
    let mut json: Json<'_> = serde_json::from_str(&text).expect("JSON");
    Schema::of(Version::NEWEST).conform(&mut json);
    let stored = serde_json::to_string(&json).expect("JSON");
    let object = RayObject::read(&json).expect("a RayCluster");
    if !object.schema_violations(Version::NEWEST).is_empty() {
        return None;
    }
    let is_stated = object.ray_release(&object.cluster.head).is_some();
    let findings = Policy::default().validate(&object, None);
    let of = |level: Level| {
        findings.iter().filter(|finding| finding.level == level).map(|finding| finding.rule.name).collect()
    };
    Some(Case { denied_by: of(Level::Deny), warned_by: of(Level::Warn), object: stored, is_stated })
}

/// Returns an error without the values in it.
fn kind(error: &str) -> String {
    const KEPT: [&str; 10] = [
        "cloud.google.com/gke-tpu-topology",
        "cloud.google.com/gke-tpu-accelerator",
        "workerGroupSpecs",
        "rayStartParams",
        "num-cpus",
        "memory",
        "cpu",
        "integer",
        "object",
        "resize-timeout",
    ];
    let mut kind = String::new();
    for (index, part) in error.split('\'').enumerate() {
        let is_quoted = index % 2 == 1;
        match part {
            _ if is_quoted && !KEPT.contains(&part) => kind.push_str("'…'"),
            _ if is_quoted => kind.extend(["'", part, "'"]),
            _ => kind.push_str(part),
        }
    }
    if error.contains("int()") {
        return "ValueError: invalid literal for int()".to_owned();
    }
    let kind = kind.split(['"', '[', '{', '(', '\n']).next().unwrap_or_default();
    let is_number = |char: char| char.is_ascii_digit() && !kind.contains("minimum");
    let kind: String = kind.chars().map(|char| if is_number(char) { '#' } else { char }).collect();
    let kind = kind.replace("##", "#").replace("##", "#");
    kind.chars().take(90).collect()
}
