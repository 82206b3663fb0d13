//! The verdicts of both sides on one object, compared.

use rayguard_manifest::json::Json;
use rayguard_policy::kuberay::{KubeRay, Version};
use rayguard_policy::policy::Policy;
use rayguard_policy::ray::RayObject;
use rayguard_policy::rule::{Category, Finding, Level};
use rayguard_policy::schema::Violation;
use rayguard_policy::settings::Settings;
use rayguard_test_support::creation::{Answer, Refusal, Verdict};
use serde_json::Value;

use crate::location::Location;
use crate::table::check;

/// An error of one version of Kubernetes.
#[derive(Clone, Debug)]
pub(crate) struct Fault {
    pub(crate) check: String,
    pub(crate) location: Location,
    /// The created object and the error, for reports.
    pub(crate) text: String,
}

impl Fault {
    fn new(error: &Refusal, verdict: &Verdict, object: &Value) -> Self {
        Self {
            check: check(error, verdict),
            location: Location::of(error, verdict, object),
            text: format!(
                "{} of {}: {}: {}",
                verdict.kind,
                verdict.from,
                error.path,
                error.detail.chars().take(300).collect::<String>()
            ),
        }
    }
}

/// Returns all errors of one version of Kubernetes in what the operator creates for an object.
pub(crate) fn faults(answer: &Answer, object: &Value) -> Vec<Fault> {
    let of_one = |verdict: &Verdict| {
        assert_eq!(verdict.undecodable, None, "Kubernetes reads what the operator writes");
        verdict.errors.iter().map(|error| Fault::new(error, verdict, object)).collect::<Vec<_>>()
    };
    answer.created.iter().flat_map(of_one).collect()
}

/// Returns all findings of rayguard for an object, with KubeRay 1.6. Returns `None` if the API server refuses the object
/// by the schema of KubeRay's CRD, as a list in which a name occurs twice.
pub(crate) fn findings(text: &str) -> Option<Vec<Finding>> {
    let kuberay = KubeRay { version: Version::v1(6), ..KubeRay::default() };
    let policy = Policy { settings: Settings { kuberay, ..Settings::default() }, ..Policy::default() };
    let json: Json<'_> = serde_json::from_str(text).expect("JSON");
    let object = RayObject::read(&json).expect("it is of a KubeRay kind");
    let is_malformed = |violation: &Violation| matches!(violation, Violation::Malformed { .. });
    if object.schema_violations(Version::v1(6)).iter().any(is_malformed) {
        return None;
    }
    Some(policy.validate(&object, None))
}

/// Both verdicts on one object.
pub(crate) struct Comparison {
    /// The errors of each version of Kubernetes.
    pub(crate) faults: Vec<Vec<Fault>>,
    pub(crate) findings: Vec<Finding>,
}

impl Comparison {
    /// Returns whether every version of Kubernetes refuses something.
    pub(crate) fn is_refused(&self) -> bool {
        self.faults.iter().all(|faults| !faults.is_empty())
    }

    /// Returns whether every version of Kubernetes accepts everything.
    pub(crate) fn is_accepted(&self) -> bool {
        self.faults.iter().all(Vec::is_empty)
    }

    pub(crate) fn is_denied(&self) -> bool {
        self.denials().next().is_some()
    }

    fn denials(&self) -> impl Iterator<Item = &Finding> {
        self.findings.iter().filter(|finding| finding.level == Level::Deny)
    }

    /// Returns whether a rule about Kubernetes warns.
    pub(crate) fn is_warned(&self) -> bool {
        self.findings
            .iter()
            .any(|finding| finding.level == Level::Warn && finding.rule.category == Category::Kubernetes)
    }

    /// Returns the denials by rules about Kubernetes where one of its versions has no error.
    pub(crate) fn false_denials(&self) -> impl Iterator<Item = &Finding> {
        self.denials().filter(|finding| {
            let has_error = |faults: &Vec<Fault>| faults.iter().any(|fault| fault.location.is_at(&finding.path));
            finding.rule.category == Category::Kubernetes && !self.faults.iter().all(has_error)
        })
    }

    /// Returns the errors that every version has, and whether rayguard denies something there.
    pub(crate) fn common_faults(&self) -> impl Iterator<Item = (&Fault, bool)> {
        let (first, others) = self.faults.split_first().expect("at least one version is asked");
        let is_common = |fault: &&Fault| {
            let same = |other: &Fault| other.check == fault.check && other.location == fault.location;
            others.iter().all(|faults| faults.iter().any(same))
        };
        first
            .iter()
            .filter(is_common)
            .map(|fault| (fault, self.denials().any(|finding| fault.location.is_at(&finding.path))))
    }
}
