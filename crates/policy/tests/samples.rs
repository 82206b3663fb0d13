//! KubeRay's own samples: none is denied, and the samples of best practice have no warnings.

#![allow(clippy::disallowed_methods, reason = "unlike the core, tests may read files")]

use rayguard_manifest::json::Json;
use rayguard_manifest::yaml;
use rayguard_policy::policy::Policy;
use rayguard_policy::ray::RayObject;
use rayguard_policy::rule::{Finding, Level};
use rayguard_policy::schema::Schema;
use rayguard_test_support::kuberay::{self, samples};

const VERSIONS: [&str; 3] = ["1.3", "1.4", "1.6"];

/// Returns the findings of a level in each Ray object of a text, as the API server stores it, as `rule: path`.
fn findings(text: &str, level: Level) -> Vec<String> {
    let mut found = Vec::new();
    for document in yaml::documents(text) {
        let mut json = document.expect("KubeRay's samples are YAML").json;
        let policy = Policy::default();
        Schema::of(policy.settings.kuberay.version).conform(&mut json);
        let Some(object) = RayObject::read(&json) else { continue };
        let findings = policy.validate(&object, None);
        // A value such as $KSA_NAME is a placeholder, which a user of the sample replaces by envsubst.
        let is_placeholder = |finding: &&Finding| {
            finding.path.value(&json).and_then(Json::as_str).is_some_and(|text| text.starts_with('$'))
        };
        let findings = findings.iter().filter(|finding| finding.level == level && !is_placeholder(finding));
        found.extend(findings.map(|finding| format!("{}: {}", finding.rule.name, finding.path)));
    }
    found
}

#[test]
fn no_sample_is_denied() {
    for version in VERSIONS {
        let samples = samples(version);
        assert!(samples.len() > 50, "{version} has {} samples", samples.len());
        for (name, text) in samples {
            assert_eq!(findings(&text, Level::Deny), Vec::<String>::new(), "{version} {name}");
        }
    }
}

/// Returns the warnings about a sample of the newest version. Older samples have a head without a memory limit, which
/// causes a warning.
fn newest(sample: &str) -> Vec<String> {
    let (_, text) =
        samples(kuberay::newest()).into_iter().find(|(name, _)| name == sample).expect("the sample is there");
    findings(&text, Level::Warn)
}

#[test]
fn samples_of_good_fault_tolerant_clusters_have_no_warnings() {
    for sample in [
        "ray-cluster.external-redis.yaml",
        "ray-cluster.external-redis-uri.yaml",
        "ray-cluster.persistent-redis.yaml",
        "ray-service.high-availability.yaml",
    ] {
        assert_eq!(newest(sample), Vec::<String>::new(), "{sample}");
    }
}

#[test]
fn the_sample_with_legacy_fault_tolerance_has_one_warning() {
    let legacy = "legacy-fault-tolerance: metadata.annotations[ray.io/ft-enabled]";
    assert_eq!(newest("ray-cluster.deprecate-gcs-ft.yaml"), [legacy]);
}

/// Warnings about all samples. Review the snapshot when you change a rule: each warning criticises a published sample.
#[test]
fn warnings_about_samples_match_the_snapshot() {
    let mut lines = Vec::new();
    for version in VERSIONS {
        for (name, text) in samples(version) {
            lines.extend(findings(&text, Level::Warn).into_iter().map(|finding| format!("{version} {name} {finding}")));
        }
    }
    insta::assert_snapshot!(lines.join("\n"));
}
